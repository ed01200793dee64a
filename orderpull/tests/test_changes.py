"""Whatever an order's XML holds, a change of it is pulled from its second on, and no more from the next.

Any sequence of services is tried; what they changed is seen in the document itself. Two guards keep this whole: every
element and attribute of the schema is changed here by some service or named as fixed, and every service is here.
"""

import inspect
import random
import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from importlib import import_module
from pkgutil import iter_modules
from uuid import uuid4

import pytest
from django.test import TestCase
from lxml import etree

from orderpull.tests.client import Erp, body_of, open_pull
from orders import services
from orders.exports.schema import elements_of
from orders.exports.xml import SCHEMA
from orders.exports.xml_orders import export_orders
from orders.models import Folder, InvoiceSettings, Order, OrderNote, Tag
from orders.services import (
    ChangeRefused,
    Dispatch,
    Edit,
    LineWish,
    NewNote,
    NewPayment,
    NewRefund,
    NewShipment,
    RefundPlan,
    add_note,
    add_shipment,
    add_tag,
    add_tracking,
    announce_return,
    change_note,
    change_shipment,
    delete_orders,
    edit_order,
    mark_message_read,
    mark_paid_out,
    merge_back,
    merge_orders,
    move_to_folder,
    receive_return,
    record_payment,
    refund_order,
    refuse_return,
    remove_note,
    remove_shipment,
    remove_tag,
    restore_orders,
    set_fulfilment_status,
    set_internal_status,
    set_line_status,
    set_payment_status,
    set_status_of_many,
    settle_return,
    show_personal_number,
    split_order,
    undo,
)
from orders.services.credit_notes import CreditWish, credit_invoice
from orders.services.editing import LINE_FIELDS, ORDER_FIELDS
from orders.services.invoices import issue_invoice
from orders.services.own_statuses import OrdersCarryStatuses
from orders.tests.factories import make_order, new_line
from orders.tests.test_edit_service import of_line, of_order, without
from statuses.kinds import Kind
from statuses.services import back_to_standard, change_status
from statuses.tests.factories import make_own_status

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 22, 11, 0, tzinfo=UTC)
LAMP = new_line(sku="LAMP", weight_g=400, volume_cm3=900)
THANKS = NewNote("Thank you", "Marit", NOON, OrderNote.Audience.CUSTOMER)


MARKS = re.compile(r' version="\d+"|<changed_at>\d+</changed_at>| changed_at="\d+"')
OF_UNPAID = {"payment status awaiting", "payment status failed"}
FOR_STAFF = {
    "internal note", "tag", "tag taken off", "folder", "message read", "return announced", "return refused",
    "return settled", "invoice", "credit note", "personal number seen",
}  # fmt: skip
# A shop's own statuses: {kind: (code, the built-in one it stands for)}.
OWN = {
    Kind.PAYMENT: ("cheque", "paid"),
    Kind.FULFILMENT: ("wrapping", "in_progress"),
    Kind.INTERNAL: ("call", ""),
    Kind.LINE: ("engraving", "open"),
}
# {kind: the service that gives an order such a status}.
GIVERS = {
    Kind.PAYMENT: set_payment_status,
    Kind.FULFILMENT: set_fulfilment_status,
    Kind.INTERNAL: set_internal_status,
    Kind.LINE: set_line_status,
}
# What fields become that an edit can change; texts become another text.
EDITED = {
    "billing_country": "DE",
    "shipping_country": "DE",
    "customer_email": "anna.new@example.org",
    "vat_number": "DE123456788",
    "quantity": Decimal(4),
    "unit_price": Decimal("1.23"),
    "vat_rate": Decimal(9),
    "discount": Decimal(1),
    "shipping_cost": Decimal(9),
    "shipping_vat_rate": Decimal(9),
    "payment_fee": Decimal(2),
    "payment_fee_vat_rate": Decimal(9),
}


@dataclass(frozen=True)
class Change:
    """A service that changes something the XML shows."""

    name: str
    do: object

    def __repr__(self):
        return self.name


