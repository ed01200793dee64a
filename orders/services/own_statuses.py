"""What becomes of orders when the shop removes or renames a status: the answer to `statuses.usage.Carrier`."""

import uuid
from collections.abc import Iterable

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import override

from backoffice import jobs
from backoffice.actor import Actor
from backoffice.models import Job, JobItem, Shop
from backoffice.roles import Permission
from orders.models import Order, OrderLine, StatusCount
from orders.services import status_names
from orders.services.change import Change, changing
from orders.services.errors import ChangeRefused
from orders.services.status import FIELDS, move_lines, resolve
from orders.services.undo import undo
from statuses.catalogue import catalogue_of
from statuses.kinds import FulfilmentStatus, Kind
from statuses.models import ShopStatus
from statuses.usage import Moved, register_carrier

MOST_AT_ONCE = 50
JOB_KIND = "orders.replace-status"


class OrdersCarryStatuses:
    """The orders' side of the seam; see `statuses.usage.Carrier` for what each answers."""

    def counts(self, shop: Shop) -> dict[tuple[str, str], int]:
        counted = StatusCount.objects.for_shop(shop).values_list("kind", "code", "number_of_orders")
        counts = {(kind, code): number for kind, code, number in counted}
        orders = Order.objects.for_shop(shop).visible()
        internal = orders.exclude(internal_status=None).order_by().values_list("internal_status")
        for own_id, number in internal.annotate(number=Count("pk")):
            counts[Kind.INTERNAL, f"own:{own_id}"] = number
        lines = OrderLine.objects.filter(own_status__shop=shop, order__deleted_at=None).order_by()
        for own_id, number in lines.values_list("own_status").annotate(number=Count("order", distinct=True)):
            counts[Kind.LINE, f"own:{own_id}"] = number
        return counts

    def number_with(self, status: ShopStatus) -> int:
        return _orders_with(status).count()

    def move(self, status: ShopStatus, code: str, *, by: Actor) -> Moved:
        found = list(_orders_with(status).order_by("pk").values_list("pk", "number")[: MOST_AT_ONCE + 1])
        if len(found) > MOST_AT_ONCE:
            job = jobs.start(
                JOB_KIND,
                shop=status.shop,
                by=by,
                arguments={"status": status.pk, "code": code},
                subjects=_numbered(_orders_with(status).order_by("pk").values_list("pk", "number").iterator()),
            )
            return Moved(job.number_of_items, job.act, job)
        if not found:
            return Moved(0)
        with changing(status.shop, by=by) as change:
            moved = replace_own_status(change, status, code, [pk for pk, _number in found])
        return Moved(len(moved), change.act)

    def number_showing(self, shop: Shop, status: ShopStatus) -> int | None:
        return status_names.number_showing(shop, status)

    def tell_of_new_name(self, status: ShopStatus, old: str, new: str, *, by: Actor) -> Moved:
        return status_names.tell_of_new_name(status, old, new, by=by)

    def take_back(self, act: uuid.UUID, *, shop: Shop, by: Actor) -> int:
        try:
            return len(undo(act, shop=shop, by=by).changed)
        except ChangeRefused as refusal:
            raise ValueError(str(refusal)) from refusal


def replace_own_status(change: Change, old: ShopStatus, code: str, orders: Iterable[int]) -> set[int]:
    """Give orders (keys) that carry `old` another status of its kind, those in Deleted too; returns which changed.

    Raises UnknownStatus. Whether the one may follow the other was asked when the status was chosen.
    """
    target = resolve(catalogue_of(change.shop), old.kind, code)
    locked = change.lock_many(orders)
    if old.kind == Kind.LINE:
        return move_lines(change, locked, target.code, target.own_id, instead_of=old.pk)
    fields = FIELDS[Kind(old.kind)]
    values = {fields.own: target.own_id} | ({fields.code: target.code} if fields.code else {})
    if old.kind == Kind.FULFILMENT and target.code != FulfilmentStatus.ON_HOLD:
        values |= {"hold_reason": "", "status_before_hold": ""}
    carrying = [order for order in locked if getattr(order, fields.own) == old.pk]
    for order in carrying:
        change.record(order, fields.action, change.set(order, **values))
    return {order.pk for order in carrying}


def title_of(job: Job) -> str:
    """What the job's page is called."""
    old = ShopStatus.objects.for_shop(job.shop).filter(pk=job.arguments["status"]).first()
    return _("Move the orders of removed status “%(name)s”") % {"name": old.label if old else "?"}


def do_chunk(job: Job, items: list[JobItem]) -> None:
    """The orders of a removed status get the chosen one; one that has another by now stays as it is."""
    old = ShopStatus.objects.for_shop(job.shop).get(pk=job.arguments["status"])
    with override(job.shop.language), changing(job.shop, by=job.actor, act=job.act) as change:
        try:
            changed = replace_own_status(change, old, job.arguments["code"], [item.subject_id for item in items])
        except ChangeRefused as refusal:
            outcomes = {item.pk: jobs.failed(str(refusal)) for item in items}
        else:
            outcomes = {item.pk: jobs.DONE if item.subject_id in changed else jobs.UNCHANGED for item in items}
        jobs.settle(job, outcomes)


def _orders_with(status: ShopStatus) -> QuerySet[Order]:
    orders = Order.objects.filter(shop_id=status.shop_id)
    if status.kind == Kind.LINE:
        return orders.filter(lines__own_status=status).distinct()
    return orders.filter(**{FIELDS[Kind(status.kind)].own: status.pk})


def _numbered(rows: Iterable[tuple[int, int]]) -> Iterable[tuple[int, str]]:
    return ((pk, f"{number:05d}") for pk, number in rows)


def register() -> None:
    """Tell `statuses` who carries them; called when the application starts."""
    register_carrier(OrdersCarryStatuses())
    jobs.register_kind(
        jobs.JobKind(JOB_KIND, title_of, Permission.MANAGE_SETTINGS, do_chunk=do_chunk, is_undoable=True)
    )
