"""What is told before an action is what the action then queues: over all actions, with orders of every kind."""

from decimal import Decimal
from random import Random
from uuid import uuid4

import pytest
from django.utils import timezone

from backoffice.actor import SYSTEM
from backoffice.tests.factories import make_shop
from messaging.models import OutboxMail, Supplier, Trigger, TriggerEvent
from messaging.tests.factories import make_template
from orders import bulk, services
from orders.mail_forecast import OrderForecast, mails_of_action, sample_of_action
from orders.models import Order, OrderLine, Return, Shipment, Source
from orders.services import Dispatch, Edit, LineWish, NewPayment, RefundPlan, Wish, edit_order
from orders.services.edit import bound_of
from orders.services.edit import draft_of as draft_of_edit
from orders.services.place import drafted
from orders.services.shipping import left_of
from orders.services.status import counts_of, values_of_status
from orders.tests.factories import make_order, new_line, new_order
from statuses.kinds import FulfilmentStatus, Kind, LineStatus, PaymentStatus
from statuses.models import ShopStatus
from statuses.tests.factories import make_own_status

pytestmark = pytest.mark.django_db

ROUNDS = 12
DIGITAL = [OrderLine.Kind.DIGITAL, OrderLine.Kind.GIFT_CARD]


@pytest.fixture
def target(shop):
    return make_shop("12346", base_shop=shop)


@pytest.fixture(autouse=True)
def triggers(shop, target):
    """A mail to everything that can happen to an order, and more than one to some of it."""
    owns = [
        make_own_status(shop, kind, f"own_{kind}_{stands_for}", stands_for=stands_for)
        for kind, stands_for in [
            (Kind.FULFILMENT, "in_progress"),
            (Kind.FULFILMENT, "shipped"),
            (Kind.PAYMENT, "paid"),
            (Kind.LINE, "shipped"),
            (Kind.INTERNAL, ""),
        ]
    ]
    events = [
        *((TriggerEvent.FULFILMENT, code) for code in FulfilmentStatus.values),
        *((TriggerEvent.PAYMENT, code) for code in PaymentStatus.values),
        *((TriggerEvent.LINE, code) for code in LineStatus.values),
        *((TriggerEvent.DIGITAL, code) for code in DIGITAL),
        (TriggerEvent.PLACED, ""),
    ]
    template = make_template(shop)
    usual = {"shop": shop, "template": template, "each_time": True}
    for number, (event, code) in enumerate(events):
        Trigger.objects.create(event=event, code=code, copy_to_shop=number % 3 == 0, **usual)
        if number % 4 == 0:
            Trigger.objects.create(event=event, code=code, recipient="address", address="a@example.org", **usual)
        if number % 5 == 0:
            Trigger.objects.create(event=event, code=code, target_shop=target, is_on=False, **usual)
    for own in owns[::2]:
        Trigger.objects.create(event=own.kind, own_status=own, recipient="shop", **usual)
    Supplier.objects.create(shop=shop, name="Maker", email="maker@example.org", sku_prefix="CANDLE-1")


def some_order(shop, target, chance: Random) -> Order:
    """Any order there can be: of goods, downloads, gift cards and fees, wherever it is on its way."""
    kinds = list(OrderLine.Kind.values)
    lines = [
        new_line(sku=f"CANDLE-{number}", kind=chance.choice(kinds), quantity=Decimal(chance.randint(1, 3)))
        for number in range(1, chance.randint(2, 4))
    ]
    # Ways that lead to a past elsewhere do not matter here: the fields are set as they would be then.
    order = make_order(
        shop,
        lines=lines,
        target_shop=chance.choice([None, target]),
        customer_email=chance.choice(["", "anna@example.org", "bram@example.org"]),
        source=chance.choice([Source.WEBSHOP, Source.MARKETPLACE, Source.MANUAL]),
    )
    stored = list(order.lines.all())
    for line in stored:
        line.status = chance.choice([*LineStatus.values, "open", "ready", "backordered"])
        line.save(update_fields=["status"])
    held = {"status_before_hold": chance.choice(["", "ready", "new"]), "hold_reason": "Why"}
    status = chance.choice([*FulfilmentStatus.values, "ready", "backordered", "on_hold"])
    values = {
        "fulfilment_status": status,
        "payment_status": chance.choice([*PaymentStatus.values, "paid", "paid"]),
        **(held if status == "on_hold" else {}),
        **counts_of(stored),
    }
    Order.objects.filter(pk=order.pk).update(**values)
    OutboxMail.objects.all().delete()
    return Order.objects.get(pk=order.pk)


