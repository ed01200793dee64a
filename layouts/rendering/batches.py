"""Many documents to one PDF, over the renderers of the pool.

Documents go to a renderer in chunks. What it has written is safe; when it dies over a document, that one has failed and
the others that were waiting with it are made again by the next renderer.
"""

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from io import BytesIO
from itertools import islice
from math import ceil
from typing import Any

import structlog
from pypdf import PdfWriter

from layouts.engine_trouble import Trouble
from layouts.rendering.pages import Attachment, Limits, Page
from layouts.rendering.pool import MOST_RENDERERS, POOL, Died
from layouts.rendering.troubles import DAMAGED, from_plain
from layouts.source import Source

log = structlog.get_logger("layouts")

# Documents in one piece of work. More would make the PDF hardly smaller and lose more when a renderer dies.
CHUNK = 50
# Below this a second renderer is not worth its start.
FEW = 8
# Pages kept before they are written: laid out pages are large, written ones are small.
PAGES_AT_ONCE = 120
ALL_PAGES = 1_000_000
MOST_DEATHS_OF_NOTHING = 3


@dataclass(frozen=True)
class Manner:
    """How a PDF is to be written."""

    limits: Limits
    attachments: Sequence[Attachment] = ()
    pdf_variant: str | None = None
    metadata: Sequence[bytes] = ()
    pages_at_once: int = PAGES_AT_ONCE


@dataclass
class Outcome:
    """What became of documents, by their place among those asked for."""

    parts: list[tuple[list[int], bytes]] = field(default_factory=list)
    number_of_pages: dict[int, int] = field(default_factory=dict)
    troubles: dict[int, Trouble] = field(default_factory=dict)
    remarks: list[Mapping[str, Any]] = field(default_factory=list)
    unprintable: set[str] = field(default_factory=set)
    deaths_of_nothing: int = 0

    def add(self, other: "Outcome") -> None:
        self.parts += other.parts
        self.number_of_pages |= other.number_of_pages
        self.troubles |= other.troubles
        self.remarks += other.remarks
        self.unprintable |= other.unprintable

    def pdf(self) -> bytes:
        """All parts in the order of their documents; empty when there is none."""
        parts = [pdf for _indexes, pdf in sorted(self.parts, key=lambda part: part[0][0])]
        return parts[0] if len(parts) == 1 else _joined(parts)


def _joined(parts: Sequence[bytes]) -> bytes:
    if not parts:
        return b""
    writer = PdfWriter()
    for part in parts:
        writer.append(BytesIO(part))
    # The logo stands in each part.
    writer.compress_identical_objects()
    written = BytesIO()
    writer.write(written)
    return written.getvalue()


Numbered = tuple[int, Page]


def make(pages: Iterable[Page], manner: Manner, *, processes: int = MOST_RENDERERS) -> Outcome:
    """All documents, in `processes` renderers. `pages` is read as it is needed, so memory does not grow with it."""
    outcome = Outcome()
    length = len(pages) if isinstance(pages, Sequence) else CHUNK * processes
    size = min(CHUNK, ceil(length / processes)) if length > FEW else max(length, 1)
    if length <= FEW or processes == 1:
        for chunk in _chunks(pages, size if processes > 1 else CHUNK):
            outcome.add(_made(chunk, manner))
        return outcome
    with ThreadPoolExecutor(processes) as threads:
        for future in _ahead(threads, _chunks(pages, size), manner, processes + 1):
            outcome.add(future.result())
    return outcome


def _ahead(
    threads: ThreadPoolExecutor, chunks: Iterator[list[Numbered]], manner: Manner, most: int
) -> Iterator[Future[Outcome]]:
    """Results in order, with at most `most` chunks under way."""
    waiting: deque[Future[Outcome]] = deque()
    for chunk in chunks:
        waiting.append(threads.submit(_made, chunk, manner))
        if len(waiting) >= most:
            yield waiting.popleft()
    yield from waiting


