"""Where an order stands on its way to the customer, and what is likely to come next."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from orders.models import Order
from statuses.kinds import FulfilmentStatus as F
from statuses.kinds import Kind
from statuses.kinds import PaymentStatus as P

STOPPED = {F.ABORTED, F.CANCELLED, F.EXPIRED, F.RETURNED}
PAID = {P.PAID, P.PARTLY_REFUNDED, P.REFUNDED}
# How many of the stations Ready, Shipped, Completed are behind an order.
_STATIONS = {F.READY: 1, F.PARTLY_SHIPPED: 1, F.SHIPPED: 2, F.DELIVERED: 2, F.COMPLETED: 3}
# Between two stations, so that the next one says how far.
_BETWEEN = {F.IN_PROGRESS, F.ON_HOLD, F.BACKORDERED, F.PARTLY_SHIPPED, F.DELIVERED}
_AHEAD = ((F.READY, _("Ready")), (F.SHIPPED, _("Shipped")), (F.COMPLETED, _("Completed")))


@dataclass(frozen=True)
class Step:
    """A status to move to, as a button."""

    kind: str
    code: str
    label: str | Promise
    icon: str


MARK_PAID = Step(Kind.PAYMENT, P.PAID, _("Mark paid"), "card")
_START = Step(Kind.FULFILMENT, F.IN_PROGRESS, _("Start"), "box")
_SET_READY = Step(Kind.FULFILMENT, F.READY, _("Set ready"), "check")
_MARK_SHIPPED = Step(Kind.FULFILMENT, F.SHIPPED, _("Mark shipped"), "truck")
_COMPLETE = Step(Kind.FULFILMENT, F.COMPLETED, _("Complete"), "check")
_NEXT = {
    F.NEW: _START,
    F.IN_PROGRESS: _SET_READY,
    F.ON_HOLD: _START,
    F.BACKORDERED: _SET_READY,
    F.READY: _MARK_SHIPPED,
    F.PARTLY_SHIPPED: _MARK_SHIPPED,
    F.SHIPPED: _COMPLETE,
    F.DELIVERED: _COMPLETE,
}


def next_steps(order: Order) -> list[Step]:
    """What is likely to be done now, likeliest first: money before goods. Empty when the order is at its end."""
    steps = []
    if order.payment_status not in PAID and order.total > 0 and order.fulfilment_status not in STOPPED - {F.ABORTED}:
        steps.append(MARK_PAID)
    if order.fulfilment_status in _NEXT:
        steps.append(_NEXT[order.fulfilment_status])
    return steps


@dataclass(frozen=True)
class Station:
    """One stretch of the progress line; `state` is done, now, stop or empty for what is still ahead."""

    label: str | Promise
    state: str = ""
    detail: str = ""


def stations(order: Order, *, placed: str, paid: str, done: dict[str, str], status_label: str) -> list[Station]:
    """Ordered, Paid, Ready, Shipped, Completed; a stopped order ends where it was stopped.

    `placed` and `paid` are texts for those stations; `done` is {fulfilment status: when it was reached}.
    """
    is_paid = order.payment_status in PAID
    line = [Station(_("Ordered"), "done", placed), Station(_("Paid"), "done" if is_paid else "", paid)]
    if order.fulfilment_status in STOPPED:
        return [*line, Station(status_label, "stop", done.get(order.fulfilment_status, ""))]
    behind = _STATIONS.get(order.fulfilment_status, 0)
    for place, (status, label) in enumerate(_AHEAD):
        if place < behind:
            line.append(Station(label, "done", done.get(status, "")))
        elif place == behind:
            line.append(Station(label, "now", status_label if order.fulfilment_status in _BETWEEN else ""))
        else:
            line.append(Station(label))
    return line
