"""The statuses a person may choose from, for menus of the list and the order page."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from backoffice.models import Shop, StaffMember
from backoffice.roles import Permission
from statuses.catalogue import Catalogue, catalogue_of
from statuses.kinds import FulfilmentStatus, Kind, Look

PERMISSION_FOR = {
    Kind.FULFILMENT: Permission.CHANGE_ORDERS,
    Kind.PAYMENT: Permission.CHANGE_PAYMENTS,
    Kind.INTERNAL: Permission.CHANGE_ORDERS,
    Kind.LINE: Permission.CHANGE_ORDERS,
}


@dataclass(frozen=True)
class Choice:
    """One entry of a menu: what the form posts and how it shows."""

    value: str
    look: Look


@dataclass(frozen=True)
class Menu:
    """A menu of the bar; on a phone its icon stands without the label."""

    kind: str
    label: str | Promise
    icon: str
    choices: tuple[Choice, ...]
    can_clear: bool = False


def status_menu(shop: Shop, staff: StaffMember) -> tuple[Menu, ...]:
    """A menu for each kind of status that `staff` may set on orders; values are `kind:code`."""
    catalogue = catalogue_of(shop)
    menus = [
        Menu(Kind.FULFILMENT, _("Order status"), "tag", choices_of(catalogue, Kind.FULFILMENT)),
        Menu(Kind.LINE, _("All lines"), "rows", choices_of(catalogue, Kind.LINE)),
        Menu(Kind.PAYMENT, _("Payment status"), "card", choices_of(catalogue, Kind.PAYMENT)),
        Menu(Kind.INTERNAL, _("Internal status"), "lock", choices_of(catalogue, Kind.INTERNAL), can_clear=True),
    ]
    return tuple(menu for menu in menus if menu.choices and staff.may(PERMISSION_FOR[menu.kind]))


def choices_of(catalogue: Catalogue, kind: str) -> tuple[Choice, ...]:
    """Every status of a kind that a person may choose, own ones after the word they stand for."""
    own = {row.code: row.pk for row in catalogue.own(kind)}
    return tuple(
        Choice(f"{kind}:{code}", catalogue.look(kind, code, own.get(code)))
        for code, _label in catalogue.choices(kind)
        if code != FulfilmentStatus.ABORTED
    )
