"""Which text of a template is sent in which language."""

from collections.abc import Iterable
from typing import NamedTuple

from messaging.builtin import builtin_text
from messaging.models import MailTemplate


class Text(NamedTuple):
    """Liquid sources and the language they are written in."""

    language: str
    subject: str
    html: str


def language_for(wanted: str, *, shop_language: str, spoken: Iterable[str]) -> str:
    """`wanted` (as an order has it: `nl`, `nl-BE`, anything) where it is spoken, else the shop's language, else any."""
    languages = list(spoken)
    tries = (wanted[:2].lower(), shop_language, "en")
    return next((each for each in tries if each in languages), languages[0])


def text_of(template: MailTemplate, wanted: str, *, shop_language: str) -> Text | None:
    """The text for a customer who reads `wanted`; one query, none where the translations were prefetched.

    The shop's own text if it wrote any, else the built-in one. None for a template that has neither.
    """
    own = {each.language: each for each in template.translations.all()}
    if own:
        language = language_for(wanted, shop_language=shop_language, spoken=own)
        return Text(language, own[language].subject, own[language].html)
    if not template.purpose:
        return None
    language = language_for(wanted, shop_language=shop_language, spoken=("en", "nl", "sv"))
    builtin = builtin_text(template.purpose, language)
    return Text(language, builtin.subject, builtin.html)
