"""Papers as PDF and as pictures, made in processes of their own.

`render_pdf` makes what is kept or sent, `render_batch` what is printed, `render_pictures` what is looked at.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from layouts.engine import Problem, problem_of
from layouts.engine_trouble import Trouble
from layouts.rendering.batches import ALL_PAGES, PAGES_AT_ONCE, Manner, make
from layouts.rendering.pages import DOCUMENT, PREVIEW, Attachment, Limits, Page
from layouts.rendering.pool import MOST_RENDERERS, POOL, Died
from layouts.rendering.troubles import RenderFailed, boxes_for, told
from layouts.source import Source

__all__ = [
    "DOCUMENT",
    "PREVIEW",
    "Attachment",
    "Batch",
    "Limits",
    "Page",
    "Pictures",
    "RenderFailed",
    "Rendered",
    "Source",
    "pictures_of_pdf",
    "render_batch",
    "render_pdf",
    "render_pictures",
]


@dataclass(frozen=True)
class Rendered:
    """One PDF. `remarks` are for the author of the layout: what was not fetched, what CSS was left out, what no font
    can print."""

    pdf: bytes
    number_of_pages: int
    remarks: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Batch:
    """Many documents in one PDF (empty when all failed); indexes are places among the pages asked for.

    `documents` holds the PDF of each when they were wanted apart, `unprintable` the characters that no font has.
    """

    pdf: bytes
    number_of_pages: dict[int, int]
    failures: dict[int, RenderFailed]
    remarks: tuple[Problem, ...] = ()
    unprintable: str = ""
    documents: dict[int, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Pictures:
    """PNGs of some pages of a PDF, and the PDF itself."""

    pictures: tuple[bytes, ...]
    rendered: Rendered


def render_pdf(
    pages: Sequence[Page],
    *,
    attachments: Sequence[Attachment] = (),
    pdf_variant: str | None = None,
    metadata: Sequence[bytes] = (),
    limits: Limits = DOCUMENT,
) -> Rendered:
    """One PDF of all pages, or RenderFailed for the first that cannot be made.

    `pdf_variant` is one of WeasyPrint's, such as `pdf/a-3b`; `metadata` are XMP blocks (`rdf:Description` elements).
    """
    manner = Manner(limits, attachments, pdf_variant, metadata, pages_at_once=ALL_PAGES)
    made = make(pages, manner, processes=1)
    for index in sorted(made.troubles):
        raise RenderFailed([problem_of(made.troubles[index])], index)
    remarks = [*told(made.remarks), *boxes_for(made.unprintable)]
    return Rendered(made.pdf(), sum(made.number_of_pages.values()), tuple(remarks))


def render_batch(
    pages: Iterable[Page], *, apart: bool = False, limits: Limits = DOCUMENT, processes: int = MOST_RENDERERS
) -> Batch:
    """One PDF of all pages that can be made, in their order, and why the others cannot; `apart` for one PDF each."""
    made = make(pages, Manner(limits, pages_at_once=1 if apart else PAGES_AT_ONCE), processes=processes)
    return Batch(
        pdf=b"" if apart else made.pdf(),
        number_of_pages=made.number_of_pages,
        failures={index: RenderFailed([problem_of(each)], index) for index, each in sorted(made.troubles.items())},
        remarks=told(made.remarks),
        unprintable="".join(sorted(made.unprintable)),
        documents={indexes[0]: pdf for indexes, pdf in sorted(made.parts)} if apart else {},
    )


def render_pictures(
    pages: Sequence[Page], *, width: int = 900, first: int = 0, most: int = 5, limits: Limits = PREVIEW
) -> Pictures:
    """The pages as pictures `width` pixels wide, `most` of them from the page `first` (0 is the first).

    Raises RenderFailed.
    """
    rendered = render_pdf(pages, limits=limits)
    return Pictures(pictures_of_pdf(rendered.pdf, width=width, first=first, most=most, limits=limits), rendered)


def pictures_of_pdf(
    pdf: bytes, *, width: int = 900, first: int = 0, most: int = 5, limits: Limits = PREVIEW
) -> tuple[bytes, ...]:
    """PNGs of pages of a PDF of our own. Raises RenderFailed."""
    work = {"kind": "pictures", "pdf": pdf, "width": width, "first": first, "most": most}
    try:
        with POOL.renderer() as renderer:
            told_of = [(event["event"], body) for event, body in renderer.events(work, limits)]
    except Died as died:
        raise RenderFailed([problem_of(Trouble(died.code, values={"limit": died.limit}))]) from died
    return tuple(body for kind, body in told_of if kind == "picture")