CHANGES = [
    *(
        Change(f"order status {code}", lambda order, by, code=code: set_fulfilment_status(order, code, by=by))
        for code in ("in_progress", "on_hold", "shipped", "cancelled", "completed")
    ),
    *(
        Change(f"payment status {code}", lambda order, by, code=code: set_payment_status(order, code, by=by))
        for code in ("awaiting", "paid", "failed", "refunded")
    ),
    *(
        Change(f"line status {code}", lambda order, by, code=code: set_line_status(order, code, by=by))
        for code in ("backordered", "complaint", "cancelled")
    ),
    Change("own order status", lambda order, by: set_fulfilment_status(order, own(order.shop, Kind.FULFILMENT), by=by)),
    Change("own payment status", lambda order, by: set_payment_status(order, own(order.shop, Kind.PAYMENT), by=by)),
    Change("own line status", lambda order, by: set_line_status(order, own(order.shop, Kind.LINE), by=by)),
    Change("internal status", lambda order, by: set_internal_status(order, own(order.shop, Kind.INTERNAL), by=by)),
    Change("own status removed", lambda order, by: [give_up(each, by) for each in internal_status_of(order)]),
    *(
        Change(
            f"{kind} status renamed",
            lambda order, by, kind=kind: rename_status(order.shop, kind, code_of(order, kind), by),
        )
        for kind in (Kind.PAYMENT, Kind.FULFILMENT, Kind.LINE)
    ),
    *(
        Change(f"own {kind} status renamed", lambda order, by, kind=kind: rename_own(order.shop, kind, by))
        for kind in OWN
    ),
    Change("usual name", lambda order, by: have_the_usual_name(order.shop, order.fulfilment_status, by)),
    Change("status of many", lambda order, by: set_many(order, by)),
    Change("one line", lambda order, by: set_line_status(order, "returned", by=by, line=order.lines.first())),
    Change("note", lambda order, by: add_note(order, "Soon", by=by, audience=OrderNote.Audience.CUSTOMER)),
    Change("internal note", lambda order, by: add_note(order, "Hm", by=by)),
    Change("note removed", lambda order, by: [remove_note(note, by=by) for note in order.notes.all()[:1]]),
    Change("tracking code", lambda order, by: add_tracking(order, "3SNEW", carrier="PostNL", by=by)),
    Change("note changed", lambda order, by: [change_note(note, "Sooner", by=by) for note in notes_of(order)[:1]]),
    Change("payment", lambda order, by: pay(order, by)),
    Change("refund", lambda order, by: refund_order(order, RefundPlan(uuid4(), free=Decimal("0.50")), by=by)),
    Change("refund of a line", lambda order, by: refund_line(order, by)),
    Change("paid out", lambda order, by: [pay_by_hand(each, by) for each in order.refunds.all()[:1]]),
    Change("return announced", lambda order, by: announce_return(order, {1: Decimal(1)}, reason="damaged", by=by)),
    Change("return received", lambda order, by: [receive_return(each, by=by) for each in order.returns.all()[:1]]),
    Change("return settled", lambda order, by: [settle_return(each, by=by) for each in order.returns.all()[:1]]),
    Change("return refused", lambda order, by: [refuse_return(each, by=by) for each in order.returns.all()[:1]]),
    Change("invoice", lambda order, by: issue_invoice(order, by=by)),
    Change("credit note", lambda order, by: [credit(each, by) for each in order.invoices.all()[:1]]),
    Change("shipment", lambda order, by: add_shipment(order, Dispatch({1: Decimal(1)}, carrier="DHL"), by=by)),
    Change("shipment changed", lambda order, by: [rename(each, by) for each in order.shipments.all()[:1]]),
    Change("shipment removed", lambda order, by: [remove_shipment(each, by=by) for each in order.shipments.all()[:1]]),
    *(
        Change(f"edit of {name}", lambda order, by, name=name: edit_order(order, of_order(order, **new(name)), by=by))
        for name in ORDER_FIELDS
    ),
    *(Change(f"line edit of {name}", lambda order, by, name=name: edit_line(order, name, by)) for name in LINE_FIELDS),
    Change("line added", lambda order, by: edit_order(order, Edit(added=[LAMP]), by=by)),
    Change("line removed", lambda order, by: [take_out(line, by) for line in order.lines.filter(sku="BOOK")]),
    Change("split", lambda order, by: split_order(order, [{1: Decimal(1)}], by=by)),
    Change("merge", lambda order, by: merge_orders(order, [make_order(order.shop)], by=by)),
    Change("merged into another", lambda order, by: merge_orders(make_order(order.shop), [order], by=by)),
    Change("brought back", lambda order, by: merge_back(order, by=by)),
    Change("undone", lambda order, by: undo(order.log.first().act, shop=order.shop, by=by)),
    Change("tag", lambda order, by: add_tag([order.pk], make_tag(order.shop), shop=order.shop, by=by)),
    Change("tag taken off", lambda order, by: remove_tag([order.pk], make_tag(order.shop), shop=order.shop, by=by)),
    Change("folder", lambda order, by: move_to_folder([order.pk], make_folder(order.shop), shop=order.shop, by=by)),
    Change("message read", lambda order, by: mark_message_read(order, by=by)),
    Change("personal number seen", lambda order, by: show_personal_number(order, by=by)),
    Change("deleted", lambda order, by: delete_orders([order.pk], shop=order.shop, by=by)),
    Change("restored", lambda order, by: restore_orders([order.pk], shop=order.shop, by=by)),
]


