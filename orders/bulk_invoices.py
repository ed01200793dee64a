"""Invoices of many orders: said beforehand, then issued, at once or as a job. What was issued cannot be undone."""

import uuid
from collections import Counter
from collections.abc import Iterable

from django.db.models import Case, Count, DecimalField, Exists, F, OuterRef, QuerySet, Value, When
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from backoffice.actor import Actor
from backoffice.jobs import DONE, UNCHANGED, JobKind, Outcome, failed, register_kind, settle, start
from backoffice.models import Job, JobItem, Shop
from backoffice.roles import Permission
from orders.bulk import Forecast
from orders.models import Invoice, Order
from orders.money import ZERO
from orders.services import BulkResult, ChangeRefused, changing
from orders.services.change import Change
from orders.services.invoices import Issuing, refuse_invoice, settings_of, standing_invoices

ISSUE = "orders.invoices"
# The counter of the shop is locked while a chunk is issued: others wait no longer than that.
CHUNK = 25
READS = ("deleted_at", "merged_into_id", "fulfilment_status")


def forecast(orders: QuerySet[Order], shop: Shop) -> Forecast:
    """How many of `orders` would get an invoice, have one, or why not; two queries, whatever their number."""
    result = Forecast()
    settings = settings_of(shop)
    standing = Invoice.objects.standing().filter(order=OuterRef("pk"))
    # What is open counts only as more than nothing or not, so orders fall into few groups.
    still_open = Case(
        When(total__gt=F("paid_total"), then=Value(1)), default=Value(0), output_field=DecimalField(decimal_places=2)
    )
    groups = orders.order_by().annotate(still_open=still_open, is_invoiced=Exists(standing))
    rows = groups.values_list(*READS, "still_open", "is_invoiced").annotate(number=Count("pk"))
    for *values, still_open_of, is_invoiced, number in rows:
        if is_invoiced:
            result.unchanged += number
            continue
        order = Order(**dict(zip(READS, values, strict=True)), total=still_open_of, paid_total=ZERO)
        try:
            refuse_invoice(order, settings)
        except ChangeRefused as refusal:
            result.refused[str(refusal)] += number
        else:
            result.changed += number
    return result


def issue_in(change: Change, orders: Iterable[Order], result: BulkResult) -> None:
    """Issue an invoice for each of `orders`, which are locked; one that is refused does not keep the others waiting."""
    orders = list(orders)
    issuing = Issuing(change)
    standing = standing_invoices(orders)
    for order in orders:
        if order.pk in standing:
            result.unchanged.append(order)
            continue
        try:
            issuing.issue([order])
        except ChangeRefused as refusal:
            result.refused.append((order, refusal))
        else:
            result.changed.append(order)


def issue_at_once(orders: QuerySet[Order], *, shop: Shop, by: Actor) -> BulkResult:
    with changing(shop, by=by) as change:
        result = BulkResult(change.act)
        issue_in(change, _locked(change, orders.order_by("placed_at", "id").values_list("pk", flat=True)), result)
    return result


def _locked(change: Change, keys: Iterable[int]) -> list[Order]:
    """The orders in the order of `keys`, in which they get their numbers; locked in that of all locking."""
    keys = list(keys)
    locked = {order.pk: order for order in change.lock_many(keys)}
    return [locked[key] for key in keys]


def start_issuing(orders: QuerySet[Order], *, shop: Shop, by: Actor, token: uuid.UUID) -> Job:
    """A job that issues the invoices of `orders`, the oldest order first, as its numbers should be."""
    rows = orders.order_by("placed_at", "id").values_list("pk", "number")
    subjects = ((pk, f"{number:05d}") for pk, number in rows.iterator(chunk_size=2000))
    return start(ISSUE, shop=shop, by=by, subjects=subjects, token=token)


def _do_chunk(job: Job, items: list[JobItem]) -> None:
    language = (job.user.language if job.user else "") or job.shop.language
    with override(language), changing(job.shop, by=job.actor, act=job.act) as change:
        result = BulkResult(change.act)
        issue_in(change, _locked(change, [item.subject_id for item in items]), result)
        outcomes: dict[int, Outcome] = {order.pk: DONE for order in result.changed}
        outcomes |= {order.pk: UNCHANGED for order in result.unchanged}
        outcomes |= {order.pk: failed(str(reason)) for order, reason in result.refused}
        settle(job, {item.pk: outcomes[item.subject_id] for item in items})


def _title(job: Job) -> str:
    number = job.number_of_items
    return ngettext("Issue %(number)d invoice", "Issue %(number)d invoices", number) % {"number": number}


def told(result: BulkResult) -> str:
    """One sentence of what was done and what was refused, and why."""
    parts = []
    if number := len(result.changed):
        parts.append(ngettext("%(number)d invoice issued", "%(number)d invoices issued", number) % {"number": number})
    if number := len(result.unchanged):
        parts.append(
            ngettext("%(number)d was invoiced already", "%(number)d were invoiced already", number) % {"number": number}
        )
    for reason, number in Counter(str(reason).rstrip(".") for _order, reason in result.refused).most_common(5):
        words = ngettext("%(number)d refused: %(orders)s", "%(number)d refused: %(orders)s", number)
        parts.append(words % {"number": number, "orders": reason})
    return "; ".join(parts) + "." if parts else _("No order is selected.")


def register() -> None:
    register_kind(JobKind(ISSUE, _title, Permission.ISSUE_INVOICES, do_chunk=_do_chunk, chunk_size=CHUNK))
