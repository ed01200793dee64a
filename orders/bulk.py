"""What can be done to many orders at once: say beforehand what will happen, then do it.

Forecast and deed share one decision per order, so that what is predicted is what happens. A decision reads a few
columns only; the forecast asks the database for how many orders each combination of them holds, decides once per
combination and writes nothing, however many orders are meant.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.db.models import Count, Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from backoffice.actor import Actor
from backoffice.models import Shop
from backoffice.roles import Permission
from orders.models import Folder, LogAction, Order, OrderLine, OrderTag, Tag
from orders.services import BulkResult, ChangeRefused, UnknownStatus, changing
from orders.services.change import Change
from orders.services.errors import OrderIsDeleted
from orders.services.hold import held, released
from orders.services.status import decide_status, move_lines, resolve
from orders.services.tags import mark
from statuses.catalogue import catalogue_of
from statuses.kinds import Kind

LONGEST_REASON = 250


@dataclass
class Forecast:
    """What an action would do to a set of orders; `refused` counts the orders behind each reason."""

    changed: int = 0
    unchanged: int = 0
    refused: Counter[str] = field(default_factory=Counter)

    @property
    def reasons(self) -> list[tuple[str, int]]:
        """Why orders are refused and how many, the most frequent first."""
        return self.refused.most_common()

    @property
    def number_refused(self) -> int:
        return sum(self.refused.values())

    @property
    def total(self) -> int:
        return self.changed + self.unchanged + self.number_refused


class Action(Protocol):
    """One thing to do to orders. `title` is an imperative for buttons and headings, `done` ends a sentence."""

    title: str
    done: str
    permission: Permission

    def forecast(self, orders: QuerySet[Order]) -> Forecast: ...

    def apply(self, change: Change, orders: Iterable[Order], result: BulkResult) -> None: ...


@dataclass(frozen=True)
class FieldAction:
    """Sets fields of the order. `decide` gives the new values or raises ChangeRefused; it reads `reads` only."""

    title: str
    done: str
    permission: Permission
    log: LogAction
    reads: tuple[str, ...]
    decide: Callable[[Order], dict[str, Any]]

    def forecast(self, orders: QuerySet[Order]) -> Forecast:
        forecast = Forecast()
        groups = orders.order_by().values_list(*self.reads).annotate(number=Count("pk"))
        for *values, number in groups.iterator():
            order = Order(**dict(zip(self.reads, values, strict=True)))
            try:
                wanted = self.decide(order)
            except ChangeRefused as refusal:
                forecast.refused[str(refusal)] += number
                continue
            if any(getattr(order, name) != value for name, value in wanted.items()):
                forecast.changed += number
            else:
                forecast.unchanged += number
        return forecast

    def apply(self, change: Change, orders: Iterable[Order], result: BulkResult) -> None:
        for order in orders:
            try:
                diff = change.set(order, **self.decide(order))
            except ChangeRefused as refusal:
                result.refused.append((order, refusal))
                continue
            if diff:
                change.record(order, self.log, diff)
            (result.changed if diff else result.unchanged).append(order)


@dataclass(frozen=True)
class LineAction:
    """Sets the status of all lines of the orders."""

    title: str
    done: str
    code: str
    own_id: int | None
    permission: Permission = Permission.CHANGE_ORDERS

    def forecast(self, orders: QuerySet[Order]) -> Forecast:
        others = OrderLine.objects.filter(order=OuterRef("pk")).exclude(status=self.code, own_status=self.own_id)
        kept = orders.filter(deleted_at=None)
        changed = kept.filter(Exists(others)).count()
        forecast = Forecast(changed=changed, unchanged=kept.count() - changed)
        if deleted := orders.exclude(deleted_at=None).count():
            forecast.refused[str(OrderIsDeleted())] = deleted
        return forecast

    def apply(self, change: Change, orders: Iterable[Order], result: BulkResult) -> None:
        moved = move_lines(change, orders, self.code, self.own_id)
        for order in orders:
            if order.deleted_at is not None:
                result.refused.append((order, OrderIsDeleted()))
            else:
                (result.changed if order.pk in moved else result.unchanged).append(order)


@dataclass(frozen=True)
class TagAction:
    """Puts a tag on the orders, or takes it off."""

    title: str
    done: str
    tag: Tag
    off: bool
    permission: Permission = Permission.CHANGE_ORDERS

    def forecast(self, orders: QuerySet[Order]) -> Forecast:
        kept = orders.filter(deleted_at=None)
        total = kept.count()
        marked = kept.filter(Exists(OrderTag.objects.filter(order=OuterRef("pk"), tag=self.tag))).count()
        changed = marked if self.off else total - marked
        forecast = Forecast(changed=changed, unchanged=total - changed)
        if deleted := orders.exclude(deleted_at=None).count():
            forecast.refused[str(OrderIsDeleted())] = deleted
        return forecast

    def apply(self, change: Change, orders: Iterable[Order], result: BulkResult) -> None:
        mark(change, orders, self.tag, result, off=self.off)


def action_of(key: str, shop: Shop, reason: str = "") -> Action:
    """The action that a form's `kind:code` names in this shop. Raises UnknownStatus for anything else."""
    kind, _colon, code = key.partition(":")
    maker = _MAKERS.get(kind)
    if maker is None:
        raise UnknownStatus(key)
    return maker(shop, kind, code, reason)