# Those after which there is another document, or none.
OF_THE_WHOLE = {"deleted", "restored", "merged into another", "brought back"}

# What no service changes once an order was placed.
FIXED = {
    "@id", "@number", "placed_at", "customer/language", "customer_message", "source", "source/@name", "source/@id",
    "target_shop", "affiliate", "totals/@currency", "totals/@exchange_rate", "totals/@prices_include_vat",
}  # fmt: skip
# Services that are not tried here, and why not.
TRIED_ELSEWHERE = {
    "changing": "what all the others are made of",
    "place_order": "makes the orders of these stories",
    "place_orders": "does as place_order",
    "pay_out": "asks the provider, then does as mark_paid_out",
    "credit_refund": "does as credit_invoice",
    "undo_regrouping": "undo of a split or merge",
    "tell_of_new_name": "what change_status does to orders",
}


def own(shop, kind):
    """The code of the shop's own status of a kind."""
    code, stands_for = OWN[kind]
    if not shop.statuses.filter(kind=kind, code=code).exists():
        make_own_status(shop, kind, code, stands_for=stands_for)
    return code


def set_many(order, by):
    return set_status_of_many([order.pk], Kind.FULFILMENT, "in_progress", shop=order.shop, by=by)


def new(name):
    return {name: EDITED.get(name, "Another")}


def edit_line(order, name, by):
    for line in order.lines.all()[:1]:
        edit_order(order, of_line(line, **new(name)), by=by)


def take_out(line, by):
    return edit_order(line.order, without(line), by=by)


def notes_of(order):
    return order.notes.filter(audience=OrderNote.Audience.CUSTOMER)


def pay(order, by):
    return record_payment(order, Decimal("0.25"), method="bank", paid_at=order.placed_at, by=by, may_exceed=True)


def refund_line(order, by):
    return refund_order(order, RefundPlan(uuid4(), lines={1: LineWish(Decimal(1), Decimal(2))}), by=by)


def pay_by_hand(refund, by):
    return mark_paid_out(refund, by=by, paid_out_at=refund.order.placed_at)


def credit(invoice, by):
    return credit_invoice(invoice, CreditWish(whole=True), by=by)


def internal_status_of(order):
    return order.shop.statuses.filter(pk=order.internal_status_id)


def give_up(status, by):
    return OrdersCarryStatuses().move(status, "", by=by)


def code_of(order, kind):
    """Of the built-in status that the order shows."""
    return order.lines.first().status if kind == Kind.LINE else getattr(order, f"{kind}_status")


