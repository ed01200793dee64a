"""Texts of a shop: saved with a version each time, brought back, taken out of use; checked before they are kept."""

import structlog
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from backoffice.actor import Actor
from backoffice.models import Shop
from layouts.engine import Problem, problems_of
from messaging.builtin import LANGUAGES, builtin_text
from messaging.fields import MAIL_FIELDS
from messaging.models import MailTemplate, MailTemplateTranslation, MailTemplateVersion

log = structlog.get_logger("messaging.templates")


class TextRefused(Exception):
    """The sources would not render: {"subject" or "html": its problems}."""

    def __init__(self, problems: dict[str, list[Problem]]):
        self.problems = problems
        super().__init__(str(problems))


class SavedMeanwhile(Exception):
    """Somebody else saved this text since it was shown; `newest` is theirs."""

    def __init__(self, newest: MailTemplateVersion):
        self.newest = newest
        super().__init__(str(newest))


def problems_in(subject: str, html: str) -> dict[str, list[Problem]]:
    """What keeps the sources from rendering, {"subject": […], "html": […]}; only those that have any."""
    found = {"subject": problems_of(subject, MAIL_FIELDS), "html": problems_of(html, MAIL_FIELDS)}
    return {name: problems for name, problems in found.items() if problems}


@transaction.atomic
def save_text(
    template: MailTemplate, language: str, *, subject: str, html: str, seen: int, by: Actor, note: str = ""
) -> MailTemplateVersion:
    """Save the text of one language as its newest version, and the template with it when it is new.

    `seen` is the number of the version that was shown, 0 for none. The same text again makes no version. Raises
    TextRefused, SavedMeanwhile.
    """
    if problems := problems_in(subject, html):
        raise TextRefused(problems)
    template = _locked(template, by)
    newest = template.versions.filter(language=language).first()
    if newest is not None and (newest.subject, newest.html) == (subject, html):
        return newest
    if newest is not None and newest.number != seen:
        raise SavedMeanwhile(newest)
    _keep_other_languages(template, language, by)
    return _write(template, language, subject, html, by, note)


@transaction.atomic
def create_template(shop: Shop, name: str, *, by: Actor, begin_with: str = "") -> MailTemplate:
    """A template of the shop's own, in each language a copy of the built-in mail it begins with, if any."""
    template = _locked(MailTemplate(shop=shop, name=name), by)
    if begin_with:
        for language in LANGUAGES:
            text = builtin_text(begin_with, language)
            _write(template, language, text.subject, text.html, by, "")
    return template


@transaction.atomic
def restore(version: MailTemplateVersion, *, by: Actor) -> MailTemplateVersion:
    """Make an older text the newest one again. Raises TextRefused where it no longer renders."""
    if problems := problems_in(version.subject, version.html):
        raise TextRefused(problems)
    template = _locked(version.template, by)
    return _write(template, version.language, version.subject, version.html, by, f"{version.number}")


@transaction.atomic
def back_to_builtin(template: MailTemplate, *, by: Actor) -> None:
    """Forget the shop's own texts of a built-in mail; their versions stay and can be restored."""
    template = _locked(template, by)
    template.translations.all().delete()
    log.info("mail back to built-in", shop=template.shop_id, template=template.pk, by=by.name)


@transaction.atomic
def name_template(template: MailTemplate, name: str, *, by: Actor) -> MailTemplate:
    """Give it another name, or make it with this one."""
    template.name = name
    return _locked(template, by, name=name)


@transaction.atomic
def delete_template(template: MailTemplate, *, by: Actor) -> None:
    """Take an own template out of the lists. What still waits was written already or is refused readably."""
    template.deleted_at, template.changed_by = timezone.now(), by.name
    template.save(update_fields=["deleted_at", "changed_by"])
    template.triggers.all().delete()
    log.info("mail template deleted", shop=template.shop_id, template=template.pk, by=by.name)


def templates_of(shop: Shop) -> list[MailTemplate]:
    """The templates of a shop, texts fetched along, by name."""
    rows = MailTemplate.objects.for_shop(shop).filter(deleted_at=None)
    return list(rows.prefetch_related("translations"))


def _locked(template: MailTemplate, by: Actor, **values: object) -> MailTemplate:
    """The template's row, made when there is none yet, locked to the end of the transaction and marked as changed."""
    values |= {"changed_at": timezone.now(), "changed_by": by.name}
    if template.pk is None:
        if template.purpose:
            key = {"shop": template.shop, "purpose": template.purpose, "deleted_at": None}
            made, _is_new = MailTemplate.objects.get_or_create(**key, defaults={"name": template.name} | values)
        else:
            made = MailTemplate.objects.create(shop=template.shop, **{"name": template.name} | values)
        template.pk = made.pk
    locked = MailTemplate.objects.select_for_update().get(pk=template.pk)
    for name, value in values.items():
        setattr(locked, name, value)
    locked.save(update_fields=list(values))
    return locked


def _keep_other_languages(template: MailTemplate, language: str, by: Actor) -> None:
    """With its first own text a built-in mail gets its other languages written out: they are sent as before."""
    if not template.purpose or template.translations.exists():
        return
    for other in LANGUAGES:
        if other != language:
            text = builtin_text(template.purpose, other)
            _write(template, other, text.subject, text.html, by, "")


def _write(template: MailTemplate, language: str, subject: str, html: str, by: Actor, note: str) -> MailTemplateVersion:
    MailTemplateTranslation.objects.update_or_create(
        template=template, language=language, defaults={"subject": subject, "html": html}
    )
    newest = template.versions.filter(language=language).aggregate(number=Max("number"))["number"] or 0
    log.info("mail text saved", shop=template.shop_id, template=template.pk, language=language, by=by.name)
    return MailTemplateVersion.objects.create(
        template=template,
        language=language,
        number=newest + 1,
        subject=subject,
        html=html,
        note=note,
        by=by.name,
    )
