"""What can go wrong with a document besides its template, in words for the author of the layout."""

from collections.abc import Iterable, Mapping, Sequence

from django.utils.translation import gettext_lazy as _

from layouts.engine import Problem, problem_of
from layouts.engine_trouble import WORDS, Trouble

WORDS.update(
    {
        "too-much-time": _("The document takes more than %(limit)s seconds to lay out."),
        "too-much-memory": _("The document takes more than %(limit)s MB of memory to lay out."),
        "too-many-pages": _("The document has more than %(limit)s pages."),
        "crashed": _("The document could not be laid out: the renderer broke down over it."),
        "not-laid-out": _("The document could not be laid out."),
        "address-refused": _("“%(name)s” is not fetched: a layout has only its own files."),
        "no-such-file": _("The layout has no file “%(name)s”."),
        "file-refused": _("“%(name)s” is no picture or font that can be used here."),
        "file-damaged": _("The picture “%(name)s” of the layout is damaged. Upload it again."),
        "picture-damaged": _("A picture on the paper, such as the logo of the shop, is damaged. Upload it again."),
        "no-glyph": _("No font of this machine has these characters, and boxes stand for them: %(characters)s"),
        "css": _("Left out of the style sheet: %(detail)s"),
    }
)


# What was whole when it was uploaded: the database or its disk lost something, and somebody has to know.
DAMAGED = frozenset({"file-damaged", "picture-damaged"})


class RenderFailed(Exception):
    """A document that could not be made; `index` is its place among the pages asked for."""

    def __init__(self, problems: Sequence[Problem], index: int = 0):
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = tuple(problems)
        self.index = index


SHOWN_CHARACTERS = 20


def boxes_for(unprintable: Iterable[str]) -> tuple[Problem, ...]:
    """What to say of characters that no font has; nothing when there are none."""
    if not (characters := sorted(unprintable)):
        return ()
    shown = " ".join(characters[:SHOWN_CHARACTERS]) + (" …" if len(characters) > SHOWN_CHARACTERS else "")
    return (problem_of(Trouble("no-glyph", values={"characters": shown})),)


def from_plain(plain: Mapping[str, object]) -> Trouble:
    return Trouble(**plain)  # type: ignore[arg-type]


def told(plain: Sequence[Mapping[str, object]]) -> tuple[Problem, ...]:
    """Troubles from the other process, in the language of the person who looks; each told once."""
    return tuple(dict.fromkeys(problem_of(from_plain(each)) for each in plain))
