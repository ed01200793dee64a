"""Bulk work on orders as jobs: the same actions and the same undo, chunk by chunk."""

import uuid

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from backoffice.actor import Actor
from backoffice.jobs import DONE, UNCHANGED, JobKind, Outcome, failed, register_kind, settle, start
from backoffice.models import Job, JobItem, Shop
from backoffice.roles import Permission
from orders import bulk
from orders.models import OrderLogEntry
from orders.services import BulkResult, ChangeRefused, changing
from orders.services.errors import NothingToUndo
from orders.services.undo import refuse_late, undo_orders

# More orders than this are a job.
MOST_AT_ONCE = 50
BULK = "orders.bulk"
UNDO = "orders.undo"


def start_bulk(action: str, reason: str, orders, *, shop: Shop, by: Actor, token: uuid.UUID) -> Job:
    """A job that does the action to `orders` (a queryset), newest first."""
    rows = orders.order_by("-placed_at", "-id").values_list("pk", "number")
    return start(
        BULK,
        shop=shop,
        by=by,
        arguments={"action": action, "reason": reason},
        subjects=((pk, f"{number:05d}") for pk, number in rows.iterator(chunk_size=2000)),
        token=token,
    )


def start_undo(act: uuid.UUID, *, shop: Shop, by: Actor) -> Job:
    """A job that takes an act back, order by order. The token is made of the act, so one act is undone once.

    Raises NothingToUndo when it is older than 15 minutes.
    """
    acted = OrderLogEntry.objects.filter(act=act, order__shop=shop)
    refuse_late(acted)
    rows = acted.order_by("order_id").values_list("order_id", "order__number").distinct()
    return start(
        UNDO,
        shop=shop,
        by=by,
        arguments={"act": str(act)},
        subjects=((pk, f"{number:05d}") for pk, number in rows),
        token=uuid.uuid5(act, "undo"),
    )


def _do_bulk(job: Job, items: list[JobItem]) -> None:
    with override(_language_of(job)), changing(job.shop, by=job.actor, act=job.act) as change:
        try:
            action = bulk.action_of(job.arguments["action"], job.shop, job.arguments["reason"])
        except ChangeRefused as refusal:
            # The status or folder was deleted since the job was started.
            settle(job, {item.pk: failed(str(refusal)) for item in items})
            return
        result = BulkResult(change.act)
        action.apply(change, change.lock_many(item.subject_id for item in items), result)
        settle(job, _outcomes(items, result))


def _do_undo(job: Job, items: list[JobItem]) -> None:
    with override(_language_of(job)), changing(job.shop, by=job.actor, act=job.act) as change:
        result = BulkResult(change.act)
        try:
            undo_orders(change, uuid.UUID(job.arguments["act"]), [item.subject_id for item in items], result)
        except NothingToUndo as refusal:
            settle(job, {item.pk: failed(str(refusal)) for item in items})
            return
        settle(job, _outcomes(items, result))


def _outcomes(items: list[JobItem], result: BulkResult) -> dict[int, Outcome]:
    by_order: dict[int, Outcome] = {order.pk: DONE for order in result.changed}
    by_order |= {order.pk: UNCHANGED for order in result.unchanged}
    by_order |= {order.pk: failed(str(reason)) for order, reason in result.refused}
    return {item.pk: by_order[item.subject_id] for item in items}


def _language_of(job: Job) -> str:
    """Reasons are stored, so they are written in the language of whoever started the job."""
    return (job.user.language if job.user else "") or job.shop.language


def _bulk_title(job: Job) -> str:
    try:
        title = bulk.action_of(job.arguments["action"], job.shop, job.arguments["reason"]).title
    except ChangeRefused:
        title = job.arguments["action"]
    return _of_orders(title, job.number_of_items)


def _undo_title(job: Job) -> str:
    return _of_orders(_("Undo"), job.number_of_items)


def _of_orders(title: str, number: int) -> str:
    return ngettext("%(title)s: %(number)d order", "%(title)s: %(number)d orders", number) % {
        "title": title,
        "number": number,
    }


def register() -> None:
    register_kind(
        JobKind(BULK, _bulk_title, Permission.CHANGE_ORDERS, do_chunk=_do_bulk, chunk_size=200, is_undoable=True)
    )
    register_kind(JobKind(UNDO, _undo_title, Permission.CHANGE_ORDERS, do_chunk=_do_undo, chunk_size=200))
