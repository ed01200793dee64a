"""Nothing gets into a paper but its layout's own files, and nothing goes out: no canary byte, no connection."""

import base64
import http.server
import threading
import zlib
from io import BytesIO

import pytest
from pypdf import PdfReader

from layouts.fields import SAMPLE
from layouts.rendering import Page, Source, render_pdf
from layouts.rendering.pool import POOL

CANARY = b"canary-7f3a91c2"


@pytest.fixture(scope="module")
def canary_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("etc") / "secret.txt"
    path.write_bytes(CANARY)
    (path.parent / "secret.css").write_bytes(b"p { content: '%s' } body::after { content: '%s' }" % (CANARY, CANARY))
    (path.parent / "secret.svg").write_bytes(
        b'<svg xmlns="http://www.w3.org/2000/svg" width="90" height="20"><text y="15">%s</text></svg>' % CANARY
    )
    return path


@pytest.fixture
def listener():
    """An HTTP server on this machine that remembers who called."""
    calls = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            calls.append(self.path)
            self.send_response(302 if self.path.startswith("/redirect") else 200)
            self.send_header("Location", "/secret.txt")
            self.end_headers()
            self.wfile.write(CANARY)

        def log_message(self, *arguments):
            """Silent."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_address[1], calls
    server.shutdown()
    server.server_close()
    thread.join()


def everything_in(pdf):
    """All bytes of a PDF, packed and unpacked, and the words on its pages."""
    found = [pdf]
    for start in (i for i in range(len(pdf)) if pdf[i : i + 7] == b"stream\n"):
        try:
            found.append(zlib.decompressobj().decompress(pdf[start + 7 :]))
        except zlib.error:
            continue
    reader = PdfReader(BytesIO(pdf))
    found += [sheet.extract_text().encode() for sheet in reader.pages]
    found += [content for contents in reader.attachments.values() for content in contents]
    return b"\n".join(found)


def data_svg(svg):
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


# {place} is a file or an address; each way tries to bring what is there into the paper.
WAYS = {
    "an attachment": ('<link rel="attachment" href="{place}">', ""),
    "an attachment by a link": ('<a rel="attachment" href="{place}">x</a>', ""),
    "an image": ('<img src="{place}">', ""),
    "an image set": ('<img srcset="{place} 2x">', ""),
    "an object": ('<object data="{place}" type="text/html"></object>', ""),
    "an embed": ('<embed src="{place}">', ""),
    "a frame": ('<iframe src="{place}"></iframe>', ""),
    "a style sheet": ('<link rel="stylesheet" href="{place}">', ""),
    "a base": ('<base href="{place}"><img src="secret.txt"><link rel=attachment href="">', ""),
    "an import": ("x", '@import url("{place}");'),
    "an import in the page": ('<style>@import "{place}";</style>', ""),
    "a font": ("x", '@font-face {{ font-family: "f"; src: url("{place}") }} body {{ font-family: "f" }}'),
    "a background": ("x", 'body {{ background: url("{place}") }}'),
    "a list mark": ("<ul><li>x</ul>", 'li {{ list-style-image: url("{place}") }}'),
    "content": ("<p>x</p>", 'p::before {{ content: url("{place}") }}'),
    "a border": ("x", 'body {{ border-image-source: url("{place}") }}'),
    "a colour profile": ("x", '@color-profile x {{ src: url("{place}") }}'),
    "a cursor": ("x", 'body {{ cursor: url("{place}"), auto }}'),
    "an SVG with an image": ("svg:<image href='{place}' width='9' height='9'/>", ""),
    "an SVG with an old image": ("svg:<image xlink:href='{place}' width='9' height='9'/>", ""),
    "an SVG that uses": ("svg:<use href='{place}#x'/>", ""),
    "an SVG with a style sheet": ("svg:<style>@import '{place}';</style>", ""),
    "an SVG with an entity": ("entity:{place}", ""),
    "a drawing in PostScript": ("eps:({place}) run", ""),
    "metadata": ('<meta name="dcterms.created" content="{place}"><link rel="icon" href="{place}">', ""),
}


def paper(way, place):
    html, css = (text.format(place=place) for text in WAYS[way])
    if html.startswith("svg:"):
        head = (
            '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9" height="9">'
        )
        html = f'<img src="{data_svg(head + html[4:] + "</svg>")}">'
    elif html.startswith("eps:"):
        drawing = f"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n{html[4:]}\nshowpage\n%%EOF\n"
        html = f'<img src="data:application/postscript;base64,{base64.b64encode(drawing.encode()).decode()}">'
    elif html.startswith("entity:"):
        svg = f'<!DOCTYPE svg [<!ENTITY x SYSTEM "{html[7:]}">]><svg xmlns="http://www.w3.org/2000/svg"><text>&x;</text></svg>'
        html = f'<img src="{data_svg(svg)}">'
    return Page(Source(html=f"<p>paper</p>{html}", css=css), SAMPLE, "en")


def drawn(page):
    """The whole PDF, or nothing where the document was refused altogether."""
    made = render_pdf([page])
    content = everything_in(made.pdf)
    assert b"paper" in content  # the test can see what is there
    return content, made.remarks


@pytest.mark.parametrize("way", WAYS)
def test_no_file_gets_into_a_paper(way, canary_file):
    for name in ("secret.txt", "secret.css", "secret.svg"):
        for place in (f"file://{canary_file.parent}/{name}", f"FILE:{canary_file.parent}/{name}"):
            content, _remarks = drawn(paper(way, place))

            # The address itself may stand in the paper, as the target of a link; what is there may not.
            assert CANARY not in content


@pytest.mark.parametrize("way", WAYS)
def test_no_paper_calls_anybody(way, listener):
    port, calls = listener
    for place in ("secret.txt", "redirect", "x.css"):
        content, _remarks = drawn(paper(way, f"http://127.0.0.1:{port}/{place}"))

        assert CANARY not in content
    assert calls == []


@pytest.mark.parametrize(
    "address",
    [
        "../../secret.txt",
        "/etc/passwd",
        "..%2f..%2fetc%2fpasswd",
        "//127.0.0.1/secret.txt",
        "ftp://127.0.0.1/x",
        "jar:file:///x!/y",
        "gopher://127.0.0.1/x",
        "https://layout.invalid.example/logo.png",
        "\\\\127.0.0.1\\x",
        "file://localhost/etc/passwd",
        "view-source:file:///etc/passwd",
    ],
)
def test_the_author_is_told_what_was_not_fetched(address):
    _content, remarks = drawn(Page(Source(html=f'<p>paper</p><img src="{address}">', css=""), SAMPLE, "en"))

    assert len(remarks) == 1


def test_a_paper_can_be_seen_to_carry_what_its_layout_has():
    """Without this the tests above could not fail."""
    source = Source(
        '<p>paper</p><link rel="stylesheet" href="own.css">', "", {"own.css": b"p::after { content: '-own' }"}
    )

    content, remarks = drawn(Page(source, SAMPLE, "en"))

    assert b"paper-own" in content
    assert remarks == ()


def test_the_renderer_knows_no_key_and_no_database():
    render_pdf([paper("an image", "x")])

    for process_id in POOL.process_ids:
        with open(f"/proc/{process_id}/environ", "rb") as environment:
            names = {entry.partition(b"=")[0] for entry in environment.read().split(b"\0") if entry}
        assert names
        assert not [
            name for name in names if b"KEY" in name or b"URL" in name or b"SECRET" in name or b"DJANGO" in name
        ]
