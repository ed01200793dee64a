"""The second fence: should a document ever get around the fetcher, Python itself refuses."""

import subprocess
import sys
from pathlib import Path

import pytest

BASE_DIR = Path(__file__).resolve().parents[2]
# Runs behind the fence and says whether the attempt was refused.
BEHIND = """
import os, socket, subprocess, sys, tempfile, urllib.request
from layouts.rendering import fence
folder = tempfile.mkdtemp()
open(os.path.join(folder, "before"), "w").close()
fence.close(readable=fence.python_folders(), writable=folder)
try:
    {attempt}
except (PermissionError, urllib.error.URLError) as refused:
    print("refused")
else:
    print("done")
"""


def behind_the_fence(attempt):
    command = [sys.executable, "-c", BEHIND.format(attempt=attempt)]
    done = subprocess.run(command, cwd=BASE_DIR, capture_output=True, text=True, check=False, timeout=60)
    return done.stdout.strip() or done.stderr


@pytest.mark.parametrize(
    "attempt",
    [
        "open('/etc/passwd')",
        "open('/proc/self/environ')",
        "open('var/secrets.env')",
        "open('manage.py')",
        "open(os.path.join(folder, '..', 'x'), 'w')",
        "open(os.__file__, 'a')",
        "os.open('/etc/passwd', os.O_RDONLY)",
        "socket.socket()",
        "socket.create_connection(('127.0.0.1', 9))",
        "urllib.request.urlopen('http://127.0.0.1:9/')",
        "urllib.request.urlopen('file:///etc/passwd')",
        "subprocess.run(['true'])",
        "os.system('true')",
        "os.fork()",
        "os.remove('/etc/hostname')",
        "os.rename(os.path.join(folder, 'before'), '/tmp/behind-the-fence')",
        "os.symlink('/etc/passwd', os.path.join(folder, 'link'))",
    ],
)
def test_the_renderer_may_not(attempt):
    assert behind_the_fence(attempt) == "refused"


@pytest.mark.parametrize(
    "attempt",
    [
        "open(os.path.join(folder, 'font'), 'w').close()",
        "open(os.path.join(folder, 'before')).close()",
        "os.remove(os.path.join(folder, 'before'))",
        "open(os.__file__).close()",
    ],
)
def test_the_renderer_may(attempt):
    assert behind_the_fence(attempt) == "done"
