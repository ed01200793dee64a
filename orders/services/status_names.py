"""What becomes of orders when the shop renames a status: they show the new name, so they count as changed."""

from typing import Any

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from backoffice import jobs
from backoffice.actor import Actor
from backoffice.models import Job, Shop
from backoffice.roles import Permission
from orders.keys import keys_of
from orders.models import LogAction, Order, OrderLine, OrderLogEntry
from orders.models.order import OrderQuerySet
from orders.services.change import changing
from orders.services.status import FIELDS
from statuses.kinds import Kind
from statuses.models import ShopStatus
from statuses.usage import Moved

JOB_KIND = "orders.status-renamed"
# Change in one transaction: few enough that nobody waits for the shop's clock.
AT_ONCE = 200


def orders_showing(shop: Shop, kind: str, code: str, own_id: int | None) -> OrderQuerySet:
    """The orders outside Deleted that name a status: an own one by its key, a built-in one by its code.

    An own status is named beside the built-in one it stands for, never instead of it.
    """
    orders = Order.objects.for_shop(shop).visible()
    if kind == Kind.LINE:
        its_lines = OrderLine.objects.filter(order=OuterRef("pk"))
        return orders.filter(
            Exists(its_lines.filter(own_status=own_id) if own_id is not None else its_lines.filter(status=code))
        )
    fields = FIELDS[kind]
    return orders.filter(**({fields.own: own_id} if own_id is not None else {str(fields.code): code}))


def number_showing(shop: Shop, status: ShopStatus) -> int | None:
    """How many orders name a status; None for the built-in ones of lines, which nobody counts."""
    if status.kind == Kind.LINE and status.is_builtin:
        return None
    return orders_showing(shop, status.kind, status.code, _own_id(status)).count()


def tell_of_new_name(status: ShopStatus, old: str, new: str, *, by: Actor) -> Moved:
    """Start a job that lets all orders that name `status` count as changed.

    For the transaction that renames it: the job stands there with the new name or not at all.
    """
    what: dict[str, Any] = {"kind": status.kind, "code": status.code, "own_id": _own_id(status)}
    number = orders_showing(status.shop, **what).count()
    if not number:
        return Moved(0)
    job = jobs.start(JOB_KIND, shop=status.shop, by=by, arguments=what | {"old": old, "new": new})
    return Moved(number, job.act, job)


def _own_id(status: ShopStatus) -> int | None:
    return None if status.is_builtin else status.pk


def title_of(job: Job) -> str:
    """What the job's page is called."""
    names = {"old": job.arguments["old"], "new": job.arguments["new"]}
    return _("Tell of the new name “%(new)s” of status “%(old)s”") % names


def tell(job: Job) -> None:
    """Let the orders that name the status count as changed, in parts; those that get it later do so by themselves.

    No item is kept for each order: there may be as many as the shop has, and the person waits for the page. Begun
    again, it leaves alone what it did before.
    """
    showing = orders_showing(job.shop, **{name: job.arguments[name] for name in ("kind", "code", "own_id")})
    told = OrderLogEntry.objects.filter(order=OuterRef("pk"), act=job.act)
    names = {"name": {"old": job.arguments["old"], "new": job.arguments["new"]}}
    wanted = keys_of(showing.order_by("pk"))
    for start in range(0, len(wanted), AT_ONCE):
        jobs.report_progress(job, start, len(wanted))
        with changing(job.shop, by=job.actor, act=job.act) as change:
            part = showing.filter(~Exists(told), pk__in=wanted[start : start + AT_ONCE])
            for order in change.lock_many(part.values_list("pk", flat=True)):
                change.record(order, LogAction.STATUS_RENAMED, names)
    jobs.report_progress(job, len(wanted), len(wanted))


def register() -> None:
    """Tell who does such jobs; called when the application starts."""
    jobs.register_kind(
        jobs.JobKind(JOB_KIND, title_of, Permission.MANAGE_SETTINGS, do_whole=tell, is_one_at_a_time=True)
    )
