"""The head of the order page: what the order is, how far it is, and what can be done next."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from orders import display, progress, waiting
from orders.mail_forecast import OrderForecast
from orders.models import (
    Folder,
    Order,
    OrderLine,
    OrderLogEntry,
    Payment,
    PaymentState,
    Refund,
    RefundState,
    Shipment,
    Source,
    WaitingFor,
)
from orders.order_page.cards import ShipCard, lacks_code
from orders.order_page.context import PageContext, dotted, weight
from orders.services.status import current_code, resolve
from orders.status_menu import choices_of
from statuses.kinds import FulfilmentStatus, Kind, Look
from statuses.transitions import may_follow


@dataclass(frozen=True)
class Button:
    """A form of one button that moves a status; `seen` is what the page showed when it was pressed.

    Without a status it is a link to the page on which the step is done.
    """

    label: str | Promise
    icon: str
    url: str
    status: str = ""
    seen: str = ""
    mails: int = 0


@dataclass(frozen=True)
class WaitingLine:
    """Why the order waits and what to do about it: a button, or a link to a page; neither without the right."""

    text: str
    button: Button | None = None
    link: Button | None = None


@dataclass(frozen=True)
class Move:
    """A status that may come next: how it looks, and how many mails it would send at most."""

    code: str
    label: str | Promise
    colour: str
    shape: str
    mails: int = 0


@dataclass(frozen=True)
class StatusMenu:
    """The statuses of one kind that may come next."""

    label: str | Promise
    url: str
    looks: list[Move]
    seen: str
    can_clear: bool = False


@dataclass(frozen=True)
class FolderChoice:
    """A folder to move the order to; no key for none."""

    key: str
    name: str
    is_current: bool


def folders(at: PageContext, of_shop: Sequence[Folder]) -> list[FolderChoice]:
    """Where the order can be filed; nothing where the shop keeps no folders or the person may not.

    `of_shop` are the shop's folders in their order, deleted ones too.
    """
    if not at.rights.change:
        return []
    kept = [(str(folder.pk), folder.name) for folder in of_shop if folder.deleted_at is None]
    current = str(at.order.folder_id or "")
    choices = [("", _("No folder")), *kept] if kept else []
    return [FolderChoice(key, name, key == current) for key, name in choices]


def order_url(at: PageContext, number: str | None) -> str:
    """Another order, reached from the same list."""
    if number is None:
        return ""
    kept = f"?{urlencode({'from': at.query.list_query})}" if at.query.list_query else ""
    return reverse("orders:detail", args=[at.shop.number, number]) + kept


def pills(at: PageContext) -> list[Look]:
    """The order's statuses, and what is out of the ordinary."""
    order = at.order
    shown = [
        at.catalogue.look(Kind.FULFILMENT, order.fulfilment_status, order.fulfilment_own_status_id),
        at.catalogue.look(Kind.PAYMENT, order.payment_status, order.payment_own_status_id),
    ]
    if order.internal_status_id is not None:
        shown.append(at.catalogue.look(Kind.INTERNAL, "", order.internal_status_id))
    number = order.number_of_lines_backordered
    if number:
        text = ngettext("%(number)s line backordered", "%(number)s lines backordered", number)
        shown.append(Look("", text % {"number": display.integer(number)}, "orange", "half"))
    return shown


def meta(at: PageContext, lines: list[OrderLine]) -> list[str]:
    """When, from where, how it is sent and how much it is."""
    order = at.order
    pieces = sum((line.quantity for line in lines if line.kind != OrderLine.Kind.FEE), Decimal(0))
    source = [str(Source(order.source).label), order.source_name, order.customer_language]
    if order.target_shop:
        source.insert(1, order.target_shop.name)
    items = ngettext("%(number)s item", "%(number)s items", int(abs(pieces))) % {"number": display.quantity(pieces)}
    facts = [
        display.weekday_date_time(order.placed_at, at.zone),
        dotted(*source),
        order.shipping_method,
        dotted(items, weight(order.weight_g)),
    ]
    return [fact for fact in facts if fact]


def stations(at: PageContext, payments: list[Payment], log: list[OrderLogEntry]) -> list[progress.Station]:
    """The progress line, with the times that payments and log know."""
    order = at.order
    paid = next((each for each in reversed(payments) if each.state == PaymentState.PAID), None)
    done: dict[str, str] = {}
    for entry in log:
        reached = entry.changes.get("fulfilment_status", {}).get("new")
        if reached:
            done.setdefault(reached, at.short(entry.created_at))
    look = at.catalogue.look(Kind.FULFILMENT, order.fulfilment_status, order.fulfilment_own_status_id)
    return progress.stations(
        order,
        placed=at.short(order.placed_at),
        paid=", ".join(filter(None, [at.short(paid.paid_at or paid.created_at), paid.method])) if paid else "",
        done=done,
        status_label=str(look.label),
    )


def primary(at: PageContext, steps: list[progress.Step], ship: ShipCard, forecast: OrderForecast) -> Button | None:
    """The likeliest step that this person may take; what is still to leave is sent with its code."""
    for step in steps:
        if at.may(step.kind):
            if step.code == FulfilmentStatus.SHIPPED and ship.number_proposed:
                return Button(ship.label, step.icon, ship.url)
            seen = current_code(at.order, step.kind, at.catalogue)
            mails = _mails(at, step.kind, step.code, forecast)
            return Button(step.label, step.icon, at.action_url(f"set-{step.kind}"), step.code, seen, mails)
    return None


