"""Money that comes in and goes back: never more than was paid, once however often it is sent, and told in the log."""

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from backoffice.actor import SYSTEM
from backoffice.tests.factories import make_shop
from orders.models import LogAction, Refund, RefundLine, RefundState, WaitingFor
from orders.providers import PayoutFailed, register, unregister
from orders.services import (
    InputRefused,
    LineWish,
    NewPayment,
    NewRefund,
    RefundedMeanwhile,
    RefundPlan,
    delete_orders,
    mark_paid_out,
    pay_out,
    record_payment,
    refund_order,
    refund_sum,
    refundable,
    set_payment_status,
)
from orders.services.errors import OrderIsDeleted
from orders.tests.factories import PLACED_AT, make_order, new_line
from statuses.tests.factories import make_own_status

pytestmark = pytest.mark.django_db
NOT_AMOUNTS = ["-0.01", "NaN", "Infinity", "-Infinity", "1e309", "1e12", "0.001", "12.105"]


def paid(amount="12.10", method="iDEAL", **values):
    return NewPayment(Decimal(amount), method, "paid", PLACED_AT, paid_at=PLACED_AT, **values)


def plan(**values):
    """A refund of nothing yet; amounts as texts, lines as {position: quantity} or {position: (quantity, amount)}."""
    lines = {
        position: LineWish(*map(Decimal, wish)) if isinstance(wish, tuple) else LineWish(Decimal(wish))
        for position, wish in values.pop("lines", {}).items()
    }
    amounts = {name: Decimal(values.pop(name)) for name in ("shipping", "free") if name in values}
    return RefundPlan(**{"key": uuid.uuid4(), "lines": lines} | amounts | values)


def reread(order):
    order.refresh_from_db()
    return order


def amounts_of(refunds):
    return [str(refund.amount) for refund in refunds]


class Bank:
    """A provider that pays out, or refuses for a reason; it remembers what it was asked."""

    def __init__(self, refusal=""):
        self.refusal = refusal
        self.asked = []

    def pay_out(self, payout):
        self.asked.append(payout)
        if self.refusal:
            raise PayoutFailed(self.refusal)
        return "re_77"


@pytest.fixture
def bank():
    there = Bank()
    register("Mollie", there)
    yield there
    unregister("Mollie")


# --- money that comes in


def test_a_payment_by_hand_makes_an_order_paid(shop, actor):
    order = make_order(shop)

    payment = record_payment(
        order, Decimal("12.10"), method="Bank transfer", paid_at=PLACED_AT, reference="NL91-77", by=actor
    )

    assert (reread(order).paid_total, order.payment_status, order.open_amount) == (Decimal("12.10"), "paid", 0)
    assert (payment.state, payment.paid_at) == ("paid", PLACED_AT)
    entry = order.log.first()
    assert (entry.action, entry.actor) == (LogAction.PAYMENT_RECEIVED, actor.name)
    assert entry.changes["payment_status"] == {"old": "open", "new": "paid"}
    assert "nl91-77" in order.search_text.text


def test_a_part_makes_it_partly_paid_and_moves_the_change_mark(shop, actor):
    order = make_order(shop)
    mark = reread(order).change_mark

    record_payment(order, Decimal("2.00"), method="Cash", paid_at=PLACED_AT, by=actor)

    assert (reread(order).payment_status, order.open_amount) == ("partly_paid", Decimal("10.10"))
    assert order.change_mark > mark


def test_an_own_status_gives_way_to_what_the_money_says(shop, actor):
    own = make_own_status(shop, "payment", "on_account", stands_for="awaiting", name="On account")
    order = make_order(shop)
    set_payment_status(order, own.code, by=actor)

    record_payment(order, Decimal("12.10"), method="Cash", paid_at=PLACED_AT, by=actor)

    assert (reread(order).payment_status, order.payment_own_status_id) == ("paid", None)


