"""Every text of the product reads in Dutch and Swedish as well, and says there what it says in English."""

import gettext
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from django.conf import settings
from django.utils.translation.template import templatize

from backoffice.management.commands.translations import compile_catalogue

TRANSLATED = [code for code, _name in settings.LANGUAGES if code != "en"]
APPS = ["backoffice", "statuses", "layouts", "orders", "messaging", "orderpull", "marketplaces"]
IN_CONTEXT = ((1, "c"), 2)
KEYWORDS = {
    **dict.fromkeys(["_", "gettext", "gettext_lazy", "gettext_noop"]),
    **dict.fromkeys(["ngettext", "ngettext_lazy"], (1, 2)),
    **dict.fromkeys(["pgettext", "pgettext_lazy"], IN_CONTEXT),
    **dict.fromkeys(["npgettext", "npgettext_lazy"], (*IN_CONTEXT, 3)),
}
PLACEHOLDERS = re.compile(r"%(?:\(\w+\))?[sd]|%%\w?|\{\w*\}|</?\w[^>]*>")
END = re.compile(r"[.:?!…\s]*$")
ABBREVIATED = ("incl.", "inkl.", "excl.", "exkl.")
# House style: "je" and "du", never "u" and "ni".
TOO_FORMAL = {
    "nl": re.compile(r"\b(u|uw|uzelf)\b", re.IGNORECASE),
    "sv": re.compile(r"\b(ni|ers?|ert|era)\b", re.IGNORECASE),
}


# --- What there is to translate: (context or None, text), where a text with a plural is a pair


def texts_of(path: Path) -> Iterator[tuple[str | None, str | tuple[str, str]]]:
    source = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        # Django turns a template into something like Python; in brackets, because its lines are indented anyhow.
        source = f"(\n{templatize(source, origin=str(path))}\n)"
    for _line, text, _comments, context in extract("python", io.BytesIO(source.encode()), KEYWORDS):
        yield context, text


def texts_of_the_product() -> set[tuple[str | None, str | tuple[str, str]]]:
    modules = (path for app in APPS for path in (settings.BASE_DIR / app).rglob("*.py") if "tests" not in path.parts)
    templates = (path for path in (settings.BASE_DIR / "templates").rglob("*") if path.is_file())
    return {text for path in [*modules, *templates] for text in texts_of(path)}


def catalogue_of(language: str) -> Catalog:
    with Path(settings.LOCALE_PATHS[0], language, "LC_MESSAGES/django.po").open("rb") as source:
        return read_po(source, locale=language)


def forms_of(message: Message) -> list[tuple[str, str]]:
    """The English and the translated text; of a plural the singulars and the plurals."""
    if message.pluralizable:
        return list(zip(message.id, message.string, strict=True))
    return [(message.id, message.string)]


def is_translated(message: Message) -> bool:
    return not message.fuzzy and all(text for _english, text in forms_of(message))


def pairs_of(language: str) -> list[tuple[str, str]]:
    """What is said in English and in this language."""
    return [
        pair
        for message in catalogue_of(language)
        if message.id and is_translated(message)
        for pair in forms_of(message)
    ]


# --- Nothing is left in English


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_is_translated(language):
    translated = {(each.context, each.id) for each in catalogue_of(language) if each.id and is_translated(each)}

    missing = texts_of_the_product() - translated

    assert missing == set(), (
        "`make messages` collects new texts into locale/*/LC_MESSAGES/django.po; translate them there."
    )


def test_the_collector_sees_modules_and_templates(tmp_path):
    module, template = tmp_path / "views.py", tmp_path / "page.html"
    module.write_text(
        '_("Orders")\npgettext("status", "New")\nngettext("%(n)s line", "%(n)s lines", 2)\nf("left alone")\n'
    )
    template.write_text(
        '<p>{% if page %}\n  {% translate "Save" %} {{ form|default:_("None") }}{% endif %}\n'
        "{% blocktranslate count n=n %}{{ n }} order{% plural %}{{ n }} orders{% endblocktranslate %} left alone</p>"
    )

    assert set(texts_of(module)) == {
        (None, "Orders"),
        ("status", "New"),
        (None, ("%(n)s line", "%(n)s lines")),
    }
    assert set(texts_of(template)) == {(None, "Save"), (None, "None"), (None, ("%(n)s order", "%(n)s orders"))}


# --- What is said is the same


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_keeps_placeholders_and_markup(language):
    lost = [
        (english, text)
        for english, text in pairs_of(language)
        if sorted(PLACEHOLDERS.findall(text)) != sorted(PLACEHOLDERS.findall(english))
    ]

    assert lost == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_ends_as_the_text_does(language):
    """A sentence with a full stop, a label without; "Put on hold…" asks something first in every language."""
    different = [
        (english, text)
        for english, text in pairs_of(language)
        if END.search(text).group() != END.search(english).group() and not text.endswith(ABBREVIATED)
    ]

    assert different == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_people_are_spoken_to_as_the_house_does(language):
    formal = [text for _english, text in pairs_of(language) if TOO_FORMAL[language].search(text)]

    assert formal == []


# --- And the pages say it


def test_a_compiled_catalogue_knows_contexts_and_plurals_but_nothing_fuzzy(tmp_path):
    catalogue = tmp_path / "django.po"
    catalogue.write_text(
        'msgid ""\nmsgstr "Language: nl\\nContent-Type: text/plain; charset=UTF-8\\n'
        'Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
        'msgid "Orders"\nmsgstr "Bestellingen"\n\n'
        'msgctxt "status"\nmsgid "New"\nmsgstr "Nieuw"\n\n'
        'msgid "%(n)s line"\nmsgid_plural "%(n)s lines"\nmsgstr[0] "%(n)s regel"\nmsgstr[1] "%(n)s regels"\n\n'
        '#, fuzzy\nmsgid "Save"\nmsgstr "Verwijderen"\n',
        encoding="utf-8",
    )

    compiled = compile_catalogue(catalogue)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["django.mo", "django.po"]
    with compiled.open("rb") as file:
        dutch = gettext.GNUTranslations(file)
    assert [dutch.gettext("Orders"), dutch.pgettext("status", "New"), dutch.gettext("Save")] == [
        "Bestellingen",
        "Nieuw",
        "Save",
    ]
    assert [dutch.ngettext("%(n)s line", "%(n)s lines", n) for n in (0, 1, 2)] == [
        "%(n)s regels",
        "%(n)s regel",
        "%(n)s regels",
    ]


@pytest.mark.parametrize(
    ("language", "words"), [("en", "My settings"), ("nl", "Mijn instellingen"), ("sv", "Mina inställningar")]
)
def test_a_page_reads_in_the_language_of_the_person(clerk_client, clerk, language, words):
    clerk.user.language = language
    clerk.user.save()

    page = clerk_client.get("/me/").content.decode()

    assert f"<h1>{words}</h1>" in page
