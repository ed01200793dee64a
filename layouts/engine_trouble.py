"""What can be wrong with a template, before it is put into words.

A trouble is plain data and knows no language: it is found in the process that renders, which knows no settings, and
told in the language of whoever wrote the template.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _
from liquid.exceptions import (
    BlockNestingError,
    ContextDepthError,
    LiquidError,
    LocalNamespaceLimitError,
    LoopIterationLimitError,
    OutputStreamLimitError,
    UnknownFilterError,
)

from layouts.engine_limits import DEEPEST_NESTING

QUOTED = 80


@dataclass(frozen=True)
class Trouble:
    """`code` is one of WORDS; line and column count from 1, 0 when the whole template is meant."""

    code: str
    line: int = 0
    column: int = 0
    quote: str = ""
    hint: str = ""
    values: Mapping[str, object] = field(default_factory=dict)

    def sentence(self) -> str:
        return str(WORDS[self.code]) % self.values


class TemplateTrouble(LiquidError):
    """A limit of our own or an unknown name, met where `token` stands (or, without one, in the tag being rendered)."""

    def __init__(self, code: str, *, hint: str = "", token=None, **values: object):
        super().__init__(code, token=token)
        self.code = code
        self.hint = hint
        self.values = values


WORDS = {
    "template-too-large": _("The template is longer than %(limit)s characters."),
    "blank-too-long": _("There are more than %(limit)s blanks in a row."),
    "not-closed": _("This is opened and never closed."),
    "syntax": _("This is not Liquid: %(detail)s"),
    "nested-too-deep": _("Tags stand more than %(limit)s deep in each other."),
    "no-loader": _("A layout stands alone: other templates cannot be included."),
    "unknown-field": _("There is no field “%(name)s”."),
    "unknown-filter": _("There is no filter “%(name)s”."),
    "not-a-value": _("“%(name)s” holds fields; name one of them."),
    "not-a-list": _("“%(name)s” is no list to go through."),
    "wrong-value": _("The filter “%(name)s” cannot work on this."),
    "range-too-long": _("A range has more than %(limit)s numbers."),
    "text-too-long": _("A value has more than %(limit)s characters."),
    "list-too-long": _("A list has more than %(limit)s rows."),
    "number-too-large": _("A number is too large."),
    "too-many-steps": _("The template takes more than %(limit)s steps."),
    "loop-too-long": _("A loop goes on for too long."),
    "too-slow": _("The template takes longer than %(limit)s seconds."),
    "output-too-long": _("The template writes more than is allowed."),
    "too-much-kept": _("The template keeps more in its variables than is allowed."),
    "unexpected": _("This cannot be worked out."),
}

_LIMITS = {
    BlockNestingError: ("nested-too-deep", {"limit": DEEPEST_NESTING}),
    ContextDepthError: ("nested-too-deep", {"limit": DEEPEST_NESTING}),
    LoopIterationLimitError: ("loop-too-long", {}),
    OutputStreamLimitError: ("output-too-long", {}),
    LocalNamespaceLimitError: ("too-much-kept", {}),
}


def trouble_at(code: str, source: str, index: int, *, hint: str = "", **values: object) -> Trouble:
    """The trouble at a place in `source`, with the line that stands there."""
    index = min(max(index, 0), len(source))
    start = source.rfind("\n", 0, index) + 1
    end = source.find("\n", index)
    line = source[start : end if end >= 0 else len(source)]
    column = index - start
    first = max(0, column - QUOTED // 2) if len(line) > QUOTED else 0
    quote = line[first : first + QUOTED].strip()
    return Trouble(code, source.count("\n", 0, index) + 1, column + 1, quote, hint, values)


def trouble_of(error: LiquidError, source: str) -> Trouble:
    """What a refusal by the engine means to the author."""
    index = error.token.start_index if error.token is not None else -1
    if isinstance(error, TemplateTrouble):
        return _placed(error.code, source, index, hint=error.hint, **error.values)
    for kind, (code, values) in _LIMITS.items():
        if isinstance(error, kind):
            return _placed(code, source, index, **values)
    if isinstance(error, UnknownFilterError):
        return _placed("unknown-filter", source, index, name=error.token.value if error.token else "")
    return _placed("syntax", source, index, detail=str(error.message)[:200])


def _placed(code: str, source: str, index: int, *, hint: str = "", **values: object) -> Trouble:
    if index < 0:
        return Trouble(code, hint=hint, values=values)
    return trouble_at(code, source, index, hint=hint, **values)
