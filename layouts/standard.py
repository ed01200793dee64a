"""The built-in layouts: for each kind a folder under `layouts/builtin/` with template, style sheet and files."""

from functools import cache
from pathlib import Path

from layouts.kinds import Kind
from layouts.source import Source

FOLDER = Path(__file__).parent / "builtin"
TEMPLATE, STYLE = "layout.html.liquid", "layout.css"
# What the papers on A4 look like in common; labels have sizes of their own.
PAPER_STYLE = "paper.css"


@cache
def standard(kind: str) -> Source:
    """The built-in layout of a kind, read once a process. Raises ValueError for a kind that does not exist."""
    return _built_in(Kind(kind).value, is_paper=kind != Kind.ADDRESS_LABEL)


@cache
def pick_round() -> Source:
    """The list to pick many orders by at once, over `layouts.fields.ROUND_FIELDS`; no shop has one of its own."""
    return _built_in("pick_round", is_paper=True)


def _built_in(name: str, *, is_paper: bool) -> Source:
    folder = FOLDER / name
    own = (folder / STYLE).read_text(encoding="utf-8")
    shared = (FOLDER / PAPER_STYLE).read_text(encoding="utf-8") if is_paper else ""
    return Source(
        html=(folder / TEMPLATE).read_text(encoding="utf-8"),
        css="\n".join(filter(None, [shared, own])),
        files={
            path.name: path.read_bytes()
            for path in sorted(folder.iterdir())
            if path.is_file() and path.name not in (TEMPLATE, STYLE)
        },
        label=f"built-in {name}",
    )