def _chunks(pages: Iterable[Page], size: int) -> Iterator[list[Numbered]]:
    numbered = enumerate(pages)
    return iter(lambda: list(islice(numbered, size)), [])


def _made(chunk: list[Numbered], manner: Manner) -> Outcome:
    """Works on lists of documents that follow each other until none is left."""
    outcome = Outcome()
    left = [chunk]
    while left:
        documents = left.pop()
        if documents:
            left += reversed(_Work(documents, manner, outcome).do())
    return outcome


class _Work:
    """One piece of work for one renderer."""

    def __init__(self, documents: list[Numbered], manner: Manner, outcome: Outcome):
        self.documents = documents
        self.manner = manner
        self.outcome = outcome
        self.finished: set[int] = set()  # places in `documents`
        self.begun: int | None = None
        self.is_writing = False

    def do(self) -> list[list[Numbered]]:
        """What is to be done again, after the renderer has died."""
        try:
            with POOL.renderer() as renderer:
                for event, body in renderer.events(self._as_told(), self.manner.limits):
                    self._note(event, body)
        except Died as died:
            return self._left_by(died)
        return []

    def _as_told(self) -> dict[str, Any]:
        keys: dict[int, str] = {}
        sources: dict[str, Source] = {}
        told = []
        for _index, page in self.documents:
            key = keys.setdefault(id(page.source), "") or _key_of(page.source)
            keys[id(page.source)] = key
            sources[key] = page.source
            told.append((key, page.data, page.language))
        return {
            "kind": "documents",
            "sources": sources,
            "documents": told,
            "attachments": list(self.manner.attachments),
            "pdf_variant": self.manner.pdf_variant,
            "metadata": list(self.manner.metadata),
            "pages_at_once": self.manner.pages_at_once,
        }

    def _note(self, event: dict[str, Any], body: bytes) -> None:
        match event["event"]:
            case "begin":
                self.begun, self.is_writing = event["index"], False
            case "writing":
                self.is_writing = True
            case "laid-out":
                self.outcome.number_of_pages[self._number(event["index"])] = event["pages"]
                self.outcome.remarks += event["remarks"]
            case "failed":
                self._fail(event["index"], from_plain(event["trouble"]))
            case "part":
                self.finished |= set(event["indexes"])
                self.outcome.unprintable |= set(event["unprintable"])
                self.outcome.parts.append(([self._number(index) for index in event["indexes"]], body))

    def _number(self, index: int) -> int:
        return self.documents[index][0]

    def _fail(self, index: int, trouble: Trouble) -> None:
        self.finished.add(index)
        self.outcome.troubles[self._number(index)] = trouble
        self.outcome.number_of_pages.pop(self._number(index), None)
        if trouble.code in DAMAGED:
            log.error("picture damaged", layout=self.documents[index][1].source.label, **trouble.values)

    def _left_by(self, died: Died) -> list[list[Numbered]]:
        if self.begun is None and self.outcome.deaths_of_nothing < MOST_DEATHS_OF_NOTHING:
            # It was dead before it began: no document is to blame.
            self.outcome.deaths_of_nothing += 1
            return [self.documents]
        blamed = self.begun or 0
        waiting = [place for place in range(len(self.documents)) if place not in self.finished]
        before = [self.documents[place] for place in waiting if place < blamed]
        after = [self.documents[place] for place in waiting if place > blamed]
        # Memory and writing may have been too much for all of them together: then it has a second try alone.
        shared = bool(before) and (self.is_writing or died.code == "too-much-memory")
        if shared and blamed not in self.finished:
            return [before, [self.documents[blamed]], after]
        if blamed not in self.finished:
            self._fail(blamed, Trouble(died.code, values={"limit": died.limit}))
        return [before, after]


def _key_of(source: Source) -> str:
    digest = hashlib.sha256()
    for text in (source.html, source.css):
        digest.update(f"{len(text)}:{text}".encode())
    for name in sorted(source.files):
        digest.update(f"{name}:{len(source.files[name])}:".encode() + source.files[name])
    return digest.hexdigest()