def test_a_payment_that_is_sent_twice_is_one(shop, actor):
    order, key = make_order(shop), uuid.uuid4()

    first, second = (
        record_payment(order, Decimal("5.00"), method="Cash", paid_at=PLACED_AT, key=key, by=actor) for _ in range(2)
    )

    assert first == second
    assert reread(order).paid_total == Decimal("5.00")
    assert order.log.filter(action=LogAction.PAYMENT_RECEIVED).count() == 1


@pytest.mark.parametrize("amount", [*NOT_AMOUNTS, "0", "12.11"])
def test_what_is_no_payment_changes_nothing(shop, actor, amount):
    order = make_order(shop)

    with pytest.raises(InputRefused) as refusal:
        record_payment(order, Decimal(amount), method="Cash", paid_at=PLACED_AT, by=actor)

    assert list(refusal.value.errors) == ["amount"]
    assert reread(order).version == 1
    assert not order.payments.exists()


def test_everything_that_is_wrong_with_a_payment_is_said_at_once(shop, actor):
    with pytest.raises(InputRefused) as refusal:
        record_payment(
            make_order(shop), Decimal(0), method="", reference="\x00" * 81,
            paid_at=timezone.now() + timedelta(hours=1), by=actor,
        )  # fmt: skip

    assert set(refusal.value.errors) == {"amount", "method", "reference", "paid_at"}
    assert len(refusal.value.errors["reference"]) == 2


def test_more_than_is_open_is_taken_when_it_is_meant(shop, actor):
    order = make_order(shop)

    record_payment(order, Decimal("20.00"), method="Cash", paid_at=PLACED_AT, may_exceed=True, by=actor)

    assert (reread(order).payment_status, order.open_amount) == ("paid", Decimal("-7.90"))


# --- money that goes back


def test_a_line_goes_back_and_the_order_knows_it(shop, actor):
    order = make_order(shop, lines=[new_line(quantity=Decimal(3))], payments=[paid("36.30", provider="Mollie")])
    mark = reread(order).change_mark

    made = refund_order(order, plan(lines={1: "1"}, reason="broken", restocks=True), by=actor)

    (refund,) = made.parts
    assert (refund.amount, refund.state, refund.reason) == (Decimal("12.10"), RefundState.TO_PAY_OUT, "broken")
    assert (refund.payment, refund.restocks, refund.created_by) == (order.payments.get(), True, actor.name)
    assert (reread(order).refunded_total, order.payment_status) == (Decimal("12.10"), "partly_refunded")
    assert (order.total, order.paid_total, order.open_amount) == (Decimal("36.30"), Decimal("36.30"), 0)
    line = order.lines.get()
    assert (line.quantity_credited, line.status) == (1, "ready")
    assert order.change_mark > mark
    told = order.log.get(action=LogAction.REFUND_MADE)
    assert told.changes["refunded_total"] == {"old": "0.00", "new": "12.10"}
    assert told.changes["refund"]["new"]["lines"] == [[1, "1", "12.10"]]


def test_the_last_piece_makes_the_line_credited_and_the_order_refunded(shop, actor):
    order = make_order(shop, lines=[new_line(quantity=Decimal(2))], payments=[paid("24.20")])

    refund_order(order, plan(lines={1: "1"}), by=actor)
    refund_order(order, plan(lines={1: "1"}), by=actor)

    line = order.lines.get()
    assert (line.quantity_credited, line.status) == (2, "credited")
    assert (reread(order).payment_status, order.number_of_lines_done) == ("refunded", 1)
    assert amounts_of(order.refunds.all()) == ["12.10", "12.10"]


def test_shipping_and_a_free_amount_go_back_without_a_line(shop, actor):
    order = make_order(shop, shipping_cost=Decimal("6.05"), shipping_vat_rate=Decimal(21), payments=[paid("18.15")])

    refund_order(order, plan(shipping="6.05", free="1.00"), by=actor)

    refund = order.refunds.get()
    assert (refund.amount, refund.shipping_amount, refund.free_amount) == (
        Decimal("7.05"), Decimal("6.05"), Decimal("1.00"),
    )  # fmt: skip
    assert refundable(reread(order)).shipping == 0
    assert order.lines.get().status == "ready"


