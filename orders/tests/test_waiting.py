"""Why an order waits: exactly one reason for each open one, and doing something about it changes it."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backoffice.actor import SYSTEM
from backoffice.roles import Role
from backoffice.tests.factories import make_staff
from orders import tasks
from orders.models import Address, Order, RefundState, StatusCount, WaitingFor
from orders.order_list import order_list
from orders.services import (
    Edit,
    NewRefund,
    NewShipment,
    Wish,
    changing,
    delete_orders,
    edit_order,
    mark_message_read,
    restore_orders,
    set_fulfilment_status,
    set_payment_status,
    set_status_of_many,
)
from orders.services.hold import held
from orders.services.waiting import review_waiting
from orders.tests.factories import make_order, new_line
from orders.waiting import EDIT, READ, SENT, WORK, Facts, next_action, sentence, wait_of
from statuses.kinds import FulfilmentStatus, Kind, PaymentStatus
from statuses.services import change_status

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 22, 12, 30, tzinfo=UTC)
W = WaitingFor
PAID = {"payment_status": "paid"}


@pytest.fixture(autouse=True)
def now(time_machine):
    time_machine.move_to(NOW, tick=False)


def make(shop, status="ready", *, age=timedelta(hours=1), **values):
    """A paid order of an hour ago."""
    return make_order(shop, fulfilment_status=status, placed_at=NOW - age, **PAID | values)


def fresh(order):
    order.refresh_from_db()
    return order


def reason(order):
    return WaitingFor(fresh(order).waiting_for)


def refund(state=RefundState.TO_PAY_OUT):
    return NewRefund(amount=Decimal("5.00"), reason="", state=state, created_at=NOW)


def parcel(code="", *, age=timedelta(hours=2)):
    return NewShipment(carrier="PostNL", tracking_code=code, shipped_at=NOW - age)


# --- the reasons ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expected", "values"),
    [
        (W.SHIPPING, {}),
        (W.START, {"status": "new"}),
        (W.LATE_START, {"status": "new", "age": timedelta(hours=25)}),
        (W.PACKING, {"status": "in_progress"}),
        (W.RELEASE, {"status": "on_hold", "payment_status": "failed"}),
        (W.REST, {"status": "partly_shipped", "payment_status": "open"}),
        (W.PAYMENT, {"payment_status": "awaiting"}),
        (W.OVERDUE_PAYMENT, {"payment_status": "partly_paid", "age": timedelta(days=3)}),
        (W.NEW_PAYMENT, {"payment_status": "failed"}),
        (W.CANCELLATION, {"payment_status": "refunded"}),
        (W.MESSAGE_READ, {"customer_message": "Can you hurry?"}),
        (W.MESSAGE_READ, {"status": "shipped", "customer_message": "Where is it?"}),
        (W.REFUND_PAYOUT, {"status": "cancelled", "refunds": [refund()]}),
        (W.NOTHING, {"status": "cancelled", "refunds": [refund(RefundState.PAID_OUT)]}),
        (W.ADDRESS, {"billing": Address(street="Kerkstraat 1", postcode="1017 GA")}),
        (W.SHIPPING, {"billing": Address(name="Anna", country="NL")}),
        (W.TRACKING_CODE, {"status": "shipped", "shipments": [parcel()]}),
        (W.NOTHING, {"status": "shipped", "shipments": [parcel("3S123")]}),
        (W.NOTHING, {"status": "shipped", "shipments": [parcel(age=timedelta(days=15))]}),
        (W.LATE_PAYMENT, {"status": "delivered", "payment_status": "open", "age": timedelta(days=31)}),
        (W.NOTHING, {"status": "delivered", "payment_status": "open", "age": timedelta(days=3)}),
        (W.NOTHING, {"status": "completed", "customer_message": "Thanks!"}),
        (W.NOTHING, {"status": "aborted", "payment_status": "open"}),
    ],
)
def test_an_order_waits_for(shop, expected, values):
    assert reason(make(shop, **values)) == expected


@pytest.mark.parametrize(
    ("days", "expected", "words"),
    [
        ([date(2026, 3, 25), date(2026, 3, 30)], W.GOODS, "Backordered until 30 Mar 2026"),
        ([date(2026, 3, 25), None], W.GOODS, "Backordered"),
        ([date(2026, 3, 20), date(2026, 3, 22)], W.GOODS_DUE, "Backordered goods were due on 22 Mar 2026"),
    ],
)
def test_back_ordered_goods_wait_for_the_last_of_them(shop, days, expected, words):
    lines = [new_line(sku=f"S{i}", is_backordered=True, expected_on=day) for i, day in enumerate(days)]

    order = make(shop, status="backordered", lines=lines)

    assert (reason(order), sentence(order, shop.zone)) == (expected, words)


def test_goods_that_came_in_are_due(shop):
    assert reason(make(shop, status="backordered")) == W.GOODS_DUE


def test_a_hold_says_why(shop, actor):
    order = make(shop)
    with changing(shop, by=actor) as change:
        change.set(change.lock(order.pk), **held(order, "Checks the address"))

    assert sentence(fresh(order), shop.zone) == "On hold: Checks the address"
    assert next_action(order).code == "ready"


def test_a_deleted_order_waits_for_nothing_until_it_is_back(shop, actor):
    order = make(shop)

    delete_orders([order.pk], shop=shop, by=actor)
    assert reason(order) == W.NOTHING
    restore_orders([order.pk], shop=shop, by=actor)

    assert reason(order) == W.SHIPPING


# --- properties -----------------------------------------------------------------------------------

orders = st.builds(
    Order,
    fulfilment_status=st.sampled_from(FulfilmentStatus.values),
    payment_status=st.sampled_from(PaymentStatus.values),
    total=st.sampled_from([Decimal(-5), Decimal(0), Decimal(12)]),
    placed_at=st.integers(0, 60).map(lambda days: NOW - timedelta(days=days)),
    customer_message=st.sampled_from(["", "Hello"]),
    message_read_at=st.sampled_from([None, NOW]),
    shipping_street=st.sampled_from(["", "Kerkstraat 1"]),
    shipping_city=st.sampled_from(["", "Amsterdam"]),
    number_of_lines_backordered=st.integers(0, 1),
    deleted_at=st.sampled_from([None, None, NOW]),
)


@st.composite
def facts(draw):
    return Facts(
        NOW,
        ZoneInfo("Europe/Amsterdam"),
        draw(st.booleans()),
        draw(st.sampled_from([None, date(2026, 3, 1), date(2026, 4, 1)])),
        draw(st.sampled_from([None, NOW - timedelta(days=1), NOW - timedelta(days=20)])),
    )


@given(orders, facts())
def test_every_open_order_has_one_reason_and_a_finished_one_none(order, known):
    wait = wait_of(order, known)

    is_live = order.deleted_at is None
    if is_live and order.fulfilment_status in WORK:
        assert wait.reason != W.NOTHING
    if not is_live or (order.fulfilment_status not in WORK | SENT and not known.has_refund_to_pay_out):
        assert wait.reason == W.NOTHING
    order.waiting_for = wait.reason
    assert (next_action(order) is None) == (wait.reason == W.NOTHING)


@given(orders, facts())
def test_a_review_is_always_still_to_come(order, known):
    wait = wait_of(order, known)

    assert wait.review_at is None or wait.review_at > known.now


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    status=st.sampled_from(sorted(WORK | SENT)),
    payment=st.sampled_from(PaymentStatus.values),
    age=st.integers(0, 40),
    message=st.sampled_from(["", "Hello"]),
    street=st.sampled_from(["", "Kerkstraat 1"]),
)
def test_acting_on_the_reason_removes_or_changes_it(shop, actor, status, payment, age, message, street):
    order = make_order(
        shop,
        fulfilment_status=status,
        payment_status=payment,
        placed_at=NOW - timedelta(days=age),
        customer_message=message,
        billing=Address(street=street),
    )
    before = reason(order)
    action = next_action(order)
    if action is None:
        assert before == W.NOTHING
        return

    if action.kind == READ:
        mark_message_read(order, by=actor)
    elif action.kind == Kind.PAYMENT:
        set_payment_status(order, action.code, by=actor)
    elif action.page == EDIT:
        edit_order(order, Edit(order={"shipping_city": Wish("", "Amsterdam")}), by=actor)
    else:
        set_fulfilment_status(order, action.code, by=actor)

    assert reason(order) != before


def test_paying_a_refund_out_removes_its_reason(shop, actor):
    order = make(shop, status="cancelled", refunds=[refund()])

    order.refunds.update(state=RefundState.PAID_OUT)
    with changing(shop, by=actor) as change:
        change.set(change.lock(order.pk), printed_at=NOW)

    assert reason(order) == W.NOTHING


# --- time -----------------------------------------------------------------------------------------


def test_time_alone_changes_a_reason(shop, time_machine):
    order = make(shop, payment_status="open")
    assert reason(order) == W.PAYMENT
    version, changed_at = order.version, order.changed_at

    time_machine.move_to(NOW + timedelta(days=3), tick=False)
    assert review_waiting(NOW + timedelta(days=3)) == 1

    assert reason(order) == W.OVERDUE_PAYMENT
    assert (order.version, order.changed_at, order.waiting_review_at) == (version, changed_at, None)
    assert review_waiting(NOW + timedelta(days=3)) == 0


def test_before_its_time_nothing_is_looked_at(shop):
    make(shop, payment_status="open")

    assert review_waiting(NOW + timedelta(days=2)) == 0


def test_goods_become_due_at_the_shops_midnight(shop):
    order = make(shop, "backordered", lines=[new_line(is_backordered=True, expected_on=date(2026, 3, 25))])

    # Midnight in Amsterdam, an hour before that of Greenwich.
    assert order.waiting_review_at == datetime(2026, 3, 24, 23, 0, tzinfo=UTC)
    review_waiting(datetime(2026, 3, 24, 23, 0, tzinfo=UTC))

    assert reason(order) == W.GOODS_DUE


def test_the_worker_reviews(shop, time_machine):
    order = make(shop, status="new")
    time_machine.move_to(NOW + timedelta(days=1, hours=1), tick=False)

    tasks.review_waiting.delay()

    assert reason(order) == W.LATE_START


def test_many_orders_see_what_they_wait_for_with_a_few_questions(shop, actor, django_assert_max_num_queries):
    made = [make(shop, age=timedelta(days=i)) for i in range(20)]

    with django_assert_max_num_queries(13):
        set_status_of_many([order.pk for order in made], "fulfilment", "shipped", shop=shop, by=actor)


# --- where it shows -------------------------------------------------------------------------------


def test_the_to_do_view_lists_the_most_urgent_first(clerk_client, shop):
    make(shop, number=1)
    make(shop, number=2, payment_status="failed")
    make(shop, number=3, payment_status="open")
    make(shop, number=4, status="completed")
    page = clerk_client.get(reverse("orders:list", args=[shop.number])).context["list"]
    todo = next(tab for tab in page.tabs if tab.key == "todo")

    response = clerk_client.get(f"{reverse('orders:list', args=[shop.number])}?{todo.query}")

    shown = response.context["list"]
    assert [row.number for row in shown.rows] == ["00002", "00001", "00003"]
    assert next(tab for tab in shown.tabs if tab.key == "todo").is_current
    text = response.content.decode()
    assert "Ready to ship <a" in text
    assert "Payment failed <a" in text
    assert f'href="{reverse("orders:detail", args=[shop.number, "00001"])}' in text


def test_the_to_do_view_has_pages(shop, clerk, monkeypatch):
    monkeypatch.setattr("orders.order_list.PAGE_SIZE", 2)
    for number in range(1, 6):
        make(shop, number=number, payment_status="paid" if number % 2 else "failed")
    query, seen = "status=ready&sort=waiting", []

    while query:
        page = order_list(shop, QueryDict(query), staff=clerk)
        seen.append([row.number for row in page.rows])
        query = page.older_query
    back = order_list(shop, QueryDict(page.newer_query), staff=clerk)

    assert seen == [["00002", "00004"], ["00001", "00003"], ["00005"]]
    assert [row.number for row in back.rows] == ["00001", "00003"]


def test_a_shop_that_counts_finished_orders_as_to_do_still_sees_them(shop, clerk):
    change_status(shop, "fulfilment", "shipped", {"is_todo": True}, seen=0, by=SYSTEM)
    make(shop, number=1, status="shipped")
    todo = next(tab for tab in order_list(shop, QueryDict(""), staff=clerk).tabs if tab.key == "todo")

    assert [row.number for row in order_list(shop, QueryDict(todo.query), staff=clerk).rows] == ["00001"]


def test_the_order_page_says_why_and_offers_what_to_do(clerk_client, shop):
    order = make(shop, payment_status="failed")
    url = reverse("orders:detail", args=[shop.number, order.display_number])

    page = clerk_client.get(url).content.decode()
    assert "Payment failed" in page.split('id="waiting"')[1].split("</div>")[0]
    assert "Await another payment" in page
    clerk_client.post(
        reverse("orders:set-payment", args=[shop.number, order.display_number]),
        {"status": "awaiting", "seen": "failed"},
    )

    assert reason(order) == W.PAYMENT


def test_a_finished_order_says_nothing(clerk_client, shop):
    order = make(shop, status="completed")

    page = clerk_client.get(reverse("orders:detail", args=[shop.number, order.display_number])).content.decode()

    assert 'id="waiting"' not in page


def test_who_may_not_act_reads_the_reason_alone(client, shop):
    client.force_login(make_staff(shop, Role.READ_ONLY).user)
    order = make(shop)

    page = client.get(reverse("orders:detail", args=[shop.number, order.display_number])).content.decode()

    part = page.split('id="waiting"')[1].split("</div>")[0]
    assert "Ready to ship" in part
    assert "<button" not in part


# --- putting right --------------------------------------------------------------------------------


def recounted(**options):
    out = StringIO()
    call_command("recount", stdout=out, **options)
    return out.getvalue().splitlines()


def test_recount_finds_nothing_when_all_is_right(shop, other_shop):
    make(shop)
    make(other_shop, status="completed")

    assert recounted() == ["Everything was right."]


def test_recount_puts_right_and_says_what(shop, other_shop, actor):
    ready, done, deleted = make(shop, number=1), make(shop, number=2, status="completed"), make(shop, number=3)
    delete_orders([deleted.pk], shop=shop, by=actor)
    elsewhere = make(other_shop)
    Order.objects.filter(pk=ready.pk).update(waiting_for=W.NOTHING)
    Order.objects.filter(pk__in=[done.pk, deleted.pk]).update(waiting_for=W.SHIPPING)
    StatusCount.objects.for_shop(shop).filter(code="ready").update(number_of_orders=7)
    StatusCount.objects.for_shop(shop).filter(code="deleted").delete()
    StatusCount.objects.for_shop(other_shop).update(number_of_orders=0)

    assert recounted(shop=shop.number) == [
        f"{shop.number}: fulfilment deleted said 0, is 1",
        f"{shop.number}: fulfilment ready said 7, is 1",
        f"{shop.number}: 3 orders waited for something else: 00001, 00002, 00003",
    ]
    assert [reason(order) for order in (ready, done, deleted)] == [W.SHIPPING, W.NOTHING, W.NOTHING]
    assert recounted(shop=shop.number) == ["Everything was right."]
    assert StatusCount.objects.for_shop(other_shop).get(code="ready").number_of_orders == 0
    assert reason(elsewhere) == W.SHIPPING


def test_recount_works_through_many_orders(shop, monkeypatch):
    monkeypatch.setattr("orders.services.recount.AT_ONCE", 2)
    for _ in range(5):
        make(shop)
    Order.objects.update(waiting_for=W.NOTHING)

    assert "5 orders waited for something else" in recounted()[0]
    assert set(Order.objects.values_list("waiting_for", flat=True)) == {W.SHIPPING}


def test_recount_of_an_unknown_shop_says_so(db):
    with pytest.raises(CommandError, match="There is no shop 1"):
        recounted(shop="1")


@pytest.mark.postgres
def test_the_to_do_view_walks_along_its_index_and_ends_with_what_waits(shop, clerk):
    sample = make(shop)
    done = Order(shop=shop, placed_at=NOW, changed_at=NOW, fulfilment_status="completed", waiting_for=W.NOTHING)
    Order.objects.bulk_create([replaced(done, number=sample.number + i) for i in range(1, 5000)])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE orders_order")
    todo = next(tab for tab in order_list(shop, QueryDict(""), staff=clerk).tabs if tab.key == "todo")

    with CaptureQueriesContext(connection) as queries:
        page = order_list(shop, QueryDict(todo.query), staff=clerk)

    assert [row.number for row in page.rows] == [sample.display_number]
    sql = next(each["sql"] for each in queries if "ORDER BY" in each["sql"] and "waiting_day" in each["sql"])
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS) {sql}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "order_by_waiting" in plan
    assert "Seq Scan" not in plan
    assert "Rows Removed by Filter" not in plan


def replaced(order, **values):
    """The order once more, with other values."""
    return Order(**{field.attname: getattr(order, field.attname) for field in Order._meta.concrete_fields} | values)