def queued() -> int:
    """Mails that can leave: where nobody left an address, a row only tells that."""
    return OutboxMail.objects.exclude(recipient="").count()


def keys_of_all_actions(shop) -> list[str]:
    owns = [f"{own.kind}:{own.code}" for own in ShopStatus.objects.for_shop(shop)]
    words = {Kind.FULFILMENT: FulfilmentStatus, Kind.PAYMENT: PaymentStatus, Kind.LINE: LineStatus}
    builtin = [f"{kind}:{code}" for kind, codes in words.items() for code in codes.values]
    return [*builtin, *owns, "internal:", "hold:", "release:", "delete:", "restore:", "printed:", "folder:"]


def test_a_bulk_action_queues_what_its_page_told(shop, target):
    chance = Random(1)
    told, mailing = [], set()
    for key in keys_of_all_actions(shop):
        orders = [some_order(shop, target, chance) for _ in range(ROUNDS)]
        action = bulk.action_of(key, shop, "Stock")
        selected = Order.objects.filter(pk__in=[order.pk for order in orders])
        predicted, sample = mails_of_action(shop, action, selected), sample_of_action(shop, action, selected)

        bulk.run(action, [order.pk for order in orders], shop=shop, by=SYSTEM)

        told.append((key, predicted, queued()))
        # One of them is shown, and none where none is sent; copies to suppliers are only counted.
        sent = OutboxMail.objects.exclude(recipient="").exclude(event__startswith="supplier:")
        shown = {(sample.order_number, sample.address)} if sample else set()
        assert shown <= {(mail.order.display_number, mail.recipient) for mail in sent}
        assert bool(shown) == sent.exists(), key
        mailing |= {key} if predicted else set()
        OutboxMail.objects.all().delete()

    assert [each for each in told if each[1] != each[2]] == []
    assert len(mailing) > 25


def forecast_of(order, action, key) -> int:
    kind, _colon, code = key.partition(":")
    forecast = OrderForecast(order)
    if kind == "release":
        return forecast.mails_if_released() if order.fulfilment_status == FulfilmentStatus.ON_HOLD else 0
    if kind == "hold":
        return forecast.mails_if(values_of_status(Kind.FULFILMENT, FulfilmentStatus.ON_HOLD, None))
    if kind == Kind.LINE:
        return forecast.mails_if_lines(action.code, action.own_id)
    own = ShopStatus.objects.filter(shop=order.shop, kind=kind, code=code).first()
    return forecast.mails_if_status(kind, own.stands_for if own else code, own.pk if own else None)


