"""The renderers of this process: started when there is work, kept warm, killed at their limits, replaced when dead.

They are ordinary processes, not forks: they share no memory, no connection and no lock with the web or worker process,
and those may have threads or be Celery's, which may have no children of `multiprocessing`.
"""

import atexit
import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from layouts.rendering import wire
from layouts.rendering.pages import Limits

BASE_DIR = Path(__file__).resolve().parents[2]
MOST_MIB = Limits().memory_mib
MOST_RENDERERS = 2
# A renderer is replaced after so much work, should a library leak.
MOST_WORKS = 400
START_SECONDS = 60.0
TICK = 0.2
# What the renderer needs of the environment; keys and addresses of databases stay here.
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "FONTCONFIG_PATH", "FONTCONFIG_FILE", "TMPDIR")


class Died(Exception):
    """The renderer is gone; `code` says why, as a word of `troubles`."""

    def __init__(self, code: str, limit: object):
        super().__init__(code)
        self.code = code
        self.limit = limit


class Renderer:
    """One process and what is known of it."""

    def __init__(self) -> None:
        self.folder = ""
        self.works = 0
        self.process = subprocess.Popen(  # noqa: S603  (this Python and a module of ours)
            [sys.executable, "-m", "layouts.rendering.child", str(MOST_MIB)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=BASE_DIR,
            env={name: os.environ[name] for name in PASSED_ON if name in os.environ}
            | {"PYTHONPATH": str(BASE_DIR), "PYTHONDONTWRITEBYTECODE": "1"},
        )
        ready, _body = self._receive(Limits(wall_seconds=START_SECONDS))
        self.folder = ready["folder"]

    def events(self, work: dict[str, Any], limits: Limits) -> Iterator[tuple[dict[str, Any], bytes]]:
        """What the renderer tells of `work` until its end. Raises Died."""
        self.works += 1
        try:
            wire.send_work(self.process.stdin, work | {"limits": limits})  # type: ignore[arg-type]
        except OSError as error:
            raise self._died(limits) from error
        while True:
            event, body = self._receive(limits)
            yield event, body
            if event["event"] == "end":
                return

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):
                stream.close()  # type: ignore[union-attr]
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def forget(self) -> None:
        """In a process that was forked: leave the renderer to whoever started it."""
        for stream in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):
                os.close(stream.fileno())  # type: ignore[union-attr]
        self.process.returncode = 0

    def _receive(self, limits: Limits) -> tuple[dict[str, Any], bytes]:
        until = time.monotonic() + limits.wall_seconds
        header, body = wire.sizes(self._read(wire.head_size(), until, limits))
        return wire.event_of(self._read(header, until, limits)), self._read(body, until, limits)

    def _read(self, length: int, until: float, limits: Limits) -> bytes:
        stream = self.process.stdout.fileno()  # type: ignore[union-attr]
        found = bytearray()
        while len(found) < length:
            readable, _w, _x = select.select([stream], [], [], TICK)
            if readable:
                piece = os.read(stream, min(length - len(found), 1 << 20))
                if not piece:
                    raise self._died(limits)
                found += piece
            elif time.monotonic() > until:
                raise self._stopped("too-much-time", int(limits.wall_seconds))
            elif self._memory_mib() > limits.memory_mib:
                raise self._stopped("too-much-memory", limits.memory_mib)
        return bytes(found)

    def _stopped(self, code: str, limit: object) -> Died:
        self.kill()
        return Died(code, limit)

    def _died(self, limits: Limits) -> Died:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(5)
        if self.process.returncode == -signal.SIGXCPU:
            return self._stopped("too-much-time", limits.cpu_seconds)
        if self.process.returncode == -signal.SIGKILL:  # by the kernel, which had no memory left
            return self._stopped("too-much-memory", limits.memory_mib)
        return self._stopped("crashed", 0)

    def _memory_mib(self) -> int:
        """Resident memory; 0 when the process is just ending."""
        try:
            pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        except (OSError, IndexError):
            return 0
        return pages * os.sysconf("SC_PAGE_SIZE") >> 20


class Pool:
    """Hands out renderers, each to one thread at a time."""

    def __init__(self, most: int = MOST_RENDERERS):
        self.most = most
        self._begin()

    def _begin(self) -> None:
        self._idle: list[Renderer] = []
        self._all: set[Renderer] = set()
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(self.most)

    @contextlib.contextmanager
    def renderer(self) -> Iterator[Renderer]:
        """A living renderer; one that does not come back to its place after the work is replaced."""
        with self._places:
            renderer = self._take()
            try:
                yield renderer
            except BaseException:
                # Perhaps in the middle of its frames: nobody could go on with it.
                self._drop(renderer)
                raise
            if not renderer.is_alive or renderer.works >= MOST_WORKS:
                self._drop(renderer)
            else:
                with self._lock:
                    self._idle.append(renderer)

    def _take(self) -> Renderer:
        with self._lock:
            while self._idle:
                renderer = self._idle.pop()
                if renderer.is_alive:
                    return renderer
                self._all.discard(renderer)
                renderer.kill()
        renderer = Renderer()
        with self._lock:
            self._all.add(renderer)
        return renderer

    def _drop(self, renderer: Renderer) -> None:
        with self._lock:
            self._all.discard(renderer)
        renderer.kill()

    @property
    def process_ids(self) -> list[int]:
        with self._lock:
            return [renderer.process.pid for renderer in self._all]

    def close(self) -> None:
        """End all renderers; new work starts new ones."""
        with self._lock:
            renderers, self._idle, self._all = list(self._all), [], set()
        for renderer in renderers:
            renderer.kill()

    def forget(self) -> None:
        for renderer in self._all:
            renderer.forget()
        self._begin()


POOL = Pool()
atexit.register(POOL.close)
os.register_at_fork(after_in_child=POOL.forget)
