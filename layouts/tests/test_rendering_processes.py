"""The renderer in the processes that use it: threads, forked workers, and such as are killed."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from layouts.fields import SAMPLE
from layouts.rendering import DOCUMENT, Page, Source, render_pdf
from layouts.rendering.pool import MOST_RENDERERS, POOL, Died, Pool
from layouts.tests.test_rendering import is_running, wait_until

BASE_DIR = Path(__file__).resolve().parents[2]
PAPER = Page(Source(html="<p>{{ order.number }}", css=""), SAMPLE, "en")
# A web or worker process that says who its renderer is, and is then killed: idle, or in the middle of a document.
USES_A_RENDERER = """
import sys, time
from layouts.rendering.pages import Limits
from layouts.rendering.pool import POOL
from layouts.source import Source
with POOL.renderer() as renderer:
    print(renderer.process.pid, flush=True)
    if sys.argv[1] == "busy":
        source = Source("<div class=f>x</div>" * 9_000, ".f { float: left; width: 1% }")
        work = {"kind": "documents", "sources": {"a": source}, "documents": [("a", {}, "en")], "attachments": [],
                "pdf_variant": None, "metadata": [], "pages_at_once": 9}
        for _event in renderer.events(work, Limits(cpu_seconds=60)):
            pass
time.sleep(60)
"""


def rendered_in_a_fork(answers):
    answers.put((render_pdf([PAPER]).number_of_pages, POOL.process_ids))


@pytest.mark.faults
@pytest.mark.parametrize("state", ["idle", "busy"])
def test_a_renderer_ends_soon_after_its_process_was_killed(state):
    user = subprocess.Popen([sys.executable, "-c", USES_A_RENDERER, state], cwd=BASE_DIR, stdout=subprocess.PIPE)
    renderer = int(user.stdout.readline())
    time.sleep(0.5)
    assert is_running(renderer)

    user.kill()
    user.communicate()

    assert wait_until(lambda: not is_running(renderer))


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_worker_has_renderers_of_its_own():
    render_pdf([PAPER])
    own = POOL.process_ids
    fork = multiprocessing.get_context("fork")
    answers = fork.SimpleQueue()
    # Celery's workers are daemons too, which may have no children of multiprocessing.
    worker = fork.Process(target=rendered_in_a_fork, args=(answers,), daemon=True)

    worker.start()
    number_of_pages, theirs = answers.get()
    worker.join()

    assert number_of_pages == 1
    assert not set(own) & set(theirs)
    assert render_pdf([PAPER]).number_of_pages == 1
    assert POOL.process_ids == own


def test_threads_share_the_renderers_and_never_one_at_a_time():
    with ThreadPoolExecutor(6) as threads:
        made = list(threads.map(lambda _number: render_pdf([PAPER]).number_of_pages, range(12)))

    assert made == [1] * 12
    assert len(POOL.process_ids) <= MOST_RENDERERS


def break_down(pool):
    with pool.renderer() as renderer:
        os.kill(renderer.process.pid, signal.SIGSEGV)
        list(renderer.events({"kind": "pictures", "pdf": b"", "width": 1, "first": 0, "most": 1}, DOCUMENT))


def leave_in_the_middle(pool, seen):
    with pool.renderer() as renderer:
        seen.append(renderer.process.pid)
        raise KeyError


def test_a_renderer_left_in_the_middle_of_its_work_is_not_used_again():
    pool, seen = Pool(most=1), []

    with pytest.raises(KeyError):
        leave_in_the_middle(pool, seen)
    with pytest.raises(KeyError):
        leave_in_the_middle(pool, seen)

    assert seen[0] != seen[1]
    assert not any(is_running(process_id) for process_id in seen)


def test_a_renderer_that_breaks_down_says_so():
    pool = Pool(most=1)

    with pytest.raises(Died) as died:
        break_down(pool)

    assert died.value.code == "crashed"
    assert pool.process_ids == []
