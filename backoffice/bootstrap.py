"""From a fresh clone to a virtualenv with everything in it, with nothing but Python's standard library.

    python3 -I backoffice/bootstrap.py run             install what is missing, then start backoffice/runner.py
    python3 -I backoffice/bootstrap.py install-tests   install what the tests need as well
    python3 -I backoffice/bootstrap.py lock            write the *.txt locks anew from the *.in files

Every step looks first whether it is needed, so that a second start takes no time. Debian packages are installed when
we are root or sudo asks no password; otherwise the command to type is printed.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
OLDEST_PYTHON = (3, 11)

# What WeasyPrint loads at run time, and the Debian package it is in.
PDF_LIBRARIES = {
    "libpango-1.0.so.0": "libpango-1.0-0",
    "libpangoft2-1.0.so.0": "libpangoft2-1.0-0",
    "libharfbuzz-subset.so.0": "libharfbuzz-subset0",
}
# Debian packages of the programs that tests run, and how to see whether they are there.
TEST_COMMANDS = {
    "curl": ["curl", "--version"],
    "php-cli": ["php", "--version"],
    "php-xml": ["php", "-r", "exit(extension_loaded('dom') ? 0 : 1);"],
}
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts")


class InstallFailed(Exception):
    """Something that must be there is not; the text says what to do."""


def main(command: str) -> None:
    """Do one of the three commands; `run` does not return, it becomes the runner."""
    use_a_recent_python()
    end_when_told()
    os.chdir(ROOT)
    make_virtualenv()
    if command == "lock":
        write_locks()
    elif command == "install-tests":
        install_packages("requirements.txt", "requirements-test.txt")
        install_debian_packages(missing_pdf_packages() + missing_test_packages(), purpose="Some tests")
    else:
        install_packages("requirements.txt")
        install_debian_packages(missing_pdf_packages(), purpose="PDF documents")
        os.execv(VENV_PYTHON, [str(VENV_PYTHON), "-m", "backoffice.runner"])  # noqa: S606  (no shell is wanted)


def use_a_recent_python() -> None:
    """Go on with the newest Python there is when the one that runs us is too old."""
    if sys.version_info >= OLDEST_PYTHON:
        return
    for minor in range(19, OLDEST_PYTHON[1] - 1, -1):
        newer = shutil.which(f"python3.{minor}")
        if newer:
            os.execv(newer, [newer, "-I", *sys.argv])  # noqa: S606
    raise InstallFailed(
        f"Python 3.11 or newer is needed, {sys.executable} is {sys.version.split()[0]}. "
        "Install it, then type: make PYTHON=python3.11 run"
    )


def end_when_told() -> None:
    """Turn SIGTERM into an ordinary exit, so that a running pip or apt is ended with us."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def make_virtualenv() -> None:
    """Create `.venv`, or create it anew when its Python is gone or the clone was moved."""
    if VENV_PYTHON.exists() and stamp("place") == str(VENV):
        return
    if not has_ensurepip():
        package = f"python3.{sys.version_info.minor}-venv"
        if not install_debian_packages([package], purpose="Python's virtualenv"):
            raise InstallFailed(f"Without {package} there is no virtualenv. Install it, then try again.")
    say("Creating the virtualenv .venv …")
    shutil.rmtree(VENV, ignore_errors=True)
    call([sys.executable, "-I", "-m", "venv", str(VENV)], "The virtualenv could not be created.")
    write_stamp("place", str(VENV))


def has_ensurepip() -> bool:
    """Say whether this Python can put pip into a virtualenv: Debian keeps that in a package of its own."""
    return getattr(importlib.util.find_spec("ensurepip"), "origin", None) is not None


def install_packages(*locks: str) -> None:
    """Install the locks together, unless exactly these were installed before."""
    if stamp(locks[-1]) == fingerprint(locks):
        return
    say(f"Installing the packages of {' and '.join(locks)} …")
    arguments = [argument for lock in locks for argument in ("--requirement", lock)]
    pip("install", "--quiet", *arguments)
    pip("check")
    for number_of_locks in range(1, len(locks) + 1):
        write_stamp(locks[number_of_locks - 1], fingerprint(locks[:number_of_locks]))


def fingerprint(locks: Sequence[str]) -> str:
    """Return one hash of the content of these locks."""
    return hashlib.sha256(b"".join((ROOT / lock).read_bytes() for lock in locks)).hexdigest()