def test_a_compensation_leaves_the_line_sold(shop, actor):
    order = make_order(shop, payments=[paid()])

    refund_order(order, plan(lines={1: ("0", "2.00")}), by=actor)

    line = order.lines.get()
    assert (line.quantity_credited, line.status) == (0, "ready")
    assert [(part.quantity, part.amount) for part in RefundLine.objects.all()] == [(0, Decimal("2.00"))]
    assert refundable(reread(order)).lines[0].amount == Decimal("10.10")


def test_shipping_of_net_prices_goes_back_with_its_vat(shop, actor):
    order = make_order(
        shop, prices_include_vat=False, shipping_cost=Decimal("10.00"), shipping_vat_rate=Decimal(21),
        payments=[paid("26.74")],
    )  # fmt: skip

    assert refundable(order).shipping == Decimal("12.10")


def test_it_goes_back_over_the_payments_from_the_oldest_on(shop, actor):
    order = make_order(shop, payments=[paid("5.00", "Gift card"), paid("7.10", "iDEAL")])

    made = refund_order(order, plan(free="8.00"), by=actor)

    assert [(part.payment.method, str(part.amount), part.part) for part in made.parts] == [
        ("Gift card", "5.00", 0), ("iDEAL", "3.00", 1),
    ]  # fmt: skip
    assert [(each.payment.method, each.left) for each in refundable(reread(order)).payments] == [
        ("iDEAL", Decimal("4.10"))
    ]


def test_it_goes_back_over_the_payments_that_were_chosen(shop, actor):
    order = make_order(shop, payments=[paid("5.00", "Gift card"), paid("7.10", "iDEAL")])
    card, ideal = order.payments.all()

    refund_order(order, plan(free="8.00", payments={card.pk: Decimal("0.90"), ideal.pk: Decimal("7.10")}), by=actor)

    assert [(part.payment, str(part.amount)) for part in order.refunds.all()] == [(card, "0.90"), (ideal, "7.10")]


@pytest.mark.parametrize(
    ("payments", "field"),
    [
        ({0: "9.00"}, "payment"),  # more than that payment was
        ({0: "1.00"}, ""),  # less than the refund
        ({0: "NaN"}, "payment"),
        ({0: "-1.00", 1: "7.00"}, "payment"),
        ({None: "6.00"}, ""),  # a payment of somewhere else
    ],
)
def test_payments_that_do_not_add_up_are_refused(shop, actor, payments, field):
    order = make_order(shop, payments=[paid("5.00", "Gift card"), paid("7.10", "iDEAL")])
    elsewhere = make_order(shop, payments=[paid()]).payments.get()
    there = list(order.payments.all())
    chosen = {(elsewhere if key is None else there[key]).pk: Decimal(amount) for key, amount in payments.items()}

    with pytest.raises(InputRefused) as refusal:
        refund_order(order, plan(free="6.00", payments=chosen), by=actor)

    assert [name.split(".")[0] for name in refusal.value.errors] == [field]
    assert not Refund.objects.exists()


@pytest.mark.parametrize("amount", NOT_AMOUNTS)
@pytest.mark.parametrize("field", ["shipping", "free", "amount.1"])
def test_what_is_no_amount_is_an_error_of_its_field(shop, actor, field, amount):
    order = make_order(shop, shipping_cost=Decimal("5.00"), payments=[paid("17.10")])
    wish = plan(lines={1: ("1", amount)}) if field == "amount.1" else plan(lines={1: "1"}, **{field: amount})

    with pytest.raises(InputRefused) as refusal:
        refund_order(order, wish, by=actor)

    assert list(refusal.value.errors) == [field]
    assert reread(order).version == 1
    assert not order.refunds.exists()