def rename_status(shop, kind, code, by):
    """Another name each time; orders hear of it from a job."""
    row = shop.statuses.filter(kind=kind, code=code).first()
    version = row.version if row else 0
    with TestCase.captureOnCommitCallbacks(execute=True):
        change_status(shop, kind, code, {f"name_{shop.language}": f"Name {version}"}, seen=version, by=by)


def have_the_usual_name(shop, code, by):
    with TestCase.captureOnCommitCallbacks(execute=True):
        back_to_standard(shop, Kind.FULFILMENT, code, by=by)


def rename_own(shop, kind, by):
    """When there is one."""
    for status in shop.statuses.filter(kind=kind, is_builtin=False):
        rename_status(shop, kind, status.code, by)


def rename(shipment, by):
    return change_shipment(shipment, by=by, carrier="GLS", tracking_code="GLS-1")


def make_tag(shop):
    return Tag.objects.get_or_create(shop=shop, name="Gift")[0]


def make_folder(shop):
    return Folder.objects.get_or_create(shop=shop, name="Later")[0]


def make_full(shop):
    return make_order(
        shop,
        customer_message="Ring twice",
        personal_number="19121212-1212",
        lines=[new_line(quantity=Decimal(3)), new_line(sku="BOOK")],
        payments=[NewPayment(Decimal("12.10"), "iDEAL", "paid", NOON)],
        refunds=[NewRefund(Decimal("1.00"), "Scratch", "to_pay_out", NOON)],
        shipments=[NewShipment("PostNL", "", NOON, quantities={1: Decimal(1)})],
        notes=[THANKS],
    )


def shown():
    """What a pull of everything says of each order, without the marks of the change itself."""
    root = etree.fromstring(body_of(Erp().list()))
    return {order.get("id"): MARKS.sub("", etree.tostring(order).decode()) for order in root}


def assert_pulled_if_it_shows(shop, order, change, actor, time_machine, at):
    """Make the change; returns whether it shows, None when it was refused."""
    before, versions = shown(), versions_in(shop)
    time_machine.move_to(at, tick=False)
    moment = f"{at.astimezone(shop.zone):%Y%m%d%H%M%S}"
    fresh = Order.objects.get(pk=order.pk)
    fresh.shop = shop
    try:
        change.do(fresh, actor)
    except ChangeRefused:
        # A refused change is none: it must have left nothing behind.
        assert {order_id: text for order_id, text in shown().items() if order_id in before} == before
        return None
    told = {order_id for order_id, text in shown().items() if before.get(order_id) != text}
    assert told <= set(Erp().ids(moment))
    assert all(
        version > versions.get(order_id, -1) for order_id, version in versions_in(shop).items() if order_id in told
    )
    later = datetime.fromtimestamp(at.replace(microsecond=0).timestamp() + 1, tz=shop.zone)
    assert Erp().ids(f"{later:%Y%m%d%H%M%S}") == []
    return bool(told)


def versions_in(shop):
    return {order.external_id(shop): order.version for order in Order.objects.for_shop(shop)}


@pytest.mark.parametrize("seed", range(12))
def test_whatever_shows_is_pulled_from_its_second_on_and_not_from_the_next(shop, actor, time_machine, seed):
    chance = random.Random(seed)
    time_machine.move_to(datetime(2026, 3, 22, 9, tzinfo=UTC), tick=False)
    open_pull(shop)
    order = make_full(shop)
    seen = []

    for number, change in enumerate(chance.choices(CHANGES, k=8), start=1):
        at = datetime(2026, 3, 22, 9, 5 * number, 7, chance.randrange(1_000_000), tzinfo=UTC)
        seen.append(assert_pulled_if_it_shows(shop, order, change, actor, time_machine, at))

    assert any(seen)


@pytest.mark.parametrize("change", CHANGES, ids=repr)
def test_each_of_these_changes_shows_or_is_for_staff_alone(shop, actor, time_machine, change):
    time_machine.move_to(datetime(2026, 3, 22, 9, tzinfo=UTC), tick=False)
    open_pull(shop)
    order = ready_for(change, shop, actor)
    at = datetime(2026, 3, 22, 9, 5, 7, 500_000, tzinfo=UTC)

    told = assert_pulled_if_it_shows(shop, order, change, actor, time_machine, at)

    assert told is (change.name not in FOR_STAFF)