def waiting_line(
    at: PageContext,
    ship: ShipCard,
    refunds: Sequence[Refund],
    shipments: Sequence[Shipment],
    forecast: OrderForecast,
) -> WaitingLine | None:
    """Why the order waits; None when it does not."""
    action = waiting.next_action(at.order)
    if action is None:
        return None
    text = waiting.sentence(at.order, at.zone)
    if link := _page_for(at, action, ship, refunds, shipments):
        return WaitingLine(text, link=link)
    if not action.kind or not at.may(action.kind):
        return WaitingLine(text)
    if action.kind == waiting.READ:
        return WaitingLine(text, Button(action.label, action.icon, at.action_url("read-message"), "", ""))
    seen = current_code(at.order, action.kind, at.catalogue)
    mails = _mails(at, action.kind, action.code, forecast)
    button = Button(action.label, action.icon, at.action_url(f"set-{action.kind}"), action.code, seen, mails)
    return WaitingLine(text, button)


def _page_for(
    at: PageContext,
    action: waiting.NextAction,
    ship: ShipCard,
    refunds: Sequence[Refund],
    shipments: Sequence[Shipment],
) -> Button | None:
    """The page on which the reason is dealt with; None without the right to it, or with nothing to do there."""
    if action.page == waiting.SHIP and at.rights.change and ship.number_proposed:
        return Button(ship.label, action.icon, ship.url)
    if action.page == waiting.EDIT and at.rights.change:
        return Button(action.label, action.icon, f"{at.action_url(action.page)}#{_first_gap(at.order)}")
    part: Refund | Shipment | None = None
    if action.page == waiting.PAY_OUT and at.rights.pay:
        part = next((each for each in refunds if each.state == RefundState.TO_PAY_OUT), None)
    elif action.page == waiting.ADD_CODE and at.rights.change:
        part = next((each for each in reversed(shipments) if lacks_code(each)), None)
    return Button(action.label, action.icon, at.action_url(action.page, part.pk)) if part else None


def _first_gap(order: Order) -> str:
    """The field of the edit page in which a begun address is first incomplete."""
    return "shipping_city" if order.shipping_street else "shipping_street"


def hold_reason(at: PageContext) -> str:
    """Why the order is on hold, where it waits for something more urgent and its line says that instead."""
    is_said = at.order.waiting_for == WaitingFor.RELEASE
    return at.order.hold_reason if at.order.fulfilment_status == FulfilmentStatus.ON_HOLD and not is_said else ""


def menus(at: PageContext, forecast: OrderForecast) -> list[StatusMenu]:
    """The moves that are possible, by kind; a kind without one, or without the right to it, is left out."""
    order = at.order
    possible = []
    for kind, old in (
        (Kind.FULFILMENT, order.fulfilment_status),
        (Kind.PAYMENT, order.payment_status),
        (Kind.INTERNAL, ""),
    ):
        if not at.may(kind):
            continue
        seen = current_code(order, kind, at.catalogue)
        choices = [look for look in looks_of(at, kind) if look.code != seen and _may_follow(at, kind, old, look.code)]
        looks = [_move(look, _mails(at, kind, look.code, forecast)) for look in choices]
        can_clear = kind == Kind.INTERNAL and bool(seen)
        if looks or can_clear:
            possible.append(StatusMenu(Kind(kind).label, at.action_url(f"set-{kind}"), looks, seen, can_clear))
    return possible


@dataclass(frozen=True)
class LineMoves:
    """The statuses that any one line may get, and those that all may get together; nothing without the right to it."""

    of_one: list[Move]
    of_all: list[Move]

    @property
    def one_mails(self) -> bool:
        return any(move.mails for move in self.of_one)

    @property
    def all_mail(self) -> bool:
        return any(move.mails for move in self.of_all)


def line_moves(at: PageContext, forecast: OrderForecast) -> LineMoves:
    looks = looks_of(at, Kind.LINE) if at.rights.change else []
    targets = [(look, resolve(at.catalogue, Kind.LINE, look.code)) for look in looks]
    return LineMoves(
        of_one=[_move(look, forecast.mails_if_a_line(target.code, target.own_id)) for look, target in targets],
        of_all=[_move(look, forecast.mails_if_lines(target.code, target.own_id)) for look, target in targets],
    )


def _move(look: Look, mails: int) -> Move:
    return Move(look.code, look.label, look.colour, look.shape, mails)


def _mails(at: PageContext, kind: str, code: str, forecast: OrderForecast) -> int:
    target = resolve(at.catalogue, kind, code)
    return forecast.mails_if_status(kind, target.code, target.own_id)


def looks_of(at: PageContext, kind: str) -> list[Look]:
    """The statuses of a kind that a person may choose."""
    return [choice.look for choice in choices_of(at.catalogue, kind)]


def _may_follow(at: PageContext, kind: str, old: str, code: str) -> bool:
    if kind == Kind.INTERNAL:
        return True
    own = at.catalogue.find(kind, code)
    new = own.stands_for if own else code
    return new != FulfilmentStatus.ABORTED and may_follow(kind, old, new)