@pytest.mark.parametrize("quantity", ["-1", "NaN", "Infinity", "1e309", "0.0001", "3"])
def test_what_cannot_be_credited_is_an_error_of_its_line(shop, actor, quantity):
    order = make_order(shop, lines=[new_line(quantity=Decimal(2))], payments=[paid("24.20")])

    with pytest.raises(InputRefused) as refusal:
        refund_order(order, plan(lines={1: quantity}), by=actor)

    assert list(refusal.value.errors) == ["quantity.1"]
    assert reread(order).version == 1


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({}, ""),
        ({"lines": {1: "0"}}, ""),
        ({"free": "12.11"}, ""),
        ({"lines": {1: ("1", "12.11")}}, "amount.1"),
        ({"lines": {9: "1"}}, "quantity.9"),
        ({"shipping": "0.01"}, "shipping"),
        ({"free": "1.00", "reason": "x" * 251}, "reason"),
        ({"free": "1.00", "reason": "\x0b"}, "reason"),
        ({"free": "1.00", "of_return": 99}, ""),
    ],
)
def test_what_cannot_be_refunded_is_refused_and_changes_nothing(shop, actor, wish, field):
    order = make_order(shop, payments=[paid()])

    with pytest.raises(InputRefused) as refusal:
        refund_order(order, plan(**wish), by=actor)

    assert list(refusal.value.errors) == [field]
    assert reread(order).version == 1
    assert not order.refunds.exists()


def test_nothing_goes_back_where_nothing_came_in(shop, actor):
    for order in (make_order(shop), make_order(shop, payments=[NewPayment(Decimal(5), "iDEAL", "failed", PLACED_AT)])):
        with pytest.raises(InputRefused):
            refund_order(order, plan(free="1.00"), by=actor)


def test_what_an_import_had_refunded_is_not_refunded_again(shop, actor):
    before = NewRefund(Decimal("10.00"), "", "paid_out", PLACED_AT, PLACED_AT)
    order = make_order(shop, payments=[paid("6.00"), paid("6.10")], refunds=[before])

    assert refundable(order).left == Decimal("2.10")
    with pytest.raises(InputRefused):
        refund_order(order, plan(free="2.11"), by=actor)
    refund_order(order, plan(free="2.10"), by=actor)

    assert reread(order).payment_status == "refunded"


def test_a_line_that_gave_money_is_nothing_to_refund(shop, actor):
    order = make_order(shop, lines=[new_line(), new_line(quantity=Decimal(-1))], payments=[paid()])

    assert [each.line.position for each in refundable(order).lines] == [1]


def test_a_deleted_order_is_restored_first(shop, actor):
    order = make_order(shop, payments=[paid()])
    delete_orders([order.pk], shop=shop, by=actor)

    with pytest.raises(OrderIsDeleted):
        refund_order(order, plan(free="1.00"), by=actor)
    with pytest.raises(OrderIsDeleted):
        record_payment(order, Decimal("1.00"), method="Cash", paid_at=PLACED_AT, by=actor)


def test_t34_a_refund_that_is_sent_twice_is_one(shop, actor):
    order, wish = make_order(shop, payments=[paid()]), plan(free="1.00")

    first, second = refund_order(order, wish, by=actor), refund_order(order, wish, by=actor)

    assert (first.is_new, second.is_new) == (True, False)
    assert first.parts == second.parts == list(order.refunds.all())
    assert reread(order).refunded_total == Decimal("1.00")


def test_t34_two_people_do_not_refund_the_same_from_two_pages(shop, actor):
    order = make_order(shop, payments=[paid()])
    refund_order(order, plan(free="1.00", seen_refunded=Decimal("0.00")), by=actor)

    with pytest.raises(RefundedMeanwhile, match=actor.name):
        refund_order(order, plan(free="1.00", seen_refunded=Decimal("0.00")), by=SYSTEM)

    assert reread(order).refunded_total == Decimal("1.00")


def test_a_status_set_by_hand_follows_the_money_all_the_same(shop, actor):
    order = make_order(shop, payments=[paid()])
    set_payment_status(order, "failed", by=actor)

    refund_order(order, plan(free="12.10"), by=actor)

    assert reread(order).payment_status == "refunded"


# --- how it reaches the customer


