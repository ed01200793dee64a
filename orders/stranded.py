"""What was typed at lines that take nothing any more, because somebody else was faster: it is shown and sent along.

It travels under a name of its own, so that it stays readable on every page of the form and does nothing.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from orders.models import OrderLine

KEPT = "kept."
_OF_A_LINE = re.compile(r"(?:kept\.)?((?:quantity|amount|part[1-9])[.-]([0-9]{1,6}))", re.ASCII)
_NOTHING = " 0.,"


@dataclass(frozen=True)
class Stranded:
    """`name` is the field it was typed into, `line` what that was about, `why` the reason it cannot be done.

    It `is_news` on the first page that tells of it.
    """

    name: str
    line: str
    why: str
    typed: str
    is_news: bool

    @property
    def kept(self) -> str:
        return KEPT + self.name


def stranded(
    data: Mapping[str, str], lines: Iterable[OrderLine], *, open_at: Collection[int], why: str
) -> list[Stranded]:
    """What `data` says about lines at other positions than `open_at`. `lines` are those of the order; they are read
    only if something is found."""
    found = {}
    for name, typed in data.items():
        match = _OF_A_LINE.fullmatch(name)
        if match and int(match[2]) not in open_at and typed.strip(_NOTHING):
            found[match[1]] = (int(match[2]), typed, not name.startswith(KEPT))
    by_position = {line.position: line for line in lines} if found else {}
    return [
        Stranded(name, *_line_and_reason(by_position.get(position), why), typed=typed, is_news=is_news)
        for name, (position, typed, is_news) in found.items()
    ]


def _line_and_reason(line: OrderLine | None, why: str) -> tuple[str, str]:
    if line is None:
        return _("A line that was removed"), _("It is not in this order any more.")
    return line.name or line.sku or _("No description"), why


def news_of(rows: Iterable[Stranded]) -> list[str]:
    """Why a form cannot be taken as it was typed; nothing once that was told."""
    return [f"{row.line}: {row.why}" for row in rows if row.is_news]
