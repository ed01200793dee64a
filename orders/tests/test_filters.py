"""Every filter: what it finds, turned around and asked for nothing; and that no query string can fail."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import html
from pytest_django.asserts import assertContains

from backoffice.tests.factories import make_shop
from orders.filters import SPECS, FilterContext, OrderFilter
from orders.filters.specs import Choices, Words
from orders.models import Folder, Order
from orders.services import NewNote, NewPayment, NewRefund, NewShipment, mark_message_read, set_internal_status
from orders.tests.factories import PLACED_AT, make_order, new_line
from orders.tests.test_list_page import list_url, numbers_on
from statuses.catalogue import catalogue_of
from statuses.models import ShopStatus

pytestmark = pytest.mark.django_db


def found(shop, query):
    """The numbers of the orders a query means, and nothing in it was dropped."""
    filtered = OrderFilter(QueryDict(query), shop=shop, catalogue=catalogue_of(shop))
    assert filtered.dropped == []
    return sorted(filtered.orders.values_list("number", flat=True))


def filters_url(shop, query=""):
    return reverse("orders:filters", args=[shop.number]) + (f"?{query}" if query else "")


def test_there_are_about_thirty_filters_and_each_has_a_name_of_its_own():
    names = [name for spec in SPECS.values() for name in spec.names]

    assert len(SPECS) >= 30
    assert len(names) == len(set(names))


def test_a_filter_can_be_turned_around(shop):
    make_order(shop, number=1, payment_status="paid")
    make_order(shop, number=2, payment_status="open")
    make_order(shop, number=3, payment_status="refunded")

    assert found(shop, "payment=paid&payment=open") == [1, 2]
    assert found(shop, "payment=paid&payment=open&payment__is=not") == [3]


def test_is_not_without_a_value_asks_for_nothing(shop):
    make_order(shop, number=1)

    assert found(shop, "payment__is=not") == [1]


def test_internal_statuses_are_found_and_their_absence_too(shop, actor):
    ShopStatus.objects.create(shop=shop, kind="internal", code="call", name_en="Call back")
    calling = make_order(shop, number=1)
    set_internal_status(calling, "call", by=actor)
    make_order(shop, number=2)

    assert found(shop, "internal=call") == [1]
    assert found(shop, "internal=call&internal__is=not") == [2]
    assert found(shop, "internal__is=empty") == [2]


def test_line_statuses_bring_an_order_once(shop):
    make_order(shop, number=1, lines=[new_line(status="shipped"), new_line(status="shipped"), new_line(status="open")])
    make_order(shop, number=2, lines=[new_line(status="open")])

    assert found(shop, "line=shipped") == [1]
    assert found(shop, "line=open") == [1, 2]
    assert found(shop, "line=shipped&line__is=not") == [2]


def test_facts_of_lines(shop):
    make_order(shop, number=1, lines=[new_line(sku="Lamp-9", location="A-01", is_backordered=True)])
    make_order(shop, number=2, lines=[new_line(sku="LAMP-99", location="B-02", kind="digital"), new_line(sku="X")])

    assert found(shop, "sku=lamp-9") == [1]
    assert found(shop, "sku=x") == [2]
    assert found(shop, "sku=lamp-9,LAMP-99") == [1, 2]
    assert found(shop, "sku=lamp-9&sku__is=not") == [2]
    assert found(shop, "location=a-01") == [1]
    assert found(shop, "goods=digital") == [2]
    assert found(shop, "backordered=1") == [1]
    assert found(shop, "backordered=0") == [2]
    assert found(shop, "lines_from=2") == [2]
    assert found(shop, "lines_to=1") == [1]


def test_facts_of_shipments(shop):
    make_order(shop, number=1, shipments=[NewShipment("PostNL", "3SABC", shipped_at=PLACED_AT)])
    make_order(shop, number=2, shipments=[NewShipment("DHL", "", shipped_at=PLACED_AT)])
    make_order(shop, number=3)

    assert found(shop, "tracked=1") == [1]
    assert found(shop, "tracked=0") == [2, 3]
    assert found(shop, "tracking=3sabc") == [1]
    assert found(shop, "carrier=dhl, postnl") == [1, 2]


def test_texts_compare_as_a_whole_without_regard_to_case(shop):
    make_order(shop, number=1, payment_method="iDEAL", shipping_method="PostNL", affiliate="blog", currency="EUR")
    make_order(shop, number=2, payment_method="iDEAL in 3", customer_language="nl", currency="SEK")
    make_order(shop, number=3, source="marketplace", source_name="bol", source_id="9")

    assert found(shop, "method=ideal") == [1]
    assert found(shop, "method__is=empty") == [3]
    assert found(shop, "shipping=postnl") == [1]
    assert found(shop, "affiliate=BLOG") == [1]
    assert found(shop, "currency=sek") == [2]
    assert found(shop, "language=nl") == [2]
    assert found(shop, "marketplace=bol") == [3]
    assert found(shop, "source=marketplace") == [3]
    assert found(shop, "source=marketplace&source__is=not") == [1, 2]


def test_customers_are_found_by_what_is_theirs_alone(shop):
    make_order(shop, number=1, customer_email="Anna@Example.org", customer_number="C-1")
    make_order(shop, number=2, customer_email="joanna@example.org", customer_number="C-12")
    make_order(shop, number=3, customer_email="", customer_company="Hotel Zeezicht")

    assert found(shop, "email=anna@example.org") == [1]
    assert found(shop, "email__is=empty") == [3]
    assert found(shop, "customer=c-1") == [1]
    assert found(shop, "business=1") == [3]


def test_messages_are_unread_until_somebody_read_them(shop, actor):
    make_order(shop, number=1, customer_message="Ring twice")
    read = make_order(shop, number=2, customer_message="Leave at the door")
    mark_message_read(read, by=actor)
    make_order(shop, number=3)

    assert found(shop, "message=unread") == [1]
    assert found(shop, "message=read") == [2]
    assert found(shop, "message=none") == [3]
    assert found(shop, "message=unread&message=read") == [1, 2]


def test_notes_folders_and_marks(shop):
    urgent = Folder.objects.create(shop=shop, name="Urgent")
    note = NewNote("Call first", author="Marit", created_at=PLACED_AT)
    make_order(shop, number=1, notes=[note])
    filed = make_order(shop, number=2)
    Order.objects.filter(pk=filed.pk).update(folder=urgent, printed_at=PLACED_AT, mailed_at=PLACED_AT)

    assert found(shop, "note=1") == [1]
    assert found(shop, f"folder={urgent.pk}") == [2]
    assert found(shop, f"folder={urgent.pk}&folder__is=not") == [1]
    assert found(shop, "folder__is=empty") == [1]
    assert found(shop, "printed=1") == [2]
    assert found(shop, "mailed=0") == [1]


def test_amounts_include_both_ends(shop):
    for number, price in ((1, "10.00"), (2, "20.00"), (3, "30.00")):
        make_order(shop, number=number, lines=[new_line(unit_price=Decimal(price))])

    assert found(shop, "total_from=10&total_to=20") == [1, 2]
    assert found(shop, "total_from=20.01") == [3]


def test_money_that_is_still_to_come_or_to_go(shop):
    now = timezone.now()
    paid = NewPayment(Decimal("12.10"), "iDEAL", state="paid", created_at=now)
    make_order(shop, number=1, payments=[paid])
    make_order(shop, number=2, placed_at=now - timedelta(days=20))
    make_order(shop, number=3, placed_at=now - timedelta(days=2))
    make_order(shop, number=4, placed_at=now - timedelta(days=20), fulfilment_status="aborted")
    due = NewRefund(Decimal("1.00"), "", state="to_pay_out", created_at=now)
    make_order(shop, number=5, payments=[paid], refunds=[due])

    assert found(shop, "owes=0") == [1, 5]  # what went back is owed no more
    assert found(shop, "late=14") == [2]
    assert found(shop, "late=1") == [2, 3]
    assert found(shop, "refund=due") == [5]
    assert found(shop, "refund__is=empty") == [1, 2, 3, 4]


def test_named_stretches_of_days_move_with_the_shops_day(shop, monkeypatch):
    # Half past eleven in the evening of 30 April in UTC is 1 May in Amsterdam.
    monkeypatch.setattr(timezone, "now", lambda: datetime(2026, 4, 30, 22, 30, tzinfo=UTC))
    for number, day in ((1, date(2026, 5, 1)), (2, date(2026, 4, 30)), (3, date(2026, 4, 1)), (4, date(2026, 3, 31))):
        noon = datetime(day.year, day.month, day.day, 0, 30, tzinfo=shop.zone)
        make_order(shop, number=number, placed_at=noon)

    assert found(shop, "placed=today") == [1]
    assert found(shop, "placed=yesterday") == [2]
    assert found(shop, "placed=last7") == [1, 2]
    assert found(shop, "placed=last30") == [1, 2]
    assert found(shop, "placed=month") == [1]
    assert found(shop, "placed=last-month") == [2, 3]
    assert found(shop, "placed=last-month&placed_to=2026-04-02") == [3]


def test_another_shops_lists_are_not_offered(shop, other_shop):
    foreign = Folder.objects.create(shop=other_shop, name="Secret")
    make_shop("54322", base_shop=other_shop)

    for query in (f"folder={foreign.pk}", "target=54322"):
        filtered = OrderFilter(QueryDict(query), shop=shop, catalogue=catalogue_of(shop))
        assert len(filtered.dropped) == 1


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("payment=paid&payment__is=sideways", "Payment status"),
        ("total_from=cheap", "Total from"),
        ("total_from=1e999", "Total from"),
        ("total_from=NaN", "Total from"),
        ("lines_from=1.5", "Number of lines from"),
        ("placed_to=9999-12-31", "Ordered to"),
        ("placed_from=0001-01-01", "Ordered from"),
        ("placed=whenever", "Ordered"),
        ("late=-1", "Unpaid for more than … days"),
        ("printed=perhaps", "Printed"),
        ("method=%00", "Payment method"),
        ("sku=" + "x" * 501, "Product number (SKU)"),
        ("folder=99999999999999999999999", "Folder"),
        ("late=3660", "Unpaid for more than … days"),
    ],
)
def test_a_bad_value_drops_its_own_chip_and_leaves_the_rest(clerk_client, shop, query, said):
    make_order(shop, number=1, currency="EUR")
    make_order(shop, number=2, currency="SEK")

    response = clerk_client.get(list_url(shop, f"{query}&currency=EUR"))

    assertContains(response, f"“{said}” had a value")
    assert numbers_on(response) == ["00001"]
    assert [chip.text_content() for chip in html.fromstring(response.content).cssselect(".chip .lbl")] == [
        "Currency EUR"
    ]


@pytest.mark.parametrize(
    ("query", "chips"),
    [
        ("payment=paid&payment__is=not", ["Payment status is not Paid"]),
        ("folder__is=empty", ["Folder is empty "]),
        ("placed_from=2026-03-01&placed_to=2026-03-31", ["Ordered 1 Mar 2026 – 31 Mar 2026"]),
        ("placed=last7", ["Ordered last 7 days"]),
        ("total_from=10", ["Total from 10"]),
        ("method=iDEAL%2C+PayPal", ["Payment method iDEAL, PayPal"]),
        ("late=14", ["Unpaid for more than … days 14 days"]),
        ("deleted=1", ["Deleted Yes"]),
        ("q=anna", ["Search anna"]),
    ],
)
def test_chips_say_what_is_asked(clerk_client, shop, query, chips):
    page = html.fromstring(clerk_client.get(list_url(shop, query)).content)

    assert [chip.text_content() for chip in page.cssselect(".chip .lbl")] == chips


def test_a_chip_leads_to_its_filter_opened(clerk_client, shop):
    make_order(shop)
    page = html.fromstring(clerk_client.get(list_url(shop, "currency=EUR&sort=number")).content)

    address = page.cssselect(".chip a.lbl")[0].get("href")
    panel = html.fromstring(clerk_client.get(address).content)

    assert [part.get("id") for part in panel.cssselect("details[open].f1")] == ["f-currency"]
    assert panel.cssselect("#id_currency")[0].get("value") == "EUR"
    assert panel.cssselect('input[type="hidden"][name="sort"]')[0].get("value") == "number"


def test_the_panel_offers_every_filter_without_script(clerk_client, shop):
    make_order(shop, payment_method="iDEAL")

    page = html.fromstring(clerk_client.get(filters_url(shop)).content)

    form = page.cssselect("form.fpanel")[0]
    names = {control.get("name") for control in form.cssselect("[name]")}
    assert form.get("action") == list_url(shop)
    assert names == {name for spec in SPECS.values() for name in spec.names} - {"folder", "internal", "tag"}
    assert [option.get("value") for option in form.cssselect("#known-method option")] == ["iDEAL"]
    assert {label.get("for") for label in form.cssselect("label[for]")} <= {e.get("id") for e in form.iter()}


def test_the_panel_sent_with_nothing_filled_in_filters_nothing(clerk_client, shop):
    make_order(shop, number=1)
    empty = "&".join(f"{name}=" for spec in SPECS.values() for name in spec.names)

    page = clerk_client.get(list_url(shop, empty), headers={"HX-Request": "true"})

    assert numbers_on(page) == ["00001"]
    assert page["HX-Push-Url"] == list_url(shop)


@pytest.fixture
def shop_with_orders(clerk_client, shop):
    make_order(shop, number=1, payment_status="paid", customer_message="Hello")
    make_order(shop, number=2)
    return shop


NAMES = sorted({name for spec in SPECS.values() for name in spec.names} | {"sort", "at", "columns", "density", "view"})
LIKELY = ["", "0", "1", "not", "empty", "paid", "new", "today", "last7", "2026-03-21", "-5", "10.50", "a,b", "-total"]
odd_text = st.text(max_size=30) | st.sampled_from(LIKELY)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pairs=st.lists(st.tuples(st.sampled_from(NAMES), odd_text), max_size=8))
def test_no_query_string_fails(clerk_client, shop_with_orders, pairs):
    query = QueryDict(mutable=True)
    for name, value in pairs:
        query.appendlist(name, value)

    response = clerk_client.get(list_url(shop_with_orders, query.urlencode()))
    panel = clerk_client.get(filters_url(shop_with_orders, query.urlencode()))

    assert (response.status_code, panel.status_code) in {(200, 200), (404, 200)}


def test_every_choice_that_is_offered_can_be_asked_for(shop):
    ShopStatus.objects.create(shop=shop, kind="internal", code="call", name_en="Call back")
    Folder.objects.create(shop=shop, name="Urgent")
    make_order(shop)
    at = FilterContext(shop, catalogue_of(shop))

    for spec in SPECS.values():
        if isinstance(spec, Choices):
            for value, _label in spec.choices(at):
                found(shop, f"{spec.key}={value}")
                found(shop, f"{spec.key}={value}&{spec.key}__is=not")
        if isinstance(spec, Choices | Words) and spec.empty:
            found(shop, f"{spec.key}__is=empty")
