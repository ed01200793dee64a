"""What the renderer's process may not do, whatever is found in a template, an image or a font.

The fetcher alone decides what a document may load. This is the second fence behind it: limits that the kernel keeps,
and a hook that Python calls before it opens, connects or starts anything. It cannot be taken off again.
"""

import ctypes
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_MIB = 1024 * 1024
_PR_SET_NO_NEW_PRIVS = 38
# Address space beyond what a document may use: shared libraries, fonts and caches that are only mapped.
SPARE_MIB = 1_024
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
STARTS = ("subprocess.", "os.exec", "os.system", "os.fork", "os.posix_spawn", "os.spawn", "pty.")
REFUSED = ("socket.", "ctypes.dlopen", *STARTS)
CHANGES = frozenset({"os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.chmod", "os.chown"})


def limit_process(*, memory_mib: int) -> None:
    """No core files, no new rights, no large files, no more memory than is good."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, ((memory_mib + SPARE_MIB) * _MIB,) * 2)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * _MIB,) * 2)
    ctypes.CDLL(None).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def allow_cpu(seconds: int) -> None:
    """`seconds` more from now on; the kernel ends the process after that."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + seconds + 1
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


def die_with(parent: int) -> None:
    """End this process soon after `parent` has ended, even in the middle of a document."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def close(*, readable: Sequence[str], writable: str) -> None:
    """From now on: no sockets, no processes, files only below `readable`, changes only below `writable`."""
    inside = tuple(f"{os.path.realpath(path)}/" for path in readable)
    own = f"{os.path.realpath(writable)}/"

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            _check_open(arguments, inside, own)
        elif event.startswith(REFUSED) or (event in CHANGES and not _are_below(arguments, own)):
            raise PermissionError(event)

    sys.addaudithook(watch)


def _check_open(arguments: tuple[Any, ...], inside: tuple[str, ...], own: str) -> None:
    path, _mode, flags = arguments
    if not _is_path(path) or path in ("/dev/null", "/dev/urandom"):
        return
    if flags & WRITES and not _is_below(path, (own,)):
        raise PermissionError("writing")
    if not _is_below(path, (*inside, own)):
        raise PermissionError("reading")


def _is_path(argument: object) -> bool:
    return isinstance(argument, str | bytes | os.PathLike)


def _are_below(arguments: tuple[Any, ...], own: str) -> bool:
    return all(_is_below(path, (own,)) for path in arguments if _is_path(path))


def _is_below(path: Any, folders: tuple[str, ...]) -> bool:
    return os.path.realpath(os.fsdecode(path)).startswith(folders)


def python_folders() -> list[str]:
    """Where Python's own modules, the fonts and the time zones lie; nothing of a shop's is there."""
    packages = {str(Path(module).parent) for module in sys.path if "site-packages" in module}
    prefixes = {str(Path(prefix) / "lib") for prefix in (sys.prefix, sys.base_prefix)}
    return [*packages, *prefixes, "/usr/share", "/usr/lib", "/usr/local/share", "/etc/fonts"]
