"""The templates of a shop as the list and the pickers show them: its own, and the built-in ones it never touched."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max
from django.http import Http404

from backoffice.models import Shop
from messaging.builtin import LANGUAGES, BuiltinText, builtin_text
from messaging.models import MailTemplate, OutboxMail, Purpose, Trigger
from messaging.services.templates import templates_of

MOST_SHOWN = 500


@dataclass(frozen=True)
class TemplateRow:
    """`key` stands in addresses; `missing` names the languages an own text does not have."""

    key: str
    template: MailTemplate
    name: str
    purpose: str
    is_own_text: bool
    languages: list[str]
    missing: list[str]
    number_of_triggers: int
    last_used_at: datetime | None


def template_rows(shop: Shop) -> list[TemplateRow]:
    """Built-in ones in the order of an order's life, then the shop's own by name; four queries."""
    rows = templates_of(shop)
    triggers: dict[int, int] = defaultdict(int)
    for key in Trigger.objects.for_shop(shop).filter(is_on=True).values_list("template_id", flat=True):
        triggers[key] += 1
    used = dict(
        OutboxMail.objects.for_shop(shop)
        .filter(template__in=[row.pk for row in rows])
        .order_by()
        .values_list("template_id")
        .annotate(at=Max("created_at"))
    )
    by_purpose = {row.purpose: row for row in rows if row.purpose}
    ordered = [by_purpose.get(purpose) or unsaved(shop, purpose) for purpose in Purpose.values]
    own = [row for row in rows if not row.purpose]
    return [_row(each, triggers, used) for each in [*ordered, *own][:MOST_SHOWN]]


def template_choices(shop: Shop) -> list[tuple[str, str]]:
    """(key, name) of every template in the order of the list, for pickers; one query."""
    rows = list(MailTemplate.objects.for_shop(shop).filter(deleted_at=None))
    by_purpose = {row.purpose: row for row in rows if row.purpose}
    ordered = [by_purpose.get(purpose) or unsaved(shop, purpose) for purpose in Purpose.values]
    return [(key_of(each), each.name) for each in [*ordered, *(row for row in rows if not row.purpose)][:MOST_SHOWN]]


def unsaved(shop: Shop, purpose: str) -> MailTemplate:
    """A built-in mail that the shop never touched; saving its text makes its row."""
    return MailTemplate(shop=shop, purpose=purpose, name=str(Purpose(purpose).label))


def key_of(template: MailTemplate) -> str:
    return template.purpose or str(template.pk)


def template_or_404(shop: Shop, key: str) -> MailTemplate:
    """The template that an address names: by its purpose, or by its key."""
    rows = MailTemplate.objects.for_shop(shop).filter(deleted_at=None)
    if key in Purpose.values:
        found = rows.filter(purpose=key).first() or unsaved(shop, key)
    elif key.isascii() and key.isdigit() and len(key) <= 18:
        found = rows.filter(pk=key).first()
    else:
        found = None
    if found is None:
        raise Http404("No such template.")
    found.shop = shop
    return found


def source_of(template: MailTemplate, language: str) -> tuple[BuiltinText, bool]:
    """The text of one language, and whether it is the shop's own; empty where an own template lacks it."""
    texts = {text.language: text for text in template.translations.all()} if template.pk else {}
    if language in texts:
        return BuiltinText(texts[language].subject, texts[language].html), True
    if template.purpose and not texts:
        return builtin_text(template.purpose, language), False
    return BuiltinText("", ""), True


def _row(template: MailTemplate, triggers: dict[int, int], used: dict[int, datetime]) -> TemplateRow:
    own = {text.language for text in template.translations.all()} if template.pk else set()
    there = [language for language in LANGUAGES if language in own] if own else []
    if template.purpose and not own:
        there = list(LANGUAGES)
    return TemplateRow(
        key=key_of(template),
        template=template,
        name=template.name,
        purpose=str(Purpose(template.purpose).label) if template.purpose else "",
        is_own_text=bool(own) or not template.purpose,
        languages=there,
        missing=[language for language in LANGUAGES if language not in there],
        number_of_triggers=triggers[template.pk] if template.pk else 0,
        last_used_at=used.get(template.pk) if template.pk else None,
    )
