"""Every change of a shop's statuses.

Names and colours are presentation: they show at once wherever a status is shown, on orders of the past too. A name
stands in what business systems fetch, so the orders that show it count as changed by a new one. Codes are what others
may rely on: they are made once and never change, not even after the status is removed.
"""

import uuid
from collections.abc import Sequence
from typing import Any, NamedTuple

import structlog
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from backoffice.actor import Actor
from backoffice.models import Shop
from statuses.catalogue import Catalogue, standard
from statuses.kinds import BUILTIN
from statuses.models import ShopStatus
from statuses.usage import Moved, carrier

log = structlog.get_logger("statuses")

MOST_OWN = 60
LONGEST_CODE = 40
# What "back to standard" resets; its place in the list stays.
SHOWN = (
    "name_en", "name_nl", "name_sv", "colour", "shape", "row_look", "is_todo", "is_shown_to_customer",
    "customer_name_en", "customer_name_nl", "customer_name_sv",
)  # fmt: skip


class ChangedMeanwhile(Exception):
    """Somebody else saved the status since it was shown; carries it as it is now."""

    def __init__(self, current: ShopStatus):
        self.current = current
        super().__init__(current.changed_by)


class TooManyStatuses(Exception):
    """The shop has `MOST_OWN` statuses of that kind."""


class StatusRemoved(Exception):
    """The status has been removed already."""


class Saved(NamedTuple):
    """A changed status, and what became of the orders that show it."""

    status: ShopStatus
    told: Moved


@transaction.atomic
def create_status(shop: Shop, kind: str, values: dict[str, Any], *, by: Actor) -> ShopStatus:
    """A new own status; its code is made from its name. Raises TooManyStatuses."""
    rows = _locked_rows(shop, kind)
    if sum(not row.is_builtin and row.retired_at is None for row in rows) >= MOST_OWN:
        raise TooManyStatuses
    status = ShopStatus(shop=shop, kind=kind, **values, changed_by=by.name)
    status.code = free_code(kind, status.name_in("en"), {row.code for row in rows})
    status.save(force_insert=True)
    log.info("status created", shop=shop.number, kind=kind, code=status.code, by=by.name)
    return status


@transaction.atomic
def change_status(shop: Shop, kind: str, code: str, values: dict[str, Any], *, seen: int, by: Actor) -> Saved:
    """Give a status other words and looks; `seen` is the version the person looked at, 0 for an untouched one.

    With a new name in a language that the shop's orders are fetched in, a job lets the orders that show it count as
    changed.
    Raises ChangedMeanwhile when somebody was quicker, StatusRemoved when it is gone.
    """
    row = next((row for row in _locked_rows(shop, kind) if row.code == code), None)
    current = row or standard(kind, code)
    if current.retired_at is not None:
        raise StatusRemoved
    if current.version != seen:
        raise ChangedMeanwhile(current)
    current.shop = shop
    before = _names_fetched(current)
    for name, value in values.items():
        setattr(current, name, value)
    current.version += 1
    current.changed_by = by.name
    current.save()
    log.info("status changed", shop=shop.number, kind=kind, code=code, by=by.name)
    for old, new in zip(before, _names_fetched(current), strict=True):
        if old != new:
            return Saved(current, carrier().tell_of_new_name(current, old, new, by=by))
    return Saved(current, Moved(0))


def _names_fetched(status: ShopStatus) -> list[str]:
    """The status's names as they stand in what is fetched of its shop and target shops, the shop's own first."""
    shop = status.shop
    languages = dict.fromkeys([shop.language, *(target.language for target in shop.targets())])
    return [status.name_in(language) for language in languages]


def back_to_standard(shop: Shop, kind: str, code: str, *, by: Actor) -> Saved | None:
    """Give a built-in status its own words and colours again; None when the shop never gave it others.

    Raises KeyError when there is no such word.
    """
    usual = standard(kind, code)
    row = ShopStatus.objects.for_shop(shop).filter(kind=kind, code=code, is_builtin=True).first()
    if row is not None:
        values = {name: getattr(usual, name) for name in SHOWN}
        return change_status(shop, kind, code, values, seen=row.version, by=by)
    return None


