"""The renderer's process: `python -m layouts.rendering.child`. It is given work on its input until that ends.

It knows no settings, no database and no keys, and is told nothing but layouts and the data of documents.
"""

import atexit
import gc
import os
import select
import shutil
import sys
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from weasyprint import Document

import layouts
from layouts.engine_trouble import Trouble
from layouts.rendering import fence
from layouts.rendering.documents import Layouts, Refused, TooManyPages, allow_pages, pdf_of, unprintable
from layouts.rendering.pages import Limits
from layouts.rendering.pictures import pictures_of
from layouts.rendering.wire import Ended, receive_work, send_event
from layouts.source import Source

# A renderer that nobody asked for this long ends; the next work starts another.
IDLE_SECONDS = 600
# Characters without a picture that are named; there may be a whole alphabet of them.
MOST_UNSEEN = 500
WARM_UP = "<p style='font-weight: bold'>Ä €</p>"


@dataclass
class Renderer:
    """Answers one piece of work after the other on `out`."""

    out: BinaryIO
    kept: Layouts = field(default_factory=Layouts)

    def answer(self, work: dict[str, Any]) -> None:
        if work["kind"] == "pictures":
            fence.allow_cpu(work["limits"].cpu_seconds)
            pictures, number = pictures_of(work["pdf"], width=work["width"], first=work["first"], most=work["most"])
            for picture in pictures:
                send_event(self.out, {"event": "picture"}, picture)
            send_event(self.out, {"event": "end", "pages": number})
        else:
            self._documents(work, work["limits"])
            send_event(self.out, {"event": "end"})

    def _documents(self, work: dict[str, Any], limits: Limits) -> None:
        """A part is a PDF of documents that follow each other; what is in it is told with it."""
        allow_pages(limits.pages)
        part: dict[int, Document] = {}
        alone: str | None = None  # the layout with fonts of its own that all of the part has
        for index, (key, data, language) in enumerate(work["documents"]):
            fence.allow_cpu(limits.cpu_seconds)
            send_event(self.out, {"event": "begin", "index": index})
            document = self._laid_out(index, key, work["sources"][key], data, language, limits)
            if document is None:
                continue
            own = key if self.kept.get(key, work["sources"][key]).has_own_fonts else None
            if part and own != alone:
                self._write(part, work)
                part = {}
            part[index], alone = document, own
            if sum(len(each.pages) for each in part.values()) >= work["pages_at_once"]:
                self._write(part, work)
                part = {}
        self._write(part, work)

    def _laid_out(
        self, index: int, key: str, source: Source, data: Any, language: str, limits: Limits
    ) -> Document | None:
        try:
            document, remarks = self.kept.get(key, source).lay_out(data, language)
        except Refused as refused:
            self._fail(index, refused.trouble)
        except TooManyPages:
            self._fail(index, Trouble("too-many-pages", values={"limit": limits.pages}))
        except MemoryError:
            self._fail(index, Trouble("too-much-memory", values={"limit": limits.memory_mib}))
        except Exception:  # noqa: BLE001  (a layout can make WeasyPrint stumble over anything)
            self._fail(index, Trouble("not-laid-out"))
        else:
            event = {"event": "laid-out", "index": index, "pages": len(document.pages)}
            send_event(self.out, event | {"remarks": [asdict(each) for each in remarks]})
            return document
        return None

    def _fail(self, index: int, trouble: Trouble) -> None:
        send_event(self.out, {"event": "failed", "index": index, "trouble": asdict(trouble)})

    def _write(self, documents: dict[int, Document], work: dict[str, Any]) -> None:
        """One PDF of them; when that cannot be, one of each, to know which it was."""
        if not documents:
            return
        fence.allow_cpu(work["limits"].cpu_seconds)
        send_event(self.out, {"event": "writing"})
        try:
            with unprintable() as characters:
                pdf = pdf_of(
                    list(documents.values()),
                    attachments=work["attachments"],
                    pdf_variant=work["pdf_variant"],
                    metadata=work["metadata"],
                )
        except Exception:  # noqa: BLE001  (as above)
            if len(documents) == 1:
                self._fail(next(iter(documents)), Trouble("not-laid-out"))
                return
            for index, document in documents.items():
                self._write({index: document}, work)
        else:
            unseen = "".join(sorted(characters))[:MOST_UNSEEN]
            send_event(self.out, {"event": "part", "indexes": list(documents), "unprintable": unseen}, pdf)
            self.kept.forget_pictures()


def warm_up(renderer: Renderer) -> None:
    """Everything is imported and every cache begun while files can still be read."""
    document, _remarks = renderer.kept.get("", Source(html=WARM_UP, css="")).lay_out({}, "en")
    pdf = pdf_of([document], pdf_variant="pdf/a-3b")
    pictures_of(pdf, width=50, first=0, most=1)


def main() -> None:
    work_in, out = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    # What a library prints must not stand between the frames.
    os.dup2(2, 1)
    folder = tempfile.mkdtemp(prefix="renderer-")
    tempfile.tempdir = folder
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    fence.die_with(os.getppid())
    fence.limit_process(memory_mib=int(sys.argv[1]))
    renderer = Renderer(out)
    warm_up(renderer)
    # What is there now stays: the garbage collector need not go through it with every document.
    gc.freeze()
    fence.close(readable=[*fence.python_folders(), str(Path(layouts.__file__).parent)], writable=folder)
    send_event(out, {"event": "ready", "folder": folder})
    while select.select([work_in], [], [], IDLE_SECONDS)[0]:
        try:
            renderer.answer(receive_work(work_in))
        except (Ended, BrokenPipeError):
            return


if __name__ == "__main__":
    main()