def write_locks() -> None:
    """Resolve the *.in files to exact versions; the output names no index and no folder of this machine."""
    pip("install", "--quiet", "pip-tools==7.6.2")
    silent = ["--quiet", "--no-header", "--no-config", "--strip-extras", "--allow-unsafe"]
    no_places = ["--no-emit-index-url", "--no-emit-find-links", "--no-emit-trusted-host", "--no-emit-options"]
    for lock in ("requirements", "requirements-test"):
        files = ["--output-file", f"{lock}.txt", f"{lock}.in"]
        compile_lock = [str(VENV_PYTHON), "-m", "piptools", "compile", *silent, *no_places, *files]
        call(compile_lock, f"{lock}.in could not be resolved.")


def missing_pdf_packages() -> list[str]:
    """Name the Debian packages without which WeasyPrint cannot write a PDF."""
    missing = [package for library, package in PDF_LIBRARIES.items() if not can_load(library)]
    folders = (Path(folder).expanduser() for folder in FONT_FOLDERS)
    if not any(font for folder in folders for font in folder.rglob("*.[to]t[fc]")):
        missing.append("fonts-dejavu-core")
    return missing


def can_load(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def missing_test_packages() -> list[str]:
    """Name the Debian packages of the browser, the database and the clients of order pull that the tests use."""
    missing = [package for package, check in TEST_COMMANDS.items() if not succeeds(check)]
    if not (os.environ.get("CHROMIUM") or shutil.which("chromium")):
        missing.append("chromium")
    if not (os.environ.get("TEST_DATABASE_URL") or any(Path("/usr/lib/postgresql").glob("*/bin/initdb"))):
        missing.append("postgresql")
    return missing


def succeeds(command: list[str]) -> bool:
    """Whether there is such a command and it ends well."""
    if shutil.which(command[0]) is None:
        return False
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def install_debian_packages(packages: list[str], *, purpose: str) -> bool:
    """Install by apt where we may; otherwise, or when apt fails, print the command. True when all are there.

    What apt could not install is not tried at every start again.
    """
    if not packages:
        return True
    names = " ".join(packages)
    rights = rights_to_install() if shutil.which("apt-get") else None
    if rights is not None and stamp("debian-failed") != names:
        say(f"Installing {names} …")
        if apt_get(rights, packages):
            return True
        if VENV.exists():
            write_stamp("debian-failed", names)
    say(
        f"{purpose} will not work until these packages of the system are installed. Type:\n"
        f"    sudo apt-get update && sudo apt-get install --yes {names}"
    )
    return False


def rights_to_install() -> list[str] | None:
    """Return what to put before apt-get: nothing as root, sudo when it asks no password, None when we may not."""
    if os.geteuid() == 0:
        return []
    if (
        shutil.which("sudo")
        and subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0
    ):
        return ["sudo", "-n"]
    return None


def apt_get(rights: list[str], packages: list[str]) -> bool:
    """Install packages without questions; a machine that never asked for the package lists is asked to."""
    install = [*rights, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet", "--yes"]
    for steps in (["install"], ["update", "install"]):
        for step in steps:
            names = ["--no-install-recommends", *packages] if step == "install" else []
            done = subprocess.run([*install, step, *names], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return True
    say(f"apt-get could not install them:\n{done.stderr.strip()}")
    return False


def pip(*arguments: str) -> None:
    quiet = ["--disable-pip-version-check", "--no-input"]
    call([str(VENV_PYTHON), "-m", "pip", *quiet, *arguments], "The packages could not be installed, see above.")


def call(command: list[str], complaint: str) -> None:
    """Run a command to its end, its output on the terminal only when it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        say(f"$ {shlex.join(command)}\n{done.stdout}")
        raise InstallFailed(complaint)


def stamp(name: str) -> str | None:
    """Read what an earlier start noted in the virtualenv: it goes when the virtualenv goes."""
    path = VENV / f"installed-{name}"
    return path.read_text() if path.exists() else None


def write_stamp(name: str, text: str) -> None:
    (VENV / f"installed-{name}").write_text(text)


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    if sys.argv[1:] not in (["run"], ["install-tests"], ["lock"]):
        sys.exit(__doc__)
    try:
        main(sys.argv[1])
    except InstallFailed as failed:
        sys.exit(str(failed))
    except KeyboardInterrupt:
        sys.exit(130)
