"""The closed list of icons and the sprite they are drawn from.

The drawings come from the installed `lucide` package (ISC licence) and are written as one SVG file of symbols when
the application starts, so that a page loads all of them in one cached request and no drawing is kept in our source.
"""

import hashlib
import os
from importlib.metadata import version
from pathlib import Path
from xml.etree import ElementTree

from lucide.templatetags.lucide import lucide

# Our name → Lucide's name. A template may use no other: `{% icon %}` refuses it.
ICONS = {
    "bell": "bell",
    "box": "package",
    "bubble": "message-square-text",
    "card": "credit-card",
    "chart": "chart-column",
    "check": "check",
    "clip": "paperclip",
    "clock": "clock",
    "cols": "columns-3",
    "copy": "copy",
    "dl": "download",
    "dots": "ellipsis",
    "down": "chevron-down",
    "edit": "pencil",
    "eye": "eye",
    "eye-off": "eye-off",
    "file": "file-text",
    "filter": "list-filter",
    "folder": "folder",
    "gear": "settings",
    "globe": "globe",
    "help": "circle-question-mark",
    "home": "house",
    "info": "info",
    "key": "key-round",
    "layout": "panels-top-left",
    "left": "chevron-left",
    "link": "link",
    "lock": "lock",
    "logout": "log-out",
    "mail": "mail",
    "menu": "menu",
    "minus": "minus",
    "monitor": "monitor",
    "moon": "moon",
    "note": "notepad-text",
    "orders": "receipt-text",
    "plus": "plus",
    "print": "printer",
    "pull": "arrow-down-to-line",
    "right": "chevron-right",
    "rows": "rows-3",
    "scan": "scan-barcode",
    "search": "search",
    "shield": "shield-check",
    "sort": "arrow-up-down",
    "sort-down": "arrow-down",
    "sort-up": "arrow-up",
    "split": "split",
    "star": "star",
    "store": "store",
    "sun": "sun",
    "tag": "tag",
    "truck": "truck",
    "undo": "undo-2",
    "up": "chevron-up",
    "user": "user",
    "warn": "triangle-alert",
    "x": "x",
}


def write_sprite(folder: Path) -> Path:
    """Make sure that `folder` holds the sprite of this list and this version of the drawings; returns its path."""
    target = folder / "icons.svg"
    drawn_from = f"<!-- Lucide {version('lucide')}, ISC licence, https://lucide.dev/license ({_fingerprint()}) -->\n"
    if not target.exists() or not target.read_text(encoding="utf-8").startswith(drawn_from):
        folder.mkdir(parents=True, exist_ok=True)
        # Several processes start at once: each writes its own file, the last one in place is as good as the first.
        fresh = target.with_suffix(f".{os.getpid()}")
        fresh.write_text(drawn_from + sprite(), encoding="utf-8")
        fresh.replace(target)
    return target


def _fingerprint() -> str:
    return hashlib.sha256(repr(sorted(ICONS.items())).encode()).hexdigest()[:12]


def sprite() -> str:
    """The SVG: a `<symbol id="our-name">` for each icon, in alphabetical order."""
    symbols = "".join(_symbol(name, lucide_name) for name, lucide_name in sorted(ICONS.items()))
    return f'<svg xmlns="http://www.w3.org/2000/svg">\n{symbols}</svg>\n'


def _symbol(name: str, lucide_name: str) -> str:
    """One line; the strokes take their colour and width from the page, so only the shapes are kept."""
    drawing = ElementTree.fromstring(lucide(lucide_name, size=None))  # noqa: S314  (ours: an installed package)
    shapes = "".join(_shape(shape) for shape in drawing)
    return f'<symbol id="{name}" viewBox="{drawing.get("viewBox")}">{shapes}</symbol>\n'


def _shape(shape: ElementTree.Element) -> str:
    shape.tail = None
    shape.tag = shape.tag.rpartition("}")[2]
    return ElementTree.tostring(shape, encoding="unicode", short_empty_elements=True).replace(" />", "/>")
