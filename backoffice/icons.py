"""The closed list of icons and the sprite they are drawn from.

The drawings are those of the `lucide` package (ISC licence). `manage.py icons` writes them as one SVG file of
symbols, so that a page loads all of them in one cached request.
"""

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


def sprite() -> str:
    """The whole SVG file: a `<symbol id="our-name">` for each icon, in alphabetical order."""
    symbols = "".join(_symbol(name, lucide_name) for name, lucide_name in sorted(ICONS.items()))
    return (
        "<!-- Written by `manage.py icons` from the Lucide icons, ISC licence, https://lucide.dev/license -->\n"
        f'<svg xmlns="http://www.w3.org/2000/svg">\n{symbols}</svg>\n'
    )


def _symbol(name: str, lucide_name: str) -> str:
    """One line; the strokes take their colour and width from the page, so only the shapes are kept."""
    drawing = ElementTree.fromstring(lucide(lucide_name, size=None))  # noqa: S314  (ours: an installed package)
    shapes = "".join(_shape(shape) for shape in drawing)
    return f'<symbol id="{name}" viewBox="{drawing.get("viewBox")}">{shapes}</symbol>\n'


def _shape(shape: ElementTree.Element) -> str:
    shape.tail = None
    shape.tag = shape.tag.rpartition("}")[2]
    return ElementTree.tostring(shape, encoding="unicode", short_empty_elements=True).replace(" />", "/>")
