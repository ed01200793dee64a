"""What a shop sets up: on or off, its key, its partners. Each act leaves a PullEvent."""

import secrets
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.utils import timezone

from backoffice.actor import Actor
from backoffice.models import Shop
from orderpull.addresses import listed
from orderpull.models import KEY_OVERLAP, PullEvent, PullPartner, PullSettings

Kind = PullEvent.Kind
# More than any shop has systems; each is a row on the settings page.
MOST_PARTNERS = 50


class TooManyPartners(Exception):
    """A shop has MOST_PARTNERS already."""


class PartnerExists(Exception):
    """There is a partner of that name."""


def new_key() -> str:
    """A private key of 160 random bits, in letters and digits that survive copying."""
    return secrets.token_hex(20)


def settings_of(shop: Shop) -> PullSettings:
    """The shop's settings; unsaved ones when it never had any."""
    return PullSettings.objects.filter(shop=shop).first() or PullSettings(shop=shop)


@transaction.atomic
def save_settings(shop: Shop, values: dict[str, Any], *, by: Actor) -> PullSettings:
    """Save `values` (fields of PullSettings but the keys). The first time it is turned on a key is made."""
    settings = _locked(shop)
    before = {name: getattr(settings, name) for name in values}
    for name, value in values.items():
        setattr(settings, name, value)
    if settings.is_on and not settings.key:
        _give_key(settings, by)
    settings.save()
    for name, note in _NOTES.items():
        if name in values and before[name] != values[name]:
            kind, old, new = note(before[name], values[name])
            note_event(shop, kind, by=by, old=old, new=new)
    return settings


def _locked(shop: Shop) -> PullSettings:
    PullSettings.objects.get_or_create(shop=shop)
    return PullSettings.objects.select_for_update().get(shop=shop)


def _give_key(settings: PullSettings, by: Actor) -> None:
    settings.key, settings.key_made_at, settings.key_made_by = new_key(), timezone.now(), by.name
    note_event(settings.shop, Kind.KEY_MADE, by=by)


def _on_or_off(old: bool, new: bool) -> tuple[str, str, str]:
    return (Kind.TURNED_ON if new else Kind.TURNED_OFF), "", ""


def _addresses(old: str, new: str) -> tuple[str, str, str]:
    return Kind.ADDRESSES, ", ".join(listed(old)), ", ".join(listed(new))


def _switch(kind: str) -> Callable[[bool, bool], tuple[str, str, str]]:
    return lambda old, new: (kind, str(int(old)), str(int(new)))


_NOTES: dict[str, Callable[[Any, Any], tuple[str, str, str]]] = {
    "is_on": _on_or_off,
    "allowed_addresses": _addresses,
    "include_aborted": _switch(Kind.ABORTED),
    "accepts_updates": _switch(Kind.UPDATES),
}


@transaction.atomic
def rotate_key(shop: Shop, *, by: Actor, is_overlapping: bool = True) -> str:
    """Replace the private key, or make the first; returns it, to be shown once.

    With `is_overlapping` the one before stays good for a day, else for no further call.
    """
    settings = _locked(shop)
    replaced = settings.key
    if not replaced:
        _give_key(settings, by)
    else:
        settings.key, settings.key_made_at, settings.key_made_by = new_key(), timezone.now(), by.name
        # Kept even when it is worth nothing any more, so that the log can say that it was used.
        settings.previous_key = replaced
        settings.previous_key_until = timezone.now() + KEY_OVERLAP if is_overlapping else timezone.now()
        note_event(shop, Kind.KEY_ROTATED if is_overlapping else Kind.KEY_REPLACED, by=by)
    settings.save()
    return settings.key


@transaction.atomic
def add_partner(shop: Shop, name: str, *, by: Actor) -> PullPartner:
    """Let a partner pull with a key of its own. Raises PartnerExists or TooManyPartners."""
    settings = _locked(shop)
    if settings.partners.filter(name=name).exists():
        raise PartnerExists
    if settings.partners.count() >= MOST_PARTNERS:
        raise TooManyPartners
    partner = PullPartner.objects.create(
        settings=settings, name=name, key=new_key(), key_made_at=timezone.now(), key_made_by=by.name
    )
    note_event(shop, Kind.PARTNER_ADDED, by=by, about=name)
    return partner


@transaction.atomic
def replace_partner_key(partner: PullPartner, *, by: Actor) -> str:
    """Give a partner a new key; the old one is worth nothing from now on. Returns the new one."""
    partner.key, partner.key_made_at, partner.key_made_by = new_key(), timezone.now(), by.name
    partner.save(update_fields=["key", "key_made_at", "key_made_by"])
    note_event(partner.settings.shop, Kind.KEY_REPLACED, by=by, about=partner.name)
    return partner.key


@transaction.atomic
def remove_partner(partner: PullPartner, *, by: Actor) -> None:
    note_event(partner.settings.shop, Kind.PARTNER_REMOVED, by=by, about=partner.name)
    partner.delete()


def show_key(shop: Shop, *, by: Actor, partner: PullPartner | None = None) -> str:
    """The private key of the shop, or of a partner, for someone's eyes; who looked is written down."""
    note_event(shop, Kind.KEY_SHOWN, by=by, about=partner.name if partner else "")
    return partner.key if partner else settings_of(shop).key


def note_event(shop: Shop, kind: str, *, by: Actor, about: str = "", old: str = "", new: str = "") -> None:
    PullEvent.objects.create(
        shop=shop, kind=kind, about=about, old=old, new=new, actor=by.name, user_id=by.user_id, ip_address=by.ip_address
    )


# Documents and integrators rely on these; production refuses to load the demo.
DEMO_KEYS = {"12345": "demo-private-key-12345", "54321": "demo-private-key-54321", "77700": ""}


def open_demo_shops(shops: dict[str, Shop]) -> None:
    """Let the demo's shops ({number: shop}) be pulled with their known keys; a shop without one is off."""
    for number, key in DEMO_KEYS.items():
        PullSettings.objects.update_or_create(shop=shops[number], defaults={"is_on": bool(key), "key": key})
