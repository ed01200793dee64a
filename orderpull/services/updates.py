"""What a business system tells us of an order: a status, a tracking code, an internal note. All of it or nothing."""

from typing import NamedTuple

from django.utils import translation

from backoffice.actor import Actor, Channel
from orderpull.calls import PullRefused, UpdateCall
from orderpull.models import Outcome, PullCall
from orderpull.services.answers import orders_for
from orderpull.services.entry import Pull
from orders.models import Order, OrderNote
from orders.services import ChangeRefused, OrderIsDeleted, add_note, add_tracking, changing, set_fulfilment_status


class Updated(NamedTuple):
    """`refusal` says in English why nothing was done; `version` is the order's, 0 when there is none."""

    is_changed: bool
    version: int
    refusal: str = ""


def check_updates_accepted(pull: Pull) -> None:
    """Raises PullRefused unless the shop lets business systems update orders."""
    if not pull.settings.accepts_updates:
        raise PullRefused(Outcome.UPDATES_OFF)


def update_order(call: UpdateCall, pull: Pull, record: PullCall) -> Updated:
    """Do what `call` says. Saying it twice changes nothing the second time, so callers may repeat what timed out."""
    shop_number, number = call.order
    order = orders_for(pull).filter(number=number).first() if shop_number == pull.owner.number else None
    if order is None:
        return Updated(False, 0, "There is no such order.")
    order.shop = pull.owner
    by = Actor(call.partner or "Business system", Channel.RPC, ip_address=record.address)
    before = order.version
    with translation.override("en"):
        try:
            with changing(pull.owner, by=by):
                _tell(order, call, by)
        except ChangeRefused as refusal:
            return Updated(False, before, str(refusal))
    order.refresh_from_db(fields=["version"])
    return Updated(order.version != before, order.version)


def _tell(order: Order, call: UpdateCall, by: Actor) -> None:
    if order.deleted_at is not None:
        raise OrderIsDeleted
    if call.tracking_code:
        add_tracking(order, call.tracking_code, carrier=call.carrier, by=by)
    if call.status:
        set_fulfilment_status(order, call.status, by=by)
    note = call.note.strip()
    if note and not order.notes.filter(text=note, author=by.name, audience=OrderNote.Audience.INTERNAL).exists():
        add_note(order, note, by=by)
