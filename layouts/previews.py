"""A layout over a real order or the sample document, as a picture of one page or as the PDF."""

from base64 import b64encode
from dataclasses import dataclass

from layouts.engine import Problem
from layouts.lately import LATELY, key_of
from layouts.rendering import PREVIEW, Page, Rendered, RenderFailed, pictures_of_pdf, render_pdf
from layouts.source import Source
from layouts.subjects import Subject

WIDTH = 1000


@dataclass(frozen=True)
class Preview:
    """A page as a `data:` address, or why there is none; `remarks` are what was left out on the way."""

    picture: str = ""
    page: int = 1
    number_of_pages: int = 0
    problems: tuple[Problem, ...] = ()
    remarks: tuple[Problem, ...] = ()

    @property
    def previous(self) -> int | None:
        return self.page - 1 if self.page > 1 else None

    @property
    def next(self) -> int | None:
        return self.page + 1 if self.page < self.number_of_pages else None


def preview_of(source: Source, subject: Subject, *, page: int = 1) -> Preview:
    """The page (1 is the first, the last one where there are fewer) within the limits of a preview."""
    try:
        made = pdf_of(source, subject)
        page = min(page, made.number_of_pages)
        [picture] = pictures_of_pdf(made.pdf, width=WIDTH, first=page - 1, most=1)
    except RenderFailed as failed:
        return Preview(problems=failed.problems)
    return Preview(
        picture=f"data:image/png;base64,{b64encode(picture).decode()}",
        page=page,
        number_of_pages=made.number_of_pages,
        remarks=made.remarks,
    )


def pdf_of(source: Source, subject: Subject) -> Rendered:
    """The whole document, rendered now or a moment ago. Raises RenderFailed."""
    page = Page(source, subject.data, subject.language)
    key = key_of(page)
    made = LATELY.get(key)
    if made is None:
        made = render_pdf([page], limits=PREVIEW)
        LATELY.put(key, made)
    return made
