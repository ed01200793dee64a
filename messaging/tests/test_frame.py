"""The frame around mails, and that every built-in mail is there in every language."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from backoffice.colours import Colour
from layouts.fields import SAMPLE
from messaging.builtin import LANGUAGES, builtin_text
from messaging.frame import COLOURS, WORDS, framed

SELLER = SAMPLE["shop"]


def frame(content="<p>Hello</p>", **values):
    dull = {"seller": SELLER, "colour": "teal", "subject": "On its way", "language": "en"}
    return framed(content, **dull | values)


def test_the_shop_says_who_it_is_above_and_below():
    html = frame(seller={**SELLER, "name": "Salt & Sons", "company": "Salt & Sons <B.V.>"})

    assert "Salt &amp; Sons</td>" in html
    assert "Salt &amp; Sons &lt;B.V.&gt;" in html


def test_styles_stand_in_the_elements_and_those_for_dark_in_the_head():
    html = frame('<p><a class="button" href="https://shop.example/">Follow</a></p>')

    button = re.search(r'<a class="button"[^>]*>', html)[0]
    assert f"background-color: {COLOURS['teal']}" in button
    assert "prefers-color-scheme: dark" in html
    assert "max-width: 480px" in html


def test_a_long_name_keeps_away_from_its_amount():
    html = frame('<table class="lines"><tr><td>Candle</td><td class="amount">12.10</td></tr></table>')

    style = re.search(r'<td class="amount" style="([^"]*)"', html)[1]
    # Whichever comes last holds.
    assert style.index("padding-left: 12px") > style.index("padding: 10px 0")


def test_every_colour_of_a_shop_has_the_tone_of_the_style_sheet():
    tokens = (Path(settings.BASE_DIR) / "static/css/tokens.css").read_text()

    assert {name: re.search(rf"--{name}-fg: light-dark\((#\w+)", tokens)[1] for name in Colour.values} == COLOURS


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_frame_speaks_the_language_of_the_mail(language):
    html = frame(language=language)

    assert f'<html lang="{language}">' in html
    assert WORDS[language]["questions"] in html


def test_a_text_has_its_parts_written_out():
    text = builtin_text("confirmation", "nl")

    assert text.subject == "We hebben je bestelling {{ order.number }} ontvangen"
    assert "{% for line in order.lines %}" in text.html
    assert not re.search(r"^\[", text.html, re.MULTILINE)


def test_a_language_nobody_translated_falls_back_to_english():
    assert builtin_text("paid", "fi") == builtin_text("paid", "en")
