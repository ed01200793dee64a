"""Files that people upload for layouts: looked at before anything is done with them.

What a file is, its content says; the name that comes with it only says what to call it. Nothing is unpacked, decoded or
read beyond its limit first.
"""

import struct
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import PurePosixPath
from typing import BinaryIO

import PIL.Image
from django.core.files.uploadedfile import UploadedFile
from django.utils.text import get_valid_filename
from django.utils.translation import gettext_lazy as _
from PIL import ImageFile, UnidentifiedImageError

from layouts.engine_limits import LARGEST_TEMPLATE

MOST_BYTES = 4_000_000
MOST_FONT_BYTES = 8_000_000
MOST_PIXELS = 16_000_000
LONGEST_NAME = 80
MOST_ENTRIES = 60
MOST_UNPACKED = 20_000_000
# A picture or a font hardly packs; a thousand times is a bomb.
MOST_RATIO = 100
LARGEST_STYLE = 400_000

IMAGES = {
    "PNG": ("image/png", "png"),
    "JPEG": ("image/jpeg", "jpg"),
    "GIF": ("image/gif", "gif"),
    "WEBP": ("image/webp", "webp"),
}
FONTS = {
    b"\x00\x01\x00\x00": ("font/ttf", "ttf"),
    b"true": ("font/ttf", "ttf"),
    b"OTTO": ("font/otf", "otf"),
    b"wOF2": ("font/woff2", "woff2"),
    b"wOFF": ("font/woff", "woff"),
}
TEMPLATES = frozenset({"html", "htm", "liquid"})


class UploadRefused(Exception):
    """A file that is not taken; the message is for whoever sent it."""

    def __init__(self, message: object, **values: object):
        self.message = str(message) % values if values else str(message)
        super().__init__(self.message)


@dataclass(frozen=True)
class Upload:
    """A checked file: its name has no folder in it and an ending that fits what it is."""

    name: str
    content_type: str
    content: bytes


@dataclass
class LayoutUpload:
    """A whole layout as it came: template and style sheet, None where there was none, and the files."""

    html: str | None = None
    css: str | None = None
    files: list[Upload] = field(default_factory=list)


def checked_file(uploaded: UploadedFile) -> Upload:
    """An image or a font. Raises UploadRefused."""
    name = uploaded.name or ""
    return checked_content(name, _read(uploaded, MOST_FONT_BYTES, name))


def checked_content(name: str, content: bytes) -> Upload:
    """As `checked_file`, for bytes that are here already."""
    if not content:
        raise UploadRefused(_("“%(name)s” is empty."), name=_shown(name))
    content_type, ending = _kind_of(name, content)
    return Upload(_tidy(name, ending), content_type, content)


def checked_layout(uploaded: UploadedFile) -> LayoutUpload:
    """A template (.html, .htm, .liquid), a style sheet (.css), or both with files in a .zip. Raises UploadRefused."""
    name = uploaded.name or ""
    ending = _ending(name)
    if ending == "zip":
        return _unpacked(BytesIO(_read(uploaded, MOST_UNPACKED, name)), name)
    layout = LayoutUpload()
    _put(layout, name, _read(uploaded, MOST_FONT_BYTES, name))
    return layout


def _read(uploaded: UploadedFile, most: int, name: str) -> bytes:
    """Its size is asked first, and no more than that is read."""
    if uploaded.size is not None and uploaded.size > most:
        raise _too_large(name, most)
    content = uploaded.read(most + 1)
    if len(content) > most:
        raise _too_large(name, most)
    return content


def _too_large(name: str, most: int) -> UploadRefused:
    return UploadRefused(_("“%(name)s” is larger than %(limit)s MB."), name=_shown(name), limit=most // 1_000_000)


def _too_many_pixels(name: str) -> UploadRefused:
    return UploadRefused(
        _("“%(name)s” has more than %(limit)s million pixels."), name=_shown(name), limit=MOST_PIXELS // 1_000_000
    )


def _kind_of(name: str, content: bytes) -> tuple[str, str]:
    if content[:4] in FONTS:
        _check_font(name, content)
        return FONTS[content[:4]]
    if _is_svg(content):
        raise UploadRefused(_("“%(name)s” is an SVG, which can carry scripts. Save it as PNG."), name=_shown(name))
    return IMAGES[_format_of_image(name, content)]


def _is_svg(content: bytes) -> bool:
    return b"<svg" in content[:2000].lower()


def _format_of_image(name: str, content: bytes) -> str:
    if len(content) > MOST_BYTES:
        raise _too_large(name, MOST_BYTES)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PIL.Image.DecompressionBombWarning)
            with PIL.Image.open(BytesIO(content), formats=list(IMAGES)) as image:
                width, height = image.size
                kind = image.format or ""
                # Only the head was read until here.
                if width * height > MOST_PIXELS:
                    raise _too_many_pixels(name)
                # WeasyPrint, once imported, lets pictures be cut off; here such a one would be taken for whole.
                ImageFile.LOAD_TRUNCATED_IMAGES = False
                image.load()
    except PIL.Image.DecompressionBombError as error:
        raise _too_many_pixels(name) from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, struct.error) as error:
        raise UploadRefused(
            _("“%(name)s” is neither a picture (PNG, JPEG, GIF, WebP) nor a font (TTF, OTF, WOFF)."), name=_shown(name)
        ) from error
    return kind


