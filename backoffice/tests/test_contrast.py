"""The promises of static/css/tokens.css: text is readable and edges are visible, in both themes."""

import re

import pytest
from django.conf import settings

from backoffice.colours import Colour

TOKENS = (settings.BASE_DIR / "static/css/tokens.css").read_text(encoding="utf-8")
# name → (light, dark)
PAIRS = {
    name: (light, dark) for name, light, dark in re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", TOKENS)
}

TEXT_NEEDS, EDGE_NEEDS = 4.5, 3.0  # WCAG 2.2, 1.4.3 and 1.4.11
TEXTS = ["ink", "ink-2", "ink-3", "accent", "danger", "ok", "warn", "info"]
BACKGROUNDS = ["canvas", "surface", "sunken", "raised", "hover", "selected"]
ROWS = [f"{colour}-row" for colour in Colour.values]


def luminance(colour: str) -> float:
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def promises() -> list[tuple[str, str, float]]:
    """Every pair that must be told apart: (front, back, least ratio)."""
    found = [(text, back, TEXT_NEEDS) for text in TEXTS for back in BACKGROUNDS + ROWS]
    found += [(edge, back, EDGE_NEEDS) for edge in ("control", "focus") for back in BACKGROUNDS[:4] + ROWS]
    found += [("accent-solid", back, EDGE_NEEDS) for back in BACKGROUNDS[:4]]
    found += [(kind, f"{kind}-soft", TEXT_NEEDS) for kind in ("danger", "warn", "ok", "info", "accent")]
    found += [("ink", f"{kind}-soft", TEXT_NEEDS) for kind in ("danger", "warn", "ok", "info")]
    found += [("on-accent", solid, TEXT_NEEDS) for solid in ("accent-solid", "danger-solid")]
    found += [(text, nav, TEXT_NEEDS) for text in ("nav-ink", "nav-ink-2", "nav-mark") for nav in ("nav", "nav-2")]
    found += [("nav-control", nav, EDGE_NEEDS) for nav in ("nav", "nav-2")]
    for colour in Colour.values:
        found.append((f"{colour}-fg", f"{colour}-bg", TEXT_NEEDS))
        found += [(f"{colour}-mark", back, EDGE_NEEDS) for back in ("surface", f"{colour}-row", f"{colour}-bg")]
    return found


@pytest.mark.parametrize(("theme", "index"), [("light", 0), ("dark", 1)])
def test_every_text_can_be_read_and_every_edge_seen(theme, index):
    too_weak = {
        f"{theme}: {front} on {back}": round(contrast(PAIRS[front][index], PAIRS[back][index]), 2)
        for front, back, needed in promises()
        if contrast(PAIRS[front][index], PAIRS[back][index]) < needed
    }

    assert too_weak == {}


def test_black_on_white_is_the_strongest_contrast_there_is():
    assert round(contrast("#000000", "#ffffff"), 2) == 21


def test_browsers_without_light_dark_get_exactly_the_light_values():
    fallback = TOKENS.split("@supports not")[1].split("\n}\n")[0]

    assert dict(re.findall(r"--([\w-]+): (#\w{6});", fallback)) == {name: light for name, (light, _) in PAIRS.items()}


def test_each_colour_a_shop_may_choose_is_a_class():
    assert re.findall(r"^\.c-(\w+) ", TOKENS, re.MULTILINE) == Colour.values
