"""Whose code is this? CERTAIN, or several are possible, or it was mistyped, or nobody here knows."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

from orders.tracking.carriers import CARRIERS, Destination
from orders.tracking.formats import OWN, SHARED, Format

# What the eye confuses on a label, both ways.
LOOK_ALIKES = {
    "O": "0",
    "0": "O",
    "I": "1",
    "1": "I",
    "L": "1",
    "S": "5",
    "5": "S",
    "B": "8",
    "8": "B",
    "Z": "2",
    "2": "Z",
}


class Verdict(StrEnum):
    CERTAIN = "certain"
    ASK = "ask"
    TYPO = "typo"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Recognised:
    """What a code says about itself.

    `code` is how it is kept; `carriers` are those it may belong to, one when CERTAIN or TYPO; `guess` is the code
    that was probably meant, empty unless there is one alone; `lengths` how long such codes are, when this is not.
    `country` and `postcode` are those the label was made for, where the code carries them.
    """

    verdict: Verdict
    code: str
    carriers: tuple[str, ...] = ()
    guess: str = ""
    lengths: str = ""
    country: str = ""
    postcode: str = ""

    @property
    def carrier(self) -> str:
        """The one carrier it is sure to belong to, else empty."""
        return self.carriers[0] if self.verdict == Verdict.CERTAIN else ""

    def leads_elsewhere(self, to: Destination) -> bool:
        """Whether the label was made for another country or postcode, or its carrier does not go there."""
        if not to.country:
            return False
        if self.country and self.country != to.country:
            return True
        if self.postcode and to.plain_postcode and self.postcode != to.plain_postcode:
            return True
        return bool(self.carriers) and not any(CARRIERS[name].may_deliver_in(to.country) for name in self.carriers)


def normalised(text: str) -> str:
    """A code as it is compared and kept: capitals, without spaces, dots, dashes and what a scanner puts before it.

    Scanners send the symbology (`]C1`) and GS1's `(00)`; DPD labels begin with `%`; USPS codes with 420 and a ZIP.
    """
    code = re.sub(r"[\s.\-_/()]", "", re.sub(r"^\][A-Za-z][0-9]", "", text.strip())).upper().removeprefix("%")
    return re.sub(r"^420(?:[0-9]{9}|[0-9]{5})(?=9[1-5][0-9]{20}(?:[0-9]{4})?$)", "", code)


def recognise(text: str, *, expected: Collection[str] = ()) -> Recognised:
    """What is known about a code as it was typed or scanned.

    `expected` are carriers the order itself names (its shipping method): where several are possible they decide.
    """
    code = normalised(text)
    return _by_shape(code) or _by_expectation(code, expected) or _by_mistake(code) or Recognised(Verdict.UNKNOWN, code)


def _by_shape(code: str) -> Recognised | None:
    """A right code of a shape that one carrier alone uses."""
    found = [each for each in OWN if each.accepts(code)]
    if len({each.carrier for each in found}) != 1:
        return _several(code, found) if found else None
    return _certain(code, found[0])


def _by_expectation(code: str, expected: Collection[str]) -> Recognised | None:
    """Shapes that several use: the order's own carrier if it is one of them, else the person is asked."""
    found = [each for each in SHARED if each.accepts(code)]
    named = [each for each in found if each.carrier in expected]
    if len({each.carrier for each in named}) == 1:
        return _certain(code, named[0])
    return _several(code, named or found) if found else None


def _by_mistake(code: str) -> Recognised | None:
    """A code that looks like one carrier's, but whose check digit or length is wrong."""
    guesses = _right_neighbours(code)
    wrong = next((each for each in OWN if each.fits(code)), None)
    begun = next((each for each in OWN if each.beginning and each.beginning.match(code)), None)
    meant = _by_shape(guesses.pop()) if len(guesses) == 1 else None
    if meant and meant.carrier and (wrong is None or wrong.carrier == meant.carrier):
        return Recognised(Verdict.TYPO, code, meant.carriers, guess=meant.code)
    if wrong is not None:
        return Recognised(Verdict.TYPO, code, (wrong.carrier,))
    if begun is not None:
        return Recognised(Verdict.TYPO, code, (begun.carrier,), lengths=begun.lengths)
    return None


def _certain(code: str, how: Format) -> Recognised:
    return Recognised(
        Verdict.CERTAIN,
        how.code_in(code) if how.code_in else code,
        (how.carrier,),
        country=how.country_in(code) if how.country_in else "",
        postcode=how.postcode_in(code) if how.postcode_in else "",
    )


def _several(code: str, found: list[Format]) -> Recognised:
    return Recognised(Verdict.ASK, code, tuple(dict.fromkeys(each.carrier for each in found)))


def _right_neighbours(code: str) -> set[str]:
    """Right codes one mistake away: first look-alikes, then two neighbours that changed places."""
    telling = [shape for shape in OWN if shape.is_right or shape.start]
    for neighbours in (_look_alikes(code), _swapped(code)):
        if right := {each for each in neighbours if any(shape.accepts(each) for shape in telling)}:
            return right
    return set()


def _look_alikes(code: str) -> Iterator[str]:
    for place, mark in enumerate(code):
        if mark in LOOK_ALIKES:
            yield code[:place] + LOOK_ALIKES[mark] + code[place + 1 :]


def _swapped(code: str) -> Iterator[str]:
    for place in range(len(code) - 1):
        first, second = code[place], code[place + 1]
        if first != second:
            yield code[:place] + second + first + code[place + 2 :]
