"""The built-in layouts: for each kind a folder under `layouts/builtin/` with template, style sheet and files."""

from functools import cache
from pathlib import Path

from layouts.kinds import Kind
from layouts.source import Source

FOLDER = Path(__file__).parent / "builtin"
TEMPLATE, STYLE = "layout.html.liquid", "layout.css"


@cache
def standard(kind: str) -> Source:
    """The built-in layout of a kind, read once a process. Raises ValueError for a kind that does not exist."""
    folder = FOLDER / Kind(kind).value
    return Source(
        html=(folder / TEMPLATE).read_text(encoding="utf-8"),
        css=(folder / STYLE).read_text(encoding="utf-8"),
        files={
            path.name: path.read_bytes()
            for path in sorted(folder.iterdir())
            if path.is_file() and path.name not in (TEMPLATE, STYLE)
        },
        label=f"built-in {Kind(kind).value}",
    )
