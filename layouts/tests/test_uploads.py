"""What shops may upload for their layouts, and what is turned away."""

import gzip
import struct
import zipfile
import zlib
from io import BytesIO
from pathlib import Path

import PIL.Image
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import translation

from layouts.uploads import MOST_ENTRIES, UploadRefused, checked_content, checked_file, checked_layout

FONT = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


def picture(kind="PNG", size=(4, 4)):
    written = BytesIO()
    PIL.Image.new("RGB", size, "red").save(written, kind)
    return written.getvalue()


def huge_png(width, height):
    """A head that promises many pixels, and next to nothing behind it."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    )


def packed(files, compression=zipfile.ZIP_DEFLATED):
    written = BytesIO()
    with zipfile.ZipFile(written, "w", compression) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return written.getvalue()


def uploaded(name, content):
    return SimpleUploadedFile(name, content)


class Endless(SimpleUploadedFile):
    """Says it is small and goes on for ever."""

    def __init__(self, name):
        super().__init__(name, b"")
        self.size = None
        self.most_asked = None

    def read(self, number_of_bytes=None):
        self.most_asked = number_of_bytes
        return b"\0" * number_of_bytes


@pytest.mark.parametrize(
    ("kind", "content_type", "ending"),
    [
        ("PNG", "image/png", "png"),
        ("JPEG", "image/jpeg", "jpg"),
        ("GIF", "image/gif", "gif"),
        ("WEBP", "image/webp", "webp"),
    ],
)
def test_a_picture_is_what_its_content_says(kind, content_type, ending):
    file = checked_file(uploaded("logo.exe", picture(kind)))

    assert (file.name, file.content_type, file.content) == (f"logo.{ending}", content_type, picture(kind))


def test_a_font_is_taken_whole():
    font = FONT.read_bytes()

    assert checked_file(uploaded("Brand Sans.TTF", font)).name == "Brand_Sans.ttf"
    with pytest.raises(UploadRefused, match="no whole font"):
        checked_file(uploaded("font.ttf", font[:5000]))
    with pytest.raises(UploadRefused, match="no whole font"):
        checked_file(uploaded("font.woff2", b"wOF2" + b"\xff" * 40))


@pytest.mark.parametrize(
    ("name", "tidy"),
    [
        ("../../etc/passwd.png", "passwd.png"),
        ("..\\..\\logo.png", "logo.png"),
        ("/logo.png", "logo.png"),
        ("....png", "file.png"),
        ("a\x00b.png", "ab.png"),
        ("logo.php.png", "logo_php.png"),
        ("Größe & Maß.png", "Größe__Maß.png"),
        ("x" * 300 + ".png", "x" * 74 + ".png"),
        ("", "file.png"),
    ],
)
def test_a_name_has_no_folders_and_fits_its_content(name, tidy):
    assert checked_content(name, picture()).name == tidy


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00",
        b"MZ\x90\x00 a program",
        b"%PDF-1.7",
        b"<html><script>alert(1)</script></html>",
        b"GIF89a",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xe0 cut",
        b"RIFF\x00\x00\x00\x00WEBP",
        picture()[:-20],
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        b"BM" + b"\0" * 60,
        b"PK\x03\x04",
    ],
)
def test_what_is_no_picture_and_no_font_is_turned_away(content, monkeypatch):
    monkeypatch.setattr("PIL.ImageFile.LOAD_TRUNCATED_IMAGES", True)  # as WeasyPrint leaves it
    with pytest.raises(UploadRefused):
        checked_file(uploaded("logo.png", content))


@pytest.mark.parametrize(
    "content",
    [
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b'<?xml version="1.0"?>\n<!-- x -->\n<SVG><image href="file:///etc/passwd"/></SVG>',
        b"<svg><foreignObject><iframe src='http://127.0.0.1/'/></foreignObject></svg>",
        b"<svg><use href='http://127.0.0.1/x.svg#a'/></svg>",
        b'<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg><text>&x;</text></svg>',
    ],
)
def test_t23_an_svg_is_turned_away_with_a_way_out(content):
    with pytest.raises(UploadRefused, match="Save it as PNG"):
        checked_file(uploaded("logo.svg", content))


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(b"<svg/>"),
        "<svg><script>alert(1)</script></svg>".encode("utf-16"),
        b"<!--" + b"x" * 3_000 + b"--><svg><script>alert(1)</script></svg>",
        b"<s:svg xmlns:s='http://www.w3.org/2000/svg'/>",
    ],
    ids=["gzip", "UTF-16", "behind a comment", "prefix"],
)
def test_t23_an_svg_that_hides_is_turned_away_too(content):
    with pytest.raises(UploadRefused, match="neither a picture"):
        checked_file(uploaded("logo.svg", content))


@pytest.mark.parametrize("side", [10_000, 100_000])
def test_many_pixels_in_few_bytes_are_not_decoded(side):
    """Up to twice of what it warns about Pillow leaves to us; it refuses more than that by itself."""
    with pytest.raises(UploadRefused, match="more than 16 million pixels"):
        checked_file(uploaded("logo.png", huge_png(side, side)))


def test_a_large_file_is_not_read():
    large = Endless("logo.png")
    large.size = 100_000_000

    with pytest.raises(UploadRefused, match="larger than 8 MB"):
        checked_file(large)

    assert large.most_asked is None


def test_a_file_of_unknown_size_is_read_up_to_the_limit_only():
    endless = Endless("logo.png")

    with pytest.raises(UploadRefused, match="larger than 8 MB"):
        checked_file(endless)

    assert endless.most_asked == 8_000_001


def test_a_whole_layout_comes_as_a_zip():
    files = [("layout/invoice.html", "<p>é</p>"), ("layout/style.css", "p {}"), ("layout/img/logo.png", picture())]
    files += [("__MACOSX/x", b"x"), ("layout/.DS_Store", b"x")]

    layout = checked_layout(uploaded("layout.zip", packed(files)))

    assert (layout.html, layout.css, [file.name for file in layout.files]) == ("<p>é</p>", "p {}", ["logo.png"])


def test_a_template_alone_keeps_what_is_there():
    layout = checked_layout(uploaded("invoice.liquid", b"\xef\xbb\xbf<p>\r\n</p>"))

    assert (layout.html, layout.css, layout.files) == ("<p>\n</p>", None, [])


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ([("a.html", "x"), ("b.html", "y")], "a second one"),
        ([("a/logo.png", picture()), ("b/logo.png", picture())], "two files"),
        ([("a.html", b"\xff\xfe")], "no text in UTF-8"),
        ([("a.html", b"x\x00y")], "no text in UTF-8"),
        ([("a.html", "  ")], "is empty"),
        ([("a.html", "x" * 200_001)], "unpacks to more"),
        ([("a.css", " " * 9_000_000)], "unpacks to more"),
        ([("x.exe", b"MZ")], "neither a picture"),
        ([("inner.zip", packed([("a.html", "x")]))], "neither a picture"),
        ([(f"{number}.css", "") for number in range(MOST_ENTRIES + 1)], "more than 60 files"),
        ([], "is empty"),
    ],
)
def test_a_zip_that_is_no_layout_is_turned_away(files, reason):
    with pytest.raises(UploadRefused, match=reason):
        checked_layout(uploaded("layout.zip", packed(files)))


def test_a_zip_that_lies_about_its_sizes_is_turned_away():
    content = packed([("a.css", "x" * 5_000)])
    for place in (i for i in range(len(content)) if content[i : i + 4] == struct.pack("<I", 5_000)):
        content = content[:place] + struct.pack("<I", 100) + content[place + 4 :]

    with pytest.raises(UploadRefused):
        checked_layout(uploaded("layout.zip", content))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 nonsense", b"\0" * 500])
def test_what_only_calls_itself_a_zip_is_turned_away(content):
    with pytest.raises(UploadRefused, match="cannot be unpacked"):
        checked_layout(uploaded("layout.zip", content))


def test_a_link_in_a_zip_leads_nowhere():
    written = BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        link = zipfile.ZipInfo("logo.png")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")

    with pytest.raises(UploadRefused, match="neither a picture"):
        checked_layout(uploaded("layout.zip", written.getvalue()))