def ready_for(change, shop, by):
    """An order that the change can be made of."""
    order = make_order(shop) if change.name in OF_UNPAID else make_full(shop)
    InvoiceSettings.objects.update_or_create(shop=shop, defaults={"invoices_unpaid": True})
    make_names_for(change, order, by)
    match change.name:
        case "restored":
            delete_orders([order.pk], shop=shop, by=by)
        case "payment status refunded":
            set_payment_status(order, "paid", by=by)
        case "undone":
            set_fulfilment_status(order, "in_progress", by=by)
        case "own status removed":
            set_internal_status(order, own(shop, Kind.INTERNAL), by=by)
        case "brought back":
            split_order(order, [{1: Decimal(1)}], by=by)
        case "tag taken off":
            add_tag([order.pk], make_tag(shop), shop=shop, by=by)
        case "return received" | "return refused":
            announce_return(order, {1: Decimal(1)}, reason="damaged", by=by)
        case "return settled":
            receive_return(announce_return(order, {1: Decimal(1)}, reason="damaged", by=by), by=by)
        case "credit note":
            issue_invoice(order, by=by)
    return order


def make_names_for(change, order, by):
    """A status with a name that the change can change."""
    for kind, give in GIVERS.items():
        if change.name == f"own {kind} status renamed":
            give(order, own(order.shop, kind), by=by)
    if change.name == "usual name":
        rename_status(order.shop, Kind.FULFILMENT, order.fulfilment_status, by)


def test_every_element_is_changed_by_some_service_or_fixed(shop, actor, time_machine):
    """What is new in the schema needs a change above that shows in it, or a place among what is fixed."""
    time_machine.move_to(datetime(2026, 3, 22, 9, tzinfo=UTC), tick=False)
    changed = set()
    for change in CHANGES:
        if change.name not in OF_THE_WHOLE:
            order = ready_for(change, shop, actor)
            before = facts_of(order, shop)
            time_machine.shift(60)
            change.do(order, actor)
            after = facts_of(order, shop)
            changed |= {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    order = make_full(shop)
    delete_orders([order.pk], shop=shop, by=actor)
    of_a_deleted_order = facts_of(order, shop).keys() & {"@changed_at", "@deleted"}

    assert leaves_of_the_schema() - changed - of_a_deleted_order == FIXED


def facts_of(order, shop):
    """All that the document says of one order, {path below it: texts in their order}."""
    root = etree.fromstring(b"".join(export_orders(Order.objects.filter(pk=order.pk), shop)))
    facts = defaultdict(list)
    for element in root[0].iter():
        path = path_to(element)
        facts[path].append(element.text or "")
        for name, value in element.items():
            facts[f"{path}/@{name}".lstrip("/")].append(value)
    return facts


def path_to(element):
    """The names from below the order down to `element`; empty for the order itself."""
    names = [element.tag, *(each.tag for each in element.iterancestors())]
    return "/".join(names[-3::-1])


def leaves_of_the_schema():
    """Paths below the order of what holds a text, as in FIXED."""
    order = "/orders/order/"
    return {row.path.removeprefix(order) for row in elements_of(SCHEMA) if row.type and row.path.startswith(order)}


def test_every_service_is_tried():
    tried = {name for name, value in globals().items() if is_service(value)} | {"OrdersCarryStatuses"}

    assert tried | TRIED_ELSEWHERE.keys() == {*all_services(), "OrdersCarryStatuses"}
    assert not tried & TRIED_ELSEWHERE.keys()


def all_services():
    modules = [import_module(f"{services.__name__}.{each.name}") for each in iter_modules(services.__path__)]
    return {
        name
        for module in modules
        for name, value in vars(module).items()
        if is_service(value) and not name.startswith("_")
    }


def is_service(value):
    """Whether it is a function of the services that somebody does something by."""
    is_theirs = inspect.isfunction(value) and value.__module__.startswith(f"{services.__name__}.")
    return is_theirs and "by" in inspect.signature(value).parameters
