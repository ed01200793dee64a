"""Lays documents out, in the renderer's process: Liquid to HTML, HTML to pages, pages of many documents to one PDF."""

import logging
import re
import warnings
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from typing import Any

import PIL.Image
import weasyprint.layout
from weasyprint import CSS, HTML, Document
from weasyprint import Attachment as EmbeddedFile
from weasyprint.pdf.stream import Stream
from weasyprint.text.fonts import FontConfiguration

from layouts.engine_environment import Refused, parse, render
from layouts.engine_limits import PAPER
from layouts.engine_trouble import Trouble
from layouts.rendering.fetcher import LayoutFetcher
from layouts.rendering.pages import Attachment
from layouts.source import Source

MOST_PIXELS = 20_000_000
MOST_LAYOUTS_KEPT = 8
# Of one layout: the logo stands on every paper, a QR code on a single one.
MOST_PICTURES_KEPT = 500
MOST_REMARKS = 30
LONGEST_REMARK = 200

PIL.Image.MAX_IMAGE_PIXELS = MOST_PIXELS // 2  # Pillow refuses twice of what it warns about
warnings.simplefilter("error", PIL.Image.DecompressionBombWarning)


class TooManyPages(Exception):
    pass


_make_all_pages = weasyprint.layout.make_all_pages
_most_pages = 200


def _counted_pages(*arguments: Any) -> Iterator[Any]:
    for number, page in enumerate(_make_all_pages(*arguments), 1):
        if number > _most_pages:
            raise TooManyPages
        yield page


# WeasyPrint has no limit of its own: a page of one pixel makes as many as there are lines.
weasyprint.layout.make_all_pages = _counted_pages


class Layout:
    """What all documents of one source share: its parsed style sheet, its fonts and its decoded pictures."""

    def __init__(self, key: str, source: Source):
        self.source = source
        self.fetcher = LayoutFetcher(key, source.files)
        self.fonts = FontConfiguration()
        self.pictures: dict[str, Any] = {}
        with remarks() as self.remarks:
            self.styles = [
                CSS(string=source.css, base_url=self.fetcher.base, url_fetcher=self.fetcher, font_config=self.fonts),
            ]
        self.refused_styles = list(self.fetcher.refused)

    @property
    def has_own_fonts(self) -> bool:
        """In one PDF WeasyPrint takes fonts with one name for one font, so two such layouts cannot share one."""
        return self.fonts._folder is not None

    def forget_pictures(self) -> None:
        """Once what they stand on is written: until then a PDF still takes their bytes from here."""
        if len(self.pictures) > MOST_PICTURES_KEPT:
            self.pictures.clear()

    def lay_out(self, data: Mapping[str, object], language: str) -> tuple[Document, list[Trouble]]:
        """The pages and what the author should know. Raises Refused, also for a picture that is damaged, and
        TooManyPages."""
        self.fetcher.refused.clear()
        self._forget_damaged()
        template = parse(self.source.html)
        html = render(template, data, language=language, limits=PAPER, source=self.source.html)
        with remarks() as found:
            document = HTML(string=html, base_url=self.fetcher.base, url_fetcher=self.fetcher).render(
                font_config=self.fonts, stylesheets=self.styles, cache=self.pictures
            )
        if self.fetcher.damaged:
            raise Refused(next(iter(self.fetcher.damaged.values())))
        # Files that the HTML itself wants embedded: no layout needs them.
        document.metadata.attachments = []
        troubles = [*self.refused_styles, *self.fetcher.refused, *self.remarks, *found]
        return document, troubles[:MOST_REMARKS]

    def _forget_damaged(self) -> None:
        """WeasyPrint remembers them as pictures that are not there: the next document would be made without."""
        for url in self.fetcher.damaged:
            self.pictures.pop(url, None)
        self.fetcher.damaged.clear()


class Layouts:
    """The layouts used last; fonts and pictures of one are never seen by another."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Layout] = OrderedDict()

    def get(self, key: str, source: Source) -> Layout:
        if key not in self._kept:
            self._kept[key] = Layout(key, source)
        self._kept.move_to_end(key)
        while len(self._kept) > MOST_LAYOUTS_KEPT:
            self._kept.popitem(last=False)
        return self._kept[key]

    def forget_pictures(self) -> None:
        for layout in self._kept.values():
            layout.forget_pictures()


class remarks(logging.Handler):
    """Collects what WeasyPrint says about a style sheet."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.found: list[Trouble] = []

    def emit(self, record: logging.LogRecord) -> None:
        said = record.getMessage()
        place = re.search(r" at (\d+):(\d+)", said)
        if said.startswith(("Ignored", "Invalid", "Unknown", "Unsupported")) and len(self.found) < MOST_REMARKS:
            line, column = (int(place[1]), int(place[2])) if place else (0, 0)
            self.found.append(Trouble("css", line, column, values={"detail": said[:LONGEST_REMARK]}))

    def __enter__(self) -> list[Trouble]:
        logging.getLogger("weasyprint").addHandler(self)
        return self.found

    def __exit__(self, *_: object) -> None:
        logging.getLogger("weasyprint").removeHandler(self)