def run(action: Action, keys: Iterable[int], *, shop: Shop, by: Actor, act=None) -> BulkResult:
    """Do it to the orders with these keys, all in one change. Raises OrderNotFound for a foreign key."""
    with changing(shop, by=by, act=act) as change:
        result = BulkResult(change.act)
        action.apply(change, change.lock_many(keys), result)
    return result


# --- the makers -----------------------------------------------------------------------------------


def _status(shop: Shop, kind: str, code: str, reason: str) -> Action:
    catalogue = catalogue_of(shop)
    target = resolve(catalogue, kind, code)
    label = str(catalogue.look(kind, target.code, target.own_id).label) if code else _("no internal status")
    return FieldAction(
        title=_("Set to %(status)s") % {"status": label},
        done=_("set to %(status)s") % {"status": label},
        permission=Permission.CHANGE_PAYMENTS if kind == Kind.PAYMENT else Permission.CHANGE_ORDERS,
        **decide_status(catalogue, kind, target)._asdict(),
    )


def _lines(shop: Shop, kind: str, code: str, reason: str) -> Action:
    catalogue = catalogue_of(shop)
    target = resolve(catalogue, Kind.LINE, code)
    label = str(catalogue.look(Kind.LINE, target.code, target.own_id).label)
    return LineAction(
        title=_("Set all lines to %(status)s") % {"status": label},
        done=_("with all lines set to %(status)s") % {"status": label},
        code=target.code,
        own_id=target.own_id,
    )


def _delete(shop: Shop, kind: str, code: str, reason: str) -> Action:
    now = timezone.now()
    return FieldAction(
        title=_("Move to Deleted"),
        done=_("moved to Deleted"),
        permission=Permission.CHANGE_ORDERS,
        log=LogAction.ORDER_DELETED,
        reads=("deleted_at",),
        decide=lambda order: {"deleted_at": order.deleted_at or now},
    )


def _restore(shop: Shop, kind: str, code: str, reason: str) -> Action:
    return FieldAction(
        title=_("Restore"),
        done=_("restored"),
        permission=Permission.CHANGE_ORDERS,
        log=LogAction.ORDER_RESTORED,
        reads=("deleted_at",),
        decide=lambda order: {"deleted_at": None},
    )


def _hold(shop: Shop, kind: str, code: str, reason: str) -> Action:
    reason = reason.strip()[:LONGEST_REASON]

    def decide(order: Order) -> dict[str, Any]:
        _refuse_deleted(order)
        return held(order, reason)

    return FieldAction(
        title=_("Put on hold"),
        done=_("put on hold"),
        permission=Permission.CHANGE_ORDERS,
        log=LogAction.ORDER_HELD,
        reads=("deleted_at", "fulfilment_status", "fulfilment_own_status_id", "hold_reason", "status_before_hold"),
        decide=decide,
    )


def _release(shop: Shop, kind: str, code: str, reason: str) -> Action:
    def decide(order: Order) -> dict[str, Any]:
        _refuse_deleted(order)
        return released(order)

    return FieldAction(
        title=_("Release from hold"),
        done=_("released from hold"),
        permission=Permission.CHANGE_ORDERS,
        log=LogAction.ORDER_RELEASED,
        reads=("deleted_at", "fulfilment_status", "fulfilment_own_status_id", "hold_reason", "status_before_hold"),
        decide=decide,
    )


def _printed(shop: Shop, kind: str, code: str, reason: str) -> Action:
    now = timezone.now()

    def decide(order: Order) -> dict[str, Any]:
        _refuse_deleted(order)
        return {"printed_at": order.printed_at or now}

    return FieldAction(
        title=_("Mark as printed"),
        done=_("marked as printed"),
        permission=Permission.CHANGE_ORDERS,
        log=LogAction.ORDER_PRINTED,
        reads=("deleted_at", "printed_at"),
        decide=decide,
    )


def _folder(shop: Shop, kind: str, code: str, reason: str) -> Action:
    folder = Folder.objects.for_shop(shop).kept().filter(pk=code).first() if code.isdecimal() else None
    if code and folder is None:
        raise UnknownStatus(code)

    def decide(order: Order) -> dict[str, Any]:
        _refuse_deleted(order)
        return {"folder_id": folder.pk if folder else None}

    name = folder.name if folder else _("no folder")
    return FieldAction(
        title=_("Move to %(folder)s") % {"folder": name},
        done=_("moved to %(folder)s") % {"folder": name},
        permission=Permission.CHANGE_ORDERS,
        log=LogAction.FOLDER_CHANGED,
        reads=("deleted_at", "folder_id"),
        decide=decide,
    )


def _tag(shop: Shop, kind: str, code: str, reason: str) -> Action:
    tag = Tag.objects.for_shop(shop).kept().filter(pk=code).first() if code.isdecimal() else None
    if tag is None:
        raise UnknownStatus(code)
    off = kind == "untag"
    title = _("Take off tag %(tag)s") if off else _("Add tag %(tag)s")
    done = _("without tag %(tag)s now") if off else _("tagged %(tag)s")
    return TagAction(title % {"tag": tag.name}, done % {"tag": tag.name}, tag, off)


def _refuse_deleted(order: Order) -> None:
    if order.deleted_at is not None:
        raise OrderIsDeleted


_MAKERS: dict[str, Callable[[Shop, str, str, str], Action]] = {
    Kind.FULFILMENT: _status,
    Kind.PAYMENT: _status,
    Kind.INTERNAL: _status,
    Kind.LINE: _lines,
    "delete": _delete,
    "restore": _restore,
    "hold": _hold,
    "release": _release,
    "printed": _printed,
    "folder": _folder,
    "tag": _tag,
    "untag": _tag,
}