def test_a_refund_waits_until_it_is_marked_as_paid_out(shop, actor):
    order = make_order(shop, payments=[paid()])
    (refund,) = refund_order(order, plan(free="1.00"), by=actor).parts
    assert reread(order).waiting_for == WaitingFor.REFUND_PAYOUT

    mark_paid_out(refund, by=actor, paid_out_at=PLACED_AT, reference="SEPA 7")

    refund.refresh_from_db()
    assert (refund.state, refund.paid_out_at, refund.reference) == ("paid_out", PLACED_AT, "SEPA 7")
    assert reread(order).waiting_for == WaitingFor.SHIPPING
    assert order.log.first().action == LogAction.REFUND_PAID_OUT


def test_marking_it_twice_is_told_once(shop, actor):
    order = make_order(shop, payments=[paid()])
    (refund,) = refund_order(order, plan(free="1.00"), by=actor).parts

    assert mark_paid_out(refund, by=actor, paid_out_at=PLACED_AT) is not None
    assert mark_paid_out(refund, by=actor, paid_out_at=timezone.now()) is None

    refund.refresh_from_db()
    assert refund.paid_out_at == PLACED_AT


def test_money_is_not_paid_out_tomorrow(shop, actor):
    order = make_order(shop, payments=[paid()])
    (refund,) = refund_order(order, plan(free="1.00"), by=actor).parts

    with pytest.raises(InputRefused) as refusal:
        mark_paid_out(refund, by=actor, paid_out_at=timezone.now() + timedelta(days=1), reference="x" * 81)

    assert set(refusal.value.errors) == {"paid_out_at", "reference"}


def test_a_provider_that_can_pays_out_at_once(shop, actor, bank, django_capture_on_commit_callbacks):
    order = make_order(
        shop,
        payments=[
            paid(provider="Mollie", provider_reference="tr_1"),
        ],
    )
    payment = order.payments.get()

    with django_capture_on_commit_callbacks(execute=True):
        refund_order(order, plan(free="1.00", by_provider=frozenset({payment.pk})), by=actor)

    refund = order.refunds.get()
    assert (refund.state, refund.reference) == ("paid_out", "re_77")
    (payout,) = bank.asked
    assert (payout.payment_reference, payout.amount, payout.currency) == ("tr_1", Decimal("1.00"), "EUR")
    assert payout.key == f"{refund.key}-0"


def test_a_provider_that_refuses_leaves_it_to_be_paid_out_and_is_asked_again_with_the_same_key(
    shop, actor, bank, django_capture_on_commit_callbacks
):
    bank.refusal = "balance too low"
    order = make_order(shop, payments=[paid(provider="Mollie")])
    with django_capture_on_commit_callbacks(execute=True):
        refund_order(order, plan(free="1.00", by_provider=frozenset({order.payments.get().pk})), by=actor)
    refund = order.refunds.get()
    assert refund.state == "to_pay_out"
    assert (order.log.first().action, order.log.first().subject) == (LogAction.PAYOUT_FAILED, "balance too low")

    bank.refusal = ""
    assert pay_out(refund, by=actor)

    refund.refresh_from_db()
    assert refund.state == "paid_out"
    assert bank.asked[0] == bank.asked[1]


def test_an_adapter_that_breaks_does_not_lose_the_refund(shop, actor, bank, django_capture_on_commit_callbacks, caplog):
    bank.pay_out = lambda payout: 1 / 0
    order = make_order(shop, payments=[paid(provider="Mollie")])

    with django_capture_on_commit_callbacks(execute=True):
        refund_order(order, plan(free="1.00", by_provider=frozenset({order.payments.get().pk})), by=actor)

    assert order.refunds.get().state == "to_pay_out"
    assert "division by zero" in caplog.text


def test_a_provider_nobody_wrote_an_adapter_for_is_done_by_hand(shop, actor, bank, django_capture_on_commit_callbacks):
    order = make_order(shop, payments=[paid(provider="Klarna")])

    with django_capture_on_commit_callbacks(execute=True):
        refund_order(order, plan(free="1.00", by_provider=frozenset({order.payments.get().pk})), by=actor)

    assert order.refunds.get().state == "to_pay_out"
    assert bank.asked == []


# --- whatever is done