class unprintable(logging.Handler):
    """Collects the characters of which no font has a picture, while a PDF is written; empty boxes stand for them."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.found: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        if str(record.msg).startswith(".notdef glyph rendered") and record.args:
            self.found.add(str(record.args[0]))  # type: ignore[index]

    def __enter__(self) -> set[str]:
        logging.getLogger("weasyprint").addHandler(self)
        return self.found

    def __exit__(self, *_: object) -> None:
        logging.getLogger("weasyprint").removeHandler(self)


def allow_pages(most: int) -> None:
    global _most_pages
    _most_pages = most


def pdf_of(
    documents: Sequence[Document],
    *,
    attachments: Sequence[Attachment] = (),
    pdf_variant: str | None = None,
    metadata: Sequence[bytes] = (),
) -> bytes:
    """One PDF of all pages, with the title of the first document; fonts and pictures are in it once."""
    pages = [page for document in documents for page in document.pages]
    return (
        documents[0]
        .copy(pages)
        .write_pdf(
            finisher=_finish,
            pdf_variant=pdf_variant,
            attachments=[
                EmbeddedFile(
                    string=each.content, name=each.name, description=each.description, relationship=each.relationship
                )
                for each in attachments
            ],
            xmp_metadata=[BytesIO(block) for block in metadata],
        )
    )


def _finish(document: Document, pdf: Any) -> None:
    _without_doubles(pdf)
    _within_one_rdf(document, pdf)
    if "OutputIntents" in pdf.catalog:
        _unsmoothed(pdf)
        # An archive reads what the file is without unpacking it.
        _metadata_of(pdf).compress = False
    for each in pdf.objects:
        if isinstance(each, Stream):
            each.stream = list(_shortened(each.stream))


def _unsmoothed(pdf: Any) -> None:
    """PDF/A forbids to ask for smoothed pictures (ISO 19005-3, 6.2.8); WeasyPrint asks for it in every variant."""
    for each in pdf.objects:
        pictures = [each, getattr(each, "extra", {}).get("SMask")]
        for extra in [getattr(picture, "extra", {}) for picture in pictures]:
            if "Interpolate" in extra:
                extra["Interpolate"] = "false"


_TOO_FINE = re.compile(rb"(\.\d\d)\d+")
_PLACED = (b" Tm", b" m", b" l", b" re")
_MOVED = re.compile(rb"(?:1 0 0 -?1 \S+ \S+|0\.75 0 0 0\.75 0 0) cm")


def _shortened(operators: Sequence[Any]) -> Iterator[Any]:
    """What WeasyPrint wrote with six decimals, with two, which are 0.003 mm; a sixth of a page is such decimals.

    Only what stands on the page itself: inside a picture drawn to another scale the decimals may be needed.
    """
    depth, scaled_at = 0, 0
    for operator in operators:
        if operator == b"q":
            depth += 1
        elif operator == b"Q":
            depth -= 1
            scaled_at = scaled_at if depth >= scaled_at else 0
        elif not isinstance(operator, bytes):
            pass
        elif operator.endswith(b" cm") and not scaled_at and not _MOVED.fullmatch(operator):
            scaled_at = depth
        elif not scaled_at and operator.endswith(_PLACED):
            operator = _TOO_FINE.sub(rb"\1", operator)
        elif operator.endswith(b"TJ"):
            operator = operator.replace(b">0<", b"")
        yield operator


def _within_one_rdf(document: Document, pdf: Any) -> None:
    """WeasyPrint writes further XMP blocks behind `rdf:RDF`, of which XMP allows one with everything in it."""
    blocks = b"\n".join(document.metadata.xmp_metadata)
    if not blocks:
        return
    stream = _metadata_of(pdf)
    end = b"</rdf:RDF>"
    (packet,) = stream.stream
    stream.stream = [packet.replace(end + b"\n" + blocks, blocks + end)]


def _metadata_of(pdf: Any) -> Stream:
    return pdf.objects[int(pdf.catalog["Metadata"].split()[0])]


def _without_doubles(pdf: Any) -> None:
    """WeasyPrint lists each attachment of a PDF/A-3 twice among the associated files."""
    files = pdf.catalog.get("AF")
    if files is not None:
        pdf.catalog["AF"] = type(files)(dict.fromkeys(files))


__all__ = ["Layouts", "Refused", "TooManyPages", "allow_pages", "pdf_of", "unprintable"]
