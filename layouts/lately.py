"""PDFs that were rendered for somebody a moment ago: turning a page need not lay the whole document out again.

They stay in the memory of this process, a few of them and for some minutes. Each is found by a digest of everything
it was made of, layout, data and language, so whoever is given one could have had the same bytes made: no shop is ever
shown another's paper.
"""

import hashlib
import threading
import time
from collections import OrderedDict

from django.utils.translation import get_language

from layouts.rendering import Page, Rendered

MOST_BYTES = 24_000_000
MOST_SECONDS = 600


class Lately:
    """The PDFs used last."""

    def __init__(self, *, most_bytes: int = MOST_BYTES, most_seconds: int = MOST_SECONDS):
        self.most_bytes = most_bytes
        self.most_seconds = most_seconds
        self._kept: OrderedDict[str, tuple[float, Rendered]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str) -> Rendered | None:
        with self._lock:
            until, rendered = self._kept.get(key, (0.0, None))
            if rendered is None or until < time.time():
                return None
            self._kept.move_to_end(key)
            return rendered

    def put(self, key: str, rendered: Rendered) -> None:
        with self._lock:
            self._kept[key] = (time.time() + self.most_seconds, rendered)
            self._kept.move_to_end(key)
            while self.number_of_bytes > self.most_bytes:
                self._kept.popitem(last=False)

    @property
    def number_of_bytes(self) -> int:
        return sum(len(rendered.pdf) for _until, rendered in self._kept.values())


def key_of(page: Page) -> str:
    """A digest of all that `page` is made of; remarks are in the language of whoever looks, so that belongs to it."""
    digest = hashlib.sha256()
    parts = [page.source.html, page.source.css, repr(page.data), page.language, get_language() or ""]
    for part in [*parts, *page.source.files]:
        digest.update(f"{len(part)}:{part}".encode())
    for content in page.source.files.values():
        digest.update(b"%d:" % len(content) + content)
    return digest.hexdigest()


LATELY = Lately()
