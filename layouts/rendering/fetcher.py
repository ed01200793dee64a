"""The only way by which a document gets anything: its layout's own files and `data:` addresses."""

import base64
import binascii
import struct
import zlib
from collections.abc import Mapping
from io import BytesIO
from urllib.parse import unquote, unquote_to_bytes, urlsplit

import PIL.Image
from PIL import ImageFile
from weasyprint.urls import URLFetcher, URLFetcherResponse

from layouts.engine_trouble import Trouble

LARGEST_DATA = 8_000_000
SHOWN = 100
TYPES = {
    "css": "text/css",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "svg": "image/svg+xml",
    "ttf": "font/ttf",
    "otf": "font/otf",
    "woff": "font/woff",
    "woff2": "font/woff2",
}


# WeasyPrint lets pictures be cut off: half a logo would stand on paper, and on invoices for ever.
ImageFile.LOAD_TRUNCATED_IMAGES = False


class LayoutFetcher(URLFetcher):
    """Gives out the files of one layout and notes what it refused, for the author; `damaged` are pictures that were
    whole once, by their addresses."""

    def __init__(self, key: str, files: Mapping[str, bytes]):
        # Without super().__init__: its handlers for http, ftp and file are not even made.
        self._fail_on_errors = False
        # Relative addresses are resolved against this; no machine has such a name. Each layout has a base of its own,
        # because WeasyPrint takes pictures with one address for one picture, also in a PDF of several layouts.
        self.base = f"https://{key[:32] or 'x'}.layout.invalid/"
        self.files = files
        self.refused: list[Trouble] = []
        self.damaged: dict[str, Trouble] = {}

    def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:
        if url[:5].lower() == "data:":
            return self._data(url)
        if url.startswith(self.base):
            return self._file(url)
        return self._refuse("address-refused", url)

    def open(self, url: object, data: object = None, timeout: object = None) -> URLFetcherResponse:
        return self.fetch(getattr(url, "full_url", url))  # type: ignore[arg-type]

    def __call__(self, url: str) -> URLFetcherResponse:
        return self.fetch(url)

    def _file(self, url: str) -> URLFetcherResponse:
        name = unquote(urlsplit(url).path).lstrip("/")
        if name not in self.files:
            return self._refuse("no-such-file", name)
        kind = TYPES.get(name.rpartition(".")[2].lower(), "application/octet-stream")
        if _is_cut_off(kind, self.files[name]):
            return self._damaged(url, Trouble("file-damaged", values={"name": name[:SHOWN]}))
        return URLFetcherResponse(url, self.files[name], {"Content-Type": kind})

    def _data(self, url: str) -> URLFetcherResponse:
        head, _comma, body = url[5:].partition(",")
        kind, *options = head.split(";")
        try:
            content = unquote_to_bytes(body)
            if "base64" in (option.strip().lower() for option in options):
                content = base64.b64decode(content)
        except (binascii.Error, ValueError):
            return self._refuse("file-refused", url)
        if len(content) > LARGEST_DATA:
            return self._refuse("file-refused", url)
        if _is_cut_off(kind.strip().lower(), content):
            return self._damaged(url, Trouble("picture-damaged"))
        return URLFetcherResponse(url[:SHOWN], content, {"Content-Type": kind.strip() or "text/plain"})

    def _refuse(self, code: str, name: str) -> URLFetcherResponse:
        self.refused.append(Trouble(code, values={"name": name[:SHOWN]}))
        raise ValueError(f"{code}: {name[:SHOWN]}")

    def _damaged(self, url: str, trouble: Trouble) -> URLFetcherResponse:
        self.damaged[url] = trouble
        raise ValueError(trouble.code)


def _is_cut_off(kind: str, content: bytes) -> bool:
    """Whether a picture cannot be read to its end. One that is too large is refused where its size is limited."""
    if not kind.startswith("image/") or kind == TYPES["svg"]:
        return False
    try:
        with PIL.Image.open(BytesIO(content)) as picture:
            picture.load()
    except (PIL.Image.DecompressionBombError, PIL.Image.DecompressionBombWarning):
        return False
    except (OSError, ValueError, SyntaxError, EOFError, struct.error, zlib.error):
        return True
    return False