def is_standard(status: ShopStatus) -> bool:
    """Whether a built-in status shows as it comes."""
    usual = standard(status.kind, status.code)
    return all(getattr(status, name) == getattr(usual, name) for name in SHOWN)


@transaction.atomic
def move_status(shop: Shop, kind: str, code: str, *, up: bool) -> None:
    """Swap a status with the one above or below it; at the end of the list nothing happens."""
    codes = [row.code for row in _locked_catalogue(shop, kind).listed(kind)]
    place = codes.index(code)
    other = place - 1 if up else place + 1
    if 0 <= other < len(codes):
        codes[place], codes[other] = codes[other], codes[place]
        arrange(shop, kind, codes)


@transaction.atomic
def arrange(shop: Shop, kind: str, codes: Sequence[str]) -> None:
    """List the statuses of a kind in that order; those it does not name stay where they were, behind the others."""
    listed = _locked_catalogue(shop, kind).listed(kind)
    places = {code: place for place, code in reversed(list(enumerate(codes)))}
    listed.sort(key=lambda row: places.get(row.code, len(codes)))
    for place, row in enumerate(listed, start=1):
        row.shop, row.position = shop, place * 10
    untouched = [row for row in listed if row.pk is None]
    ShopStatus.objects.bulk_update([row for row in listed if row.pk is not None], ["position"])
    ShopStatus.objects.bulk_create(untouched)


def remove_status(status: ShopStatus, code: str, *, by: Actor) -> Moved:
    """Remove an own status; its orders get `code`, another one of its kind (empty for none, internal only).

    It is retired before its orders move, so that nobody can choose it meanwhile; when the move breaks off, the
    status stands among the removed ones with the orders that are left, and can be removed again.
    """
    ShopStatus.objects.filter(pk=status.pk, retired_at=None).update(retired_at=timezone.now(), changed_by=by.name)
    log.info("status removed", shop=status.shop.number, kind=status.kind, code=status.code, by=by.name)
    return carrier().move(status, code, by=by)


def restore_status(status: ShopStatus, *, by: Actor, act: uuid.UUID | None = None) -> int:
    """Bring a removed status back, and with `act` the orders that were moved; returns how many."""
    ShopStatus.objects.filter(pk=status.pk).update(retired_at=None, changed_by=by.name)
    log.info("status restored", shop=status.shop.number, kind=status.kind, code=status.code, by=by.name)
    return carrier().take_back(act, shop=status.shop, by=by) if act else 0


def free_code(kind: str, name: str, taken: set[str]) -> str:
    """A code made from a name that is neither a built-in word nor taken, removed statuses included."""
    stem = slugify(name)[:LONGEST_CODE].strip("-_") or "status"
    code, number = stem, 1
    while code in taken or code in BUILTIN[kind]:
        number += 1
        code = f"{stem[: LONGEST_CODE - 5]}-{number}"
    return code


def describe(status: ShopStatus) -> str:
    """A status in one line, for whoever must choose between two versions of it."""
    names = [name for name in (status.name_en, status.name_nl, status.name_sv) if name]
    return ", ".join([*(names or [_("the usual name")]), status.get_colour_display(), status.get_shape_display()])


def _locked_rows(shop: Shop, kind: str) -> list[ShopStatus]:
    """The shop's rows of a kind, the shop's row locked: two people at once are two, one after the other."""
    Shop.objects.select_for_update(no_key=True).get(pk=shop.pk)
    return list(ShopStatus.objects.for_shop(shop).filter(kind=kind))


def _locked_catalogue(shop: Shop, kind: str) -> Catalogue:
    return Catalogue(_locked_rows(shop, kind))
