"""The built-in layouts: what they name exists, in all languages, and they come out as they should."""

import re

import pytest

from layouts.builtin.words import WORDS, word
from layouts.engine import problems_of, render_text
from layouts.engine_limits import PAPER
from layouts.fields import INVOICE_FIELDS, LABEL_FIELDS, ORDER_FIELDS, ROUND_FIELDS
from layouts.kinds import LEGAL_KINDS, Kind
from layouts.standard import pick_round, standard

LANGUAGES = ("nl", "sv")
SOURCES = {kind.value: standard(kind) for kind in Kind} | {"pick_round": pick_round()}
TRANSLATED = re.compile(r"'([^']*)' \| t\b")


def fields_of(name):
    if name in LEGAL_KINDS:
        return INVOICE_FIELDS
    return {Kind.ADDRESS_LABEL: LABEL_FIELDS, "pick_round": ROUND_FIELDS}.get(name, ORDER_FIELDS)


@pytest.mark.parametrize("name", SOURCES)
def test_a_built_in_layout_has_no_problems(name):
    assert problems_of(SOURCES[name].html, fields_of(name)) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_of_the_layouts_is_there_in_every_language_and_none_is_left_over(language):
    used = {text for source in SOURCES.values() for text in TRANSLATED.findall(source.html)}

    assert len(used) > 60
    assert set(WORDS[language]) == used
    assert all(WORDS[language].values())


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_paper_speaks_one_language(name, language):
    """No English word is left that has a translation of its own."""
    html = render_text(SOURCES[name].html, fields_of(name).sample(), language=language, limits=PAPER)
    shown = {text.strip() for text in re.findall(r">([^<>]+)<", html)}
    foreign = {english for english, own in WORDS[language].items() if own != english}

    assert f'<html lang="{language}">' in html
    assert shown & foreign == set()


def test_an_unknown_language_is_english():
    assert word("Invoice", "fr") == "Invoice"
    assert word("Invoice", "nl-BE") == "Factuur"


def test_the_papers_share_one_style_and_labels_have_their_own():
    shared = [kind for kind in Kind if "position: running(foot)" in standard(kind).css]

    assert set(Kind) - set(shared) == {Kind.ADDRESS_LABEL}


def test_markup_in_an_order_is_text_on_every_paper():
    data = INVOICE_FIELDS.sample()
    for line in data["order"]["lines"] + data["invoice"]["lines"]:
        line["name"] = "<b>bold</b><script>x</script>"
    for name in set(SOURCES) - {Kind.ADDRESS_LABEL, "pick_round"}:
        html = render_text(SOURCES[name].html, data, language="en", limits=PAPER)

        assert "<script>" not in html
        assert "&lt;b&gt;bold&lt;/b&gt;" in html
