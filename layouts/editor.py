"""What the page of a draft shows beside the texts: errors, warnings and the documented fields."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from layouts.comparing import Difference, text_difference
from layouts.engine import Problem, problems_of
from layouts.field_help import FieldRow, field_rows, matching
from layouts.forms import PreviewForm
from layouts.legal import missing_duties
from layouts.models import LayoutVersion
from layouts.places import Place
from layouts.previews import Preview, preview_of
from layouts.source import Source
from layouts.subjects import Choice, Subject, SubjectMissing, choices_for, fields_of, sample_for, subject_for
from layouts.tracking import lacks_tracking


@dataclass(frozen=True)
class Side:
    """The column beside the texts. `missing` is an order number that does not exist."""

    problems: list[Problem]
    duties: list[str]
    lacks_tracking: bool
    subject: Subject
    missing: str
    choices: list[Choice]
    fields: list[FieldRow]
    preview: Preview | None


@dataclass(frozen=True)
class Conflict:
    """Somebody else was here: `theirs` is what they left, the differences lead from theirs to mine."""

    theirs: LayoutVersion
    html: Difference
    css: Difference
    is_gone: bool = False


def side_of(place: Place, source: Source, asked: PreviewForm, *, page: int | None) -> Side:
    """Errors, warnings and fields of `source`, the fields with the values of the order asked for.

    With a `page` its picture too, if nothing is wrong with the texts.
    """
    subject, missing = subject_of(place, asked)
    problems = problems_of(source.html, fields_of(place.kind))
    return Side(
        problems=problems,
        duties=missing_duties(place.kind, source.html, country=place.shop.country),
        lacks_tracking=lacks_tracking(place.kind, source.html),
        subject=subject,
        missing=missing,
        choices=choices_for(place.shop),
        fields=matching(field_rows(fields_of(place.kind), subject.data), asked.value("find") or ""),
        preview=preview_of(source, subject, page=page) if page and not problems else None,
    )


def subject_of(place: Place, asked: PreviewForm) -> tuple[Subject, str]:
    """What is shown, and the number asked for where there is no such order: then it is the sample document."""
    number, language = asked.value("order") or "", asked.value("language") or ""
    try:
        return subject_for(place.shop, place.kind, number=number, language=language), ""
    except SubjectMissing:
        return sample_for(place.shop, place.kind, language=language), number


def conflict_of(theirs: LayoutVersion, mine: Mapping[str, Any], *, is_gone: bool = False) -> Conflict:
    return Conflict(
        theirs, text_difference(theirs.html, mine["html"]), text_difference(theirs.css, mine["css"]), is_gone
    )
