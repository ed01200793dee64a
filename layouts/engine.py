"""Liquid for layouts and mail texts: checks a template and renders it over plain data, within limits.

Templates are strangers' input. They see dicts, lists, texts, numbers and times, and nothing else; there is no loader;
every loop, text and list is counted. A name that does not exist is refused, one that is empty this time is not.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import get_language, gettext

from layouts.engine_environment import Refused, parse, render
from layouts.engine_fields import unknown_names
from layouts.engine_limits import MAIL, TRIAL, Limits
from layouts.engine_trouble import Trouble
from layouts.fields_tree import FieldList

__all__ = ["MAIL", "Limits", "Problem", "TemplateRefused", "problems_of", "render_text"]


@dataclass(frozen=True)
class Problem:
    """What is wrong with a template, for its author. Line and column count from 1, 0 when all of it is meant."""

    line: int
    column: int
    message: str
    quote: str = ""
    hint: str = ""


class TemplateRefused(Exception):
    """A template that cannot be rendered."""

    def __init__(self, problems: Iterable[Problem]):
        self.problems = tuple(problems)
        super().__init__("; ".join(str(problem.message) for problem in self.problems))


def problem_of(trouble: Trouble) -> Problem:
    """A trouble in the language of the person who looks."""
    hint = gettext("Did you mean “%(name)s”?") % {"name": trouble.hint} if trouble.hint else ""
    return Problem(trouble.line, trouble.column, trouble.sentence(), trouble.quote, hint)


def problems_of(source: str, fields: FieldList) -> list[Problem]:
    """All that is wrong with a template over `fields`: syntax, unknown names and filters, limits.

    A template that reads well is rendered once with the samples, so limits it passes are found here too.
    """
    try:
        template = parse(source)
        troubles = unknown_names(template, source, fields)
        if not troubles:
            language = get_language() or "en"
            render(template, fields.sample(), language=language, limits=TRIAL, source=source)
    except Refused as refused:
        troubles = [refused.trouble]
    return [problem_of(trouble) for trouble in troubles]


def render_text(
    source: str, data: Mapping[str, object], *, language: str, html: bool = True, limits: Limits = MAIL
) -> str:
    """The text of a template over plain `data`; `html=False` for subjects and plain texts: nothing is escaped.

    Raises TemplateRefused.
    """
    try:
        return render(parse(source, html=html), data, language=language, limits=limits, source=source)
    except Refused as refused:
        raise TemplateRefused([problem_of(refused.trouble)]) from refused
