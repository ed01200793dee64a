"""The mails every shop begins with: seventeen texts in three languages and the frame around all of them.

A language is one file, so that one hand can read and polish its whole voice. A mail is a `== purpose` with a
`Subject:` line and HTML below it; `[name]` on a line of its own stands for the `== part name` of the same file.
A shop that changes a mail gets it with its parts written out, so that it holds everything it shows.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

LANGUAGES = ("en", "nl", "sv")
_SECTION = re.compile(r"^== (.+)$", re.MULTILINE)
_PART = re.compile(r"^\[([a-z]+)\]$", re.MULTILINE)


@dataclass(frozen=True)
class BuiltinText:
    """Liquid sources of one mail in one language."""

    subject: str
    html: str


def builtin_text(purpose: str, language: str) -> BuiltinText:
    """The mail for that `messaging.models.Purpose`; in English where the language is none of LANGUAGES.

    Raises KeyError for an unknown purpose.
    """
    return _texts(language if language in LANGUAGES else "en")[purpose]


@cache
def _texts(language: str) -> dict[str, BuiltinText]:
    source = (Path(__file__).parent / f"{language}.txt").read_text(encoding="utf-8")
    _before, *pieces = _SECTION.split(source)
    sections = {name: text.strip() for name, text in zip(pieces[::2], pieces[1::2], strict=True)}
    parts = {name.removeprefix("part "): text for name, text in sections.items() if name.startswith("part ")}
    mails = {name: text for name, text in sections.items() if not name.startswith("part ")}
    return {name: _text(text, parts) for name, text in mails.items()}


def _text(source: str, parts: dict[str, str]) -> BuiltinText:
    subject, _newline, html = source.partition("\n")
    return BuiltinText(subject.removeprefix("Subject: "), _PART.sub(lambda found: parts[found[1]], html))
