"""What of a shop's HTML goes into a mail, and how the same reads as plain text."""

import re
from html.parser import HTMLParser

import nh3

_ANYWHERE = {"style", "class", "align", "valign", "width", "height", "bgcolor", "dir", "lang", "title"}
TAGS = set(
    """
    a abbr b blockquote br caption center code col colgroup dd del div dl dt em font h1 h2 h3 h4 h5 h6 hr i img ins
    li ol p pre s small span strong sub sup table tbody td tfoot th thead tr u ul
    """.split()  # noqa: SIM905  (a quoted list of 49 names reads worse)
)
ATTRIBUTES = {
    "*": _ANYWHERE,
    "a": {"href", "name", "target"},
    "img": {"src", "alt", "border"},
    "table": {"border", "cellpadding", "cellspacing", "role"},
    "td": {"colspan", "rowspan", "nowrap"},
    "th": {"colspan", "rowspan", "nowrap", "scope"},
    "col": {"span"},
    "font": {"color", "face", "size"},
    "ol": {"start", "type"},
}
# What a style may set: looks, never a place outside the mail's own box and nothing that fetches.
STYLES = set(
    """
    background-color border border-bottom border-collapse border-color border-left border-radius border-right
    border-spacing border-style border-top border-width color display font font-family font-size font-style font-
    variant font-weight height letter-spacing line-height list-style list-style-type margin margin-bottom margin-
    left margin-right margin-top max-width min-width padding padding-bottom padding-left padding-right padding-top
    table-layout text-align text-decoration text-indent text-transform vertical-align white-space width word-break
    word-wrap
    """.split()  # noqa: SIM905  (the same)
)
_BLOCKS = set("address blockquote div dl dt dd h1 h2 h3 h4 h5 h6 hr ol p pre table tr ul".split())  # noqa: SIM905
_APART = set("blockquote h1 h2 h3 h4 h5 h6 hr ol p pre table ul".split())  # noqa: SIM905


def sanitised(html: str) -> str:
    """The HTML without scripts, forms, frames, foreign styles and everything else that no mail needs."""
    return nh3.clean(
        html,
        tags=TAGS,
        clean_content_tags={"script", "style", "title", "template", "noscript"},
        attributes=ATTRIBUTES,
        url_schemes={"http", "https", "mailto", "tel", "data", "cid"},
        attribute_filter=_without_data_links,
        filter_style_properties=STYLES,
        link_rel="noopener noreferrer",
    )


def _without_data_links(tag: str, attribute: str, value: str) -> str | None:
    """A `data:` address may be a picture, never a place to go."""
    is_data = value.strip().lower().startswith("data:")
    if not is_data or (tag == "img" and re.match(r"\s*data:image/(png|jpe?g|gif|webp|svg\+xml)[;,]", value, re.I)):
        return value
    return None


def plain_text(html: str) -> str:
    """Sanitised HTML as it reads without any: paragraphs apart, rows as lines, links with their addresses."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = [re.sub(r"[ \t\xa0]+", " ", line).strip() for line in "".join(reader.parts).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.links: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self.parts.append("\n")
        elif tag == "li":
            self.parts.append("\n- ")
        elif tag in _BLOCKS:
            self.parts.append("\n\n" if tag in _APART else "\n")
        elif tag in {"td", "th"}:
            self.parts.append(" ")
        elif tag == "a":
            self.links.append((dict(attrs).get("href") or "", len(self.parts)))
        elif tag == "img" and (alternative := dict(attrs).get("alt")):
            self.parts.append(alternative)

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.parts.append("\n\n" if tag in _APART else "\n")
        elif tag == "a" and self.links:
            address, begun = self.links.pop()
            shown = "".join(self.parts[begun:]).strip()
            if address and address.removeprefix("mailto:").removeprefix("tel:") != shown:
                self.parts.append(f" ({address})")

    def handle_data(self, data: str) -> None:
        self.parts.append(re.sub(r"\s+", " ", data))