def test_a_button_of_one_order_queues_what_it_told(shop, target):
    chance = Random(2)
    told = []
    keys = [key for key in keys_of_all_actions(shop) if key.partition(":")[0] in {*Kind.values, "hold", "release"}]
    for key in keys:
        for _ in range(ROUNDS // 3):
            order = some_order(shop, target, chance)
            action = bulk.action_of(key, shop, "Stock")
            predicted = forecast_of(order, action, key)
            result = bulk.run(action, [order.pk], shop=shop, by=SYSTEM)
            if not result.refused:
                told.append((key, predicted, queued()))

    assert [each for each in told if each[1] != each[2]] == []
    assert sum(number > 0 for _key, number, _queued in told) > 50


def test_a_line_queues_what_its_menu_told(shop, target):
    chance = Random(3)
    told = []
    for _ in range(5 * ROUNDS):
        order = some_order(shop, target, chance)
        line, code = chance.choice(list(order.lines.all())), chance.choice(LineStatus.values)
        forecast = OrderForecast(order)
        predicted, most = forecast.mails_if_lines(code, None, [line]), forecast.mails_if_a_line(code)

        services.set_line_status(order, code, line=line, by=SYSTEM)

        assert most >= predicted
        told.append((predicted, queued()))
    assert [each for each in told if each[0] != each[1]] == []
    assert sum(number > 0 for number, _queued in told) > 20


def test_a_shipment_queues_what_its_form_told(shop, target):
    chance = Random(4)
    told = []
    for _ in range(5 * ROUNDS):
        order = some_order(shop, target, chance)
        left = {line.position: left_of(line) for line in order.lines.all() if left_of(line) > 0}
        if not left or order.fulfilment_status in {"aborted", "cancelled", "expired"}:
            continue
        quantities = {position: Decimal(chance.randint(1, int(most))) for position, most in left.items()}
        way, moves = chance.choice(Shipment.Way.values), chance.random() < 0.7
        predicted = OrderForecast(order).mails_if_shipped(quantities, way, moves_status=moves)
        try:
            services.add_shipment(order, Dispatch(quantities, way=way), by=SYSTEM, moves_status=moves)
        except services.StatusChangeRefused:
            continue
        told.append((order.fulfilment_status, predicted, queued()))
    assert [each for each in told if each[1] != each[2]] == []
    assert len(told) > 10


def test_money_queues_what_its_forms_told(shop, target):
    chance = Random(5)
    told = []
    for _ in range(3 * ROUNDS):
        order = some_order(shop, target, chance)
        if order.payment_status not in {"open", "awaiting"}:
            continue
        predicted = OrderForecast(order).mails_if(values_of_status(Kind.PAYMENT, PaymentStatus.PAID, None))
        services.record_payment(order, order.total, method="Cash", paid_at=timezone.now(), by=SYSTEM)
        told.append(("paid", predicted, queued()))
        OutboxMail.objects.all().delete()

        order = Order.objects.get(pk=order.pk)
        credited = {line.position: LineWish(line.quantity) for line in order.lines.all() if chance.random() < 0.6}
        plan = RefundPlan(key=uuid4(), lines=credited)
        result = services.refund_sum(plan, services.refundable(order))
        if credited and not result.errors:
            predicted = OrderForecast(order).mails_if_refunded(result)
            services.refund_order(order, plan, by=SYSTEM)
            told.append(("refunded", predicted, queued()))
    assert [each for each in told if each[1] != each[2]] == []
    assert {"paid", "refunded"} == {each[0] for each in told if each[1]}


def test_a_return_queues_what_its_form_told(shop, target):
    chance = Random(6)
    told = []
    for _ in range(3 * ROUNDS):
        order = some_order(shop, target, chance)
        left = services.returnable(order)
        if not left:
            continue
        announced = services.announce_return(order, left, reason="damaged", by=SYSTEM)
        assert queued() == 0
        came = {position: quantity for position, quantity in left.items() if chance.random() < 0.8}
        if not came:
            continue
        predicted = OrderForecast(Order.objects.get(pk=order.pk)).mails_if_received(came)
        services.receive_return(announced, by=SYSTEM, quantities=came)
        told.append((predicted, queued()))
        OutboxMail.objects.all().delete()

        end = chance.choice([services.refuse_return, services.settle_return])
        end(Return.objects.get(pk=announced.pk), by=SYSTEM)
        assert queued() == 0
    assert [each for each in told if each[0] != each[1]] == []
    assert sum(number > 0 for number, _queued in told) > 5


def test_an_edit_queues_what_its_box_told(shop, target):
    chance = Random(7)
    told = []
    for _ in range(3 * ROUNDS):
        paid = [NewPayment(Decimal("12.10"), "iDEAL", "paid", timezone.now())]
        gift = new_line(sku="GIFT", kind=OrderLine.Kind.GIFT_CARD)
        waits = new_line(sku="WAITS", is_backordered=chance.random() < 0.5)
        order = make_order(shop, lines=[gift, waits, new_line()], payments=paid)
        OutboxMail.objects.all().delete()
        lines = list(order.lines.all())
        gone = [line for line in lines if line.sku != "GIFT" and chance.random() < 0.5]
        wanted = Edit(
            removed={line.pk: {} for line in gone},
            lines={lines[0].pk: {"unit_price": Wish(Decimal("12.10"), Decimal("6.05"))}},
        )
        draft = draft_of_edit(order, lines, wanted, shop=shop, bound=bound_of(order))
        predicted = OrderForecast(order).mails_if_edited(draft.order, draft.all_lines)

        edit_order(order, wanted, by=SYSTEM)

        told.append((predicted, queued()))
    assert [each for each in told if each[0] != each[1]] == []
    assert {number > 0 for number, _queued in told} == {True, False}


def test_a_new_order_queues_what_its_box_told(shop, target):
    chance = Random(8)
    told = []
    for _ in range(3 * ROUNDS):
        kinds = [chance.choice(OrderLine.Kind.values) for _ in range(2)]
        new = new_order(
            lines=[new_line(sku=f"CANDLE-{number}", kind=kind) for number, kind in enumerate(kinds, start=1)],
            source=chance.choice([Source.MANUAL, Source.WEBSHOP, Source.IMPORT]),
            customer_email=chance.choice(["", "anna@example.org"]),
            target_shop=chance.choice([None, target]),
            payments=chance.choice([[], [NewPayment(Decimal("24.20"), "iDEAL", "paid", timezone.now())]]),
        )
        predicted = OrderForecast(*drafted(new, shop)).mails_when_placed()

        services.place_order(new, shop=shop, by=SYSTEM)

        told.append((predicted, queued()))
        OutboxMail.objects.all().delete()
    assert [each for each in told if each[0] != each[1]] == []
    assert {0, 3} <= {number for number, _queued in told}


def test_what_went_out_before_is_not_told_again(shop):
    Trigger.objects.update(each_time=False)
    order = make_order(shop, lines=[new_line(sku="CANDLE-1")])
    steps = [("fulfilment", "in_progress"), ("payment", "paid"), ("fulfilment", "ready"), ("payment", "open")]
    told = []
    for kind, code in steps * 2:
        before = queued()
        predicted = OrderForecast(Order.objects.get(pk=order.pk)).mails_if_status(kind, code, None)
        services.set_status_of_many([order.pk], kind, code, shop=shop, by=SYSTEM)
        told.append((predicted, queued() - before))

    assert [each for each in told if each[0] != each[1]] == []
    assert [predicted > 0 for predicted, _queued in told] == [True] * 4 + [False] * 4


def test_the_menu_of_lines_tells_the_most_that_one_of_them_sends(shop):
    Trigger.objects.update(each_time=False)
    order = make_order(shop, lines=2)
    first, second = order.lines.all()
    for code in ("complaint", "ready"):
        services.set_line_status(order, code, line=first, by=SYSTEM)
    forecast = OrderForecast(Order.objects.get(pk=order.pk))

    told = [forecast.mails_if_lines("complaint", None, [line]) for line in (first, second)]

    assert told[0] == 0 < told[1] == forecast.mails_if_a_line("complaint")


def test_taking_an_order_apart_and_together_mails_nobody(shop):
    order = make_order(shop, lines=[new_line(sku="A", is_backordered=True), new_line(sku="B")])
    other = make_order(shop)
    OutboxMail.objects.all().delete()

    services.split_order(order, [{1: Decimal(1)}], by=SYSTEM)
    services.merge_orders(order, [other], by=SYSTEM)

    assert queued() == 0