def _check_font(name: str, content: bytes) -> None:
    """Its table of contents must fit into the file; the renderer reads the rest behind its limits."""
    is_whole = len(content) >= 12
    if is_whole and content[:4] in (b"wOF2", b"wOFF"):
        is_whole = struct.unpack(">I", content[8:12])[0] == len(content)
    elif is_whole:
        number_of_tables = struct.unpack(">H", content[4:6])[0]
        is_whole = 0 < number_of_tables <= 100 and _tables_fit(content, number_of_tables)
    if not is_whole:
        raise UploadRefused(_("“%(name)s” is no whole font."), name=_shown(name))


def _tables_fit(content: bytes, number_of_tables: int) -> bool:
    entries = content[12 : 12 + 16 * number_of_tables]
    if len(entries) < 16 * number_of_tables:
        return False
    places = (struct.unpack(">II", entries[at + 8 : at + 16]) for at in range(0, len(entries), 16))
    return all(offset + length <= len(content) for offset, length in places)


def _ending(name: str) -> str:
    return PurePosixPath(name.replace("\\", "/")).suffix.lstrip(".").lower()


def _shown(name: str) -> str:
    return name[:LONGEST_NAME]


def _tidy(name: str, ending: str) -> str:
    """`../../Mijn logo.PNG` → `Mijn_logo.png`; a name that says something else than the content is set right."""
    stem = PurePosixPath(name.replace("\\", "/").replace("\x00", "")).stem
    stem = get_valid_filename(stem.strip(". ") or "file")[: LONGEST_NAME - 6].replace(".", "_")
    return f"{stem}.{ending}"


# --- Whole layouts


def _put(layout: LayoutUpload, name: str, content: bytes) -> None:
    ending = _ending(name)
    if ending in TEMPLATES:
        layout.html = _text(name, content, LARGEST_TEMPLATE, layout.html)
    elif ending == "css":
        layout.css = _text(name, content, LARGEST_STYLE, layout.css)
    else:
        file = checked_content(name, content)
        if any(each.name == file.name for each in layout.files):
            raise UploadRefused(_("There are two files “%(name)s”."), name=file.name)
        layout.files.append(file)


def _text(name: str, content: bytes, most: int, there: str | None) -> str:
    if there is not None:
        raise UploadRefused(_("“%(name)s” is a second one; a layout has one template and one style sheet."), name=name)
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise UploadRefused(_("“%(name)s” is no text in UTF-8."), name=_shown(name)) from error
    if "\x00" in text:
        raise UploadRefused(_("“%(name)s” is no text in UTF-8."), name=_shown(name))
    if not text.strip():
        raise UploadRefused(_("“%(name)s” is empty."), name=_shown(name))
    if len(text) > most:
        raise UploadRefused(_("“%(name)s” is longer than %(limit)s characters."), name=_shown(name), limit=most)
    return text


def _unpacked(packed: BinaryIO, name: str) -> LayoutUpload:
    layout = LayoutUpload()
    try:
        with zipfile.ZipFile(packed) as archive:
            for entry in _checked_entries(archive, name):
                _put(layout, entry.filename, _content_of(archive, entry))
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, OSError, EOFError) as error:
        raise UploadRefused(_("“%(name)s” cannot be unpacked."), name=_shown(name)) from error
    if layout.html is None and layout.css is None and not layout.files:
        raise UploadRefused(_("“%(name)s” is empty."), name=_shown(name))
    return layout


def _checked_entries(archive: zipfile.ZipFile, name: str) -> Iterator[zipfile.ZipInfo]:
    """The files in it, after what the archive says of itself was found bearable."""
    entries = [entry for entry in archive.infolist() if not entry.is_dir() and not _is_left_aside(entry.filename)]
    if len(archive.infolist()) > MOST_ENTRIES:
        raise UploadRefused(_("“%(name)s” has more than %(limit)s files."), name=_shown(name), limit=MOST_ENTRIES)
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > MOST_UNPACKED or any(entry.file_size > MOST_RATIO * max(entry.compress_size, 1) for entry in entries):
        raise UploadRefused(_("“%(name)s” unpacks to more than is allowed."), name=_shown(name))
    return iter(entries)


def _is_left_aside(name: str) -> bool:
    """What the Mac and Windows add to archives."""
    return name.startswith("__MACOSX/") or PurePosixPath(name).name in (".DS_Store", "Thumbs.db")


def _content_of(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """Not more than the archive said, whatever is in it."""
    with archive.open(entry) as packed:
        content = packed.read(entry.file_size + 1)
    if len(content) > entry.file_size:
        raise UploadRefused(_("“%(name)s” unpacks to more than is allowed."), name=_shown(entry.filename))
    return content