cents = st.integers(1, 4000).map(lambda number: Decimal(number) / 100)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("pay"), cents),
        st.tuples(st.just("free"), cents),
        st.tuples(st.just("shipping"), cents),
        st.tuples(st.just("line"), st.integers(1, 3), st.integers(1, 3).map(Decimal)),
        st.tuples(st.just("line amount"), st.integers(1, 3), cents),
    ),
    max_size=12,
)


@settings(max_examples=30, deadline=None)
@given(steps=steps)
def test_t33_whatever_is_paid_and_refunded_the_sums_hold(steps):
    _sums_hold(steps)


@pytest.mark.faults
@pytest.mark.timeout(1800)
@settings(max_examples=1000, deadline=None)
@given(steps=steps)
def test_t33_the_sums_hold_a_thousand_times(steps):
    _sums_hold(steps)


def _sums_hold(steps):
    shop = make_shop(uuid.uuid4().hex[:12])
    order = make_order(
        shop, lines=[new_line(quantity=Decimal(number), unit_price=Decimal("3.33")) for number in (1, 2, 3)],
        shipping_cost=Decimal("4.95"), shipping_vat_rate=Decimal(21), discount=Decimal("1.00"),
    )  # fmt: skip
    total = order.total

    for step in steps:
        _take(order, step)
        reread(order)
        back = list(order.refunds.all())
        assert 0 <= order.refunded_total <= order.paid_total
        assert order.paid_total == sum(payment.amount for payment in order.payments.all())
        assert order.refunded_total == sum(refund.amount for refund in back)
        assert order.total == total == sum(line.total for line in order.lines.all()) + Decimal("4.95")
        for key in {refund.key for refund in back}:
            _adds_up([refund for refund in back if refund.key == key])
        for payment in order.payments.all():
            assert sum(refund.amount for refund in back if refund.payment_id == payment.pk) <= payment.amount
        for line in order.lines.all():
            assert 0 <= line.quantity_credited <= line.quantity
            assert sum(part.amount for part in line.refund_lines.all()) <= line.total


def _take(order, step):
    """Pay or refund; what is refused changes nothing, which the sums show."""
    what, *values = step
    try:
        if what == "pay":
            record_payment(order, values[0], method="Cash", paid_at=PLACED_AT, may_exceed=True, by=SYSTEM)
        elif what in ("free", "shipping"):
            refund_order(order, plan(**{what: values[0]}), by=SYSTEM)
        elif what == "line":
            refund_order(order, plan(lines={values[0]: values[1]}), by=SYSTEM)
        else:
            refund_order(order, plan(lines={values[0]: (0, values[1])}), by=SYSTEM)
    except InputRefused:
        pass


def _adds_up(parts):
    first = min(parts, key=lambda part: part.part)
    of_lines = sum(line.amount for line in first.lines.all())
    assert sum(part.amount for part in parts) == of_lines + first.shipping_amount + first.free_amount


@settings(max_examples=30, deadline=None)
@given(
    price=st.decimals("0.01", 999, places=2),
    pieces=st.lists(st.integers(1, 5), min_size=1, max_size=6),
    rate=st.sampled_from(["0", "9", "21", "25"]),
)
def test_a_line_given_back_piece_by_piece_comes_to_the_whole(price, pieces, rate):
    shop = make_shop(uuid.uuid4().hex[:12])
    line = new_line(
        quantity=Decimal(sum(pieces)), unit_price=price, vat_rate=Decimal(rate), discount=round(price / 3, 2)
    )
    order = make_order(shop, lines=[line])
    record_payment(order, order.total, method="Cash", paid_at=PLACED_AT, by=SYSTEM)

    for number in pieces:
        refund_order(order, plan(lines={1: number}), by=SYSTEM)

    assert (reread(order).refunded_total, order.payment_status) == (order.total, "refunded")
    assert order.lines.get().status == "credited"


def test_a_sum_is_known_before_anything_is_asked_for(shop):
    order = make_order(shop, lines=2, payments=[paid("24.20")])

    forecast = refund_sum(plan(lines={1: "1", 2: "7"}, free="1.00"), refundable(order))

    assert forecast.total == Decimal("13.10")
    assert list(forecast.errors) == ["quantity.2"]
