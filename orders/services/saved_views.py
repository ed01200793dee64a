"""Keeping lists under names. Views are no orders: they change without the log."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from backoffice.models import Shop, StaffMember
from orders.models import SavedView

MOST_VIEWS = 100


class TooManyViews(Exception):
    """One person keeps no more than MOST_VIEWS in a shop."""


def save_view(
    *, staff: StaffMember, name: str, is_shared: bool, query: str, columns: list[str], density: str
) -> SavedView:
    """Keep a list as a new view, behind the others of its kind. Raises TooManyViews."""
    own = SavedView.objects.for_shop(staff.shop).kept().filter(owner=staff.user)
    if own.count() >= MOST_VIEWS:
        raise TooManyViews
    last = siblings(staff.shop, staff, is_shared=is_shared).aggregate(last=Max("position"))["last"] or 0
    return SavedView.objects.create(
        shop=staff.shop,
        owner=staff.user,
        name=name,
        is_shared=is_shared,
        query=query,
        columns=columns,
        density=density,
        position=last + 1,
    )


def siblings(shop: Shop, staff: StaffMember, *, is_shared: bool) -> QuerySet[SavedView]:
    """The views that stand in one row with each other: the shared ones, or this person's own."""
    views = SavedView.objects.for_shop(shop).kept().filter(is_shared=is_shared)
    return views if is_shared else views.filter(owner=staff.user)


@transaction.atomic
def move_view(view: SavedView, step: int, *, staff: StaffMember) -> None:
    """Let a view change places with the one before (-1) or behind it (1)."""
    keys = list(siblings(view.shop, staff, is_shared=view.is_shared).values_list("pk", flat=True))
    at = keys.index(view.pk)
    keys.insert(min(max(at + step, 0), len(keys) - 1), keys.pop(at))
    _number(keys)


@transaction.atomic
def arrange_views(keys: Sequence[int], *, staff: StaffMember) -> None:
    """Put the views that this person may change in the order of `keys`; others stay behind them as they were."""
    for is_shared in (True, False):
        row = list(siblings(staff.shop, staff, is_shared=is_shared))
        if all(view.may_be_changed_by(staff) for view in row):
            wanted = {key: place for place, key in enumerate(keys)}
            row.sort(key=lambda view: wanted.get(view.pk, len(wanted)))
            _number([view.pk for view in row])


def _number(keys: list[int]) -> None:
    for position, key in enumerate(keys, start=1):
        SavedView.objects.filter(pk=key).exclude(position=position).update(position=position)


def delete_view(view: SavedView) -> None:
    view.deleted_at = timezone.now()
    view.save(update_fields=["deleted_at"])


def restore_view(view: SavedView) -> None:
    view.deleted_at = None
    view.save(update_fields=["deleted_at"])
