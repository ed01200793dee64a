"""What stands on the order page for whom, and what its buttons do. Where the buttons lead is tried without script."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from backoffice.roles import Role
from backoffice.tests.factories import make_shop, make_staff
from orders.models import Address, Folder, LogAction, OrderNote
from orders.services import (
    NewPayment,
    NewRefund,
    NewShipment,
    add_note,
    delete_orders,
    set_fulfilment_status,
    set_line_status,
    set_payment_status,
)
from orders.tests.factories import PLACED_AT, make_order, new_line
from statuses.tests.factories import make_own_status

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def url(name, shop, order, *args, **query):
    address = reverse(f"orders:{name}", args=[shop.number, order.display_number, *args])
    return f"{address}?{urlencode(query)}" if query else address


def page(client, shop, order, **query):
    response = client.get(url("detail", shop, order, **query))
    assert response.status_code == 200
    return response


def text_of(response):
    """The words on the page, one space between them."""
    without_tags = re.sub(r"<[^>]+>", " ", response.content.decode())
    return re.sub(r"\s+", " ", without_tags.replace("\N{NO-BREAK SPACE}", " ").replace("&nbsp;", " "))


def messages_of(response):
    return [str(message) for message in response.context["messages"]]


def reread(order):
    order.refresh_from_db()
    return order


def last(order):
    return order.log.first().action


@pytest.fixture
def packer_client(client, shop):
    """Somebody of the warehouse: may change orders, sees no personal data, moves no money."""
    client.force_login(make_staff(shop, Role.WAREHOUSE).user)
    return client


@pytest.fixture
def reader_client(client, shop):
    client.force_login(make_staff(shop, Role.READ_ONLY).user)
    return client


# --- what stands on it


def test_the_page_shows_what_was_sold_to_whom_and_for_how_much(clerk_client, shop):
    order = make_order(
        shop,
        lines=[
            new_line(sku="NL-2041", name="Oak table", options="Natural oil", location="A-03-2", weight_g=6200,
                     volume_cm3=81_000, quantity=Decimal(2)),
        ],
        shipping_cost=Decimal("6.05"),
        shipping_vat_rate=Decimal("21.00"),
        shipping_method="PostNL Standard",
        customer_phone="+31 6 5550 0142",
        billing=Address(name="Anna Jansen", street="Kade 1", postcode="1011 AB", city="Amsterdam", country="NL"),
    )  # fmt: skip

    words = text_of(page(clerk_client, shop, order))

    for expected in (
        "Order 00001", "Oak table", "NL-2041 · Natural oil", "A-03-2", "6.20 kg", "0.081 m³", "€10.00", "€24.20",
        "Shipping, PostNL Standard €6.05", "of which VAT 21 % €5.25", "Total €30.25", "Still open €30.25",
        "anna@example.org", "+31 6 5550 0142", "Kade 1", "1011 AB Amsterdam", "Netherlands", "Same as ship to",
        "12345_00001", "EUR, rate 1.0000", "Sat 21 Mar 2026, 18:44",
    ):  # fmt: skip
        assert expected in words


def test_net_prices_are_added_up_net_with_the_vat_on_top(clerk_client, shop):
    order = make_order(shop, lines=[new_line(unit_price=Decimal("0.0312"), quantity=Decimal(1000))],
                       prices_include_vat=False)  # fmt: skip

    words = text_of(page(clerk_client, shop, order))

    assert "€0.0312" in words
    assert "Lines €31.20 Total excl. VAT €31.20 VAT 21 % €6.55 Total €37.75" in words


def test_a_foreign_currency_is_told_in_the_shops_own_too(clerk_client, shop):
    order = make_order(shop, currency="SEK", exchange_rate=Decimal("0.087654"))

    assert "Total SEK 12.10 In EUR at 0.087654 €1.06" in text_of(page(clerk_client, shop, order))


def test_a_line_shows_its_price_with_and_without_vat(clerk_client, shop):
    order = make_order(shop, lines=[new_line(unit_price=Decimal("12.10"), quantity=Decimal(2))])

    words = text_of(page(clerk_client, shop, order))

    assert "Each ex VAT Each incl. VAT" in words
    assert "€10.00 €12.10 21 % €24.20" in words


def test_a_discount_on_the_order_stands_under_the_lines_before_it(clerk_client, shop):
    order = make_order(shop, discount=Decimal("2.10"))

    assert "Lines €12.10 Discount -€2.10" in text_of(page(clerk_client, shop, order))


def test_another_delivery_address_is_shown_and_the_same_one_is_not(clerk_client, shop):
    home, work = Address(street="Home Street 1"), Address(street="Work Street 2")
    same = make_order(shop, billing=home)
    different = make_order(shop, billing=home, shipping=work)

    assertContains(page(clerk_client, shop, same), "Home Street 1", count=1)
    assertContains(page(clerk_client, shop, different), "Home Street 1", count=1)
    assertContains(page(clerk_client, shop, different), "Work Street 2", count=1)


def test_lines_follow_the_shops_order_or_the_one_that_is_asked_for(clerk_client, shop):
    order = make_order(shop, lines=[
        new_line(sku="C", name="Cart first", location="B-1"),
        new_line(sku="A", name="Number first", location=""),
        new_line(sku="B", name="Shelf first", location="A-1"),
    ])  # fmt: skip

    def names(**query):
        return [line.name for line in page(clerk_client, shop, order, **query).context["page"].lines]

    assert names() == names(lines="nonsense") == ["Number first", "Shelf first", "Cart first"]
    assert names(lines="location") == ["Shelf first", "Cart first", "Number first"]
    assert names(lines="cart") == ["Cart first", "Number first", "Shelf first"]


def test_a_back_ordered_line_says_when_it_is_expected(clerk_client, shop):
    order = make_order(shop, lines=[new_line(is_backordered=True, expected_on=date(2026, 12, 2))])

    words = text_of(page(clerk_client, shop, order))

    assert "expected 2 Dec 2026" in words
    assert "1 line backordered" in words


def test_payments_and_refunds_are_told_with_what_is_left_to_do(clerk_client, shop):
    order = make_order(shop, payments=[
        NewPayment(Decimal("12.10"), "iDEAL", "paid", PLACED_AT, provider="Mollie", provider_reference="tr_8KxQ2")
    ], refunds=[NewRefund(Decimal("2.00"), "candle broken", "to_pay_out", PLACED_AT)])  # fmt: skip
    order.refunds.update(payment=order.payments.get())

    words = text_of(page(clerk_client, shop, order))

    assert "iDEAL, Mollie 21 Mar 2026, 18:44 · tr_8KxQ2 €12.10 Paid" in words
    assert "Refund, candle broken" in words
    assert "Refund not paid out yet. €2.00 must still be paid out in your account at Mollie." in words


def test_a_refund_that_was_paid_out_asks_for_nothing(clerk_client, shop):
    order = make_order(shop, refunds=[NewRefund(Decimal("2.00"), "", "paid_out", PLACED_AT)])

    assertNotContains(page(clerk_client, shop, order), "must still be paid out")


def test_money_that_was_given_back_is_not_open_again(clerk_client, shop):
    order = make_order(shop, payments=[NewPayment(Decimal("12.10"), "iDEAL", "paid", PLACED_AT)])
    order.refunded_total = Decimal("12.10")
    order.payment_status = "refunded"
    order.save(update_fields=["refunded_total", "payment_status"])

    words = text_of(page(clerk_client, shop, order))

    assert "Refunded -€12.10" in words
    assert "Still open" not in words


def test_a_tracking_code_is_a_link_to_a_web_page_only(clerk_client, shop):
    order = make_order(shop, shipments=[
        NewShipment("PostNL", "3SABC", PLACED_AT, tracking_url="https://post.example/3SABC"),
        NewShipment("Pigeon", "COO", PLACED_AT, tracking_url="javascript:alert(1)"),
    ])  # fmt: skip

    response = page(clerk_client, shop, order)

    assertContains(response, '<a href="https://post.example/3SABC" rel="noopener noreferrer">3SABC</a>', html=True)
    assertContains(response, "COO")
    assertNotContains(response, "javascript:")


def test_words_of_customers_are_words_and_not_markup(clerk_client, shop):
    hostile = "<script>alert('x')</script>"
    order = make_order(shop, customer_name=hostile, customer_message=hostile, lines=[new_line(name=hostile)])

    response = page(clerk_client, shop, order)

    assertNotContains(response, hostile)
    assertContains(response, "&lt;script&gt;alert(")


def test_an_order_about_which_little_is_known_has_a_page(clerk_client, shop):
    order = make_order(
        shop, customer_name="", customer_email="", lines=[new_line(sku="", name="", vat_rate=Decimal(0))]
    )

    words = text_of(page(clerk_client, shop, order))

    assert "Guest" in words
    assert "No description" in words
    assert "No payments yet." in words


@pytest.mark.parametrize(("language", "word"), [("nl", "€ 12,10"), ("sv", "12,10 €")])
def test_amounts_read_as_the_person_reads_them(client, shop, language, word):
    client.force_login(make_staff(shop, language=language).user)

    assert word in text_of(page(client, shop, make_order(shop)))


def test_folder_target_shop_and_own_statuses_are_named(clerk_client, shop):
    own = make_own_status(shop, "internal", "call", name="Call customer")
    order = make_order(shop, target_shop=make_shop("12346", name="Shop in Germany", base_shop=shop))
    order.internal_status, order.folder = own, Folder.objects.create(shop=shop, name="Gifts")
    order.save(update_fields=["internal_status", "folder"])

    words = text_of(page(clerk_client, shop, order))

    assert "Call customer" in words
    assert "Gifts" in words
    assert "Web shop · Shop in Germany" in words


# --- what is not to be seen


def test_personal_data_is_for_those_who_may_see_it(packer_client, clerk, shop):
    order = make_order(shop, personal_number="19860412-2391", ip_address="203.0.113.24")

    for_packer = page(packer_client, shop, order)
    assertNotContains(for_packer, "203.0.113.24")
    assertNotContains(for_packer, "Personal number")

    packer_client.force_login(clerk.user)
    for_clerk = page(packer_client, shop, order)
    assertContains(for_clerk, "203.0.113.24")
    assertContains(for_clerk, "Personal number")
    assertNotContains(for_clerk, "19860412")


def test_a_personal_number_is_shown_on_request_and_that_is_logged(clerk_client, shop):
    order = make_order(shop, personal_number="19860412-2391")

    response = clerk_client.post(url("show-personal-number", shop, order))

    assertContains(response, "19860412-2391")
    assert response["Cache-Control"] == "no-store, private"
    assert last(order) == LogAction.PERSONAL_NUMBER_SEEN
    assertNotContains(page(clerk_client, shop, order), "19860412-2391")


def test_who_may_only_look_sees_no_button(reader_client, clerk, shop, actor):
    order = make_order(shop, customer_message="Behind the shed.", personal_number="1")
    add_note(order, "Call.", by=actor)
    on_page = re.compile(r'action="/s/12345/orders/[^"]*"')

    for_reader = on_page.findall(page(reader_client, shop, order).content.decode())
    reader_client.force_login(clerk.user)
    for_clerk = on_page.findall(page(reader_client, shop, order).content.decode())

    assert [action for action in for_reader if "search" not in action] == []
    assert len(set(for_clerk)) > 7


def test_money_is_moved_by_those_who_may(packer_client, clerk, shop):
    order = make_order(shop)
    payment_form = url("set-payment", shop, order)

    assertNotContains(page(packer_client, shop, order), payment_form)
    packer_client.force_login(clerk.user)
    assertContains(page(packer_client, shop, order), payment_form)


# --- what it is asked for


@pytest.mark.parametrize("number", ["abc", "1" * 19, "0", "-1", "1.0", "%00", "٣", "99999"])
def test_what_is_no_order_of_this_shop_is_not_found(clerk_client, shop, number):
    make_order(shop)

    assert clerk_client.get(f"/s/12345/orders/{number}/").status_code == 404


def test_an_order_is_found_with_and_without_its_zeros(clerk_client, shop):
    make_order(shop)

    assert clerk_client.get("/s/12345/orders/1/").status_code == 200
    assert clerk_client.get("/s/12345/orders/00001/").status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "log=nonsense&lines=%00&line=x&before=y",
        "line=99999999999999999999999&before=-1",
        "before=999999999999999999",
        "from=%26%3D%00&log=",
        "from=status%3Dnonsense%26at%3D%25%26sort%3D__class__",
        "from=" + "x" * 5000,
        "from=%2F%2Fevil.example",
    ],
)
def test_a_query_that_makes_no_sense_is_no_failure(clerk_client, shop, query):
    order = make_order(shop)

    response = clerk_client.get(f"{url('detail', shop, order)}?{query}")

    assert response.status_code == 200
    assert response.context["page"].back_url.split("?")[0] == "/s/12345/orders/"


# --- the list it was reached from


def test_the_orders_beside_it_are_those_of_the_list_one_came_from(clerk_client, shop):
    def at(day):
        return datetime(2026, 3, day, tzinfo=UTC)

    first = make_order(shop, placed_at=at(1), fulfilment_status="new")
    make_order(shop, placed_at=at(2), fulfilment_status="shipped")
    middle = make_order(shop, placed_at=at(3), fulfilment_status="new")
    newest = make_order(shop, placed_at=at(4), fulfilment_status="new")

    walk = page(clerk_client, shop, middle, **{"from": "status=new"}).context["page"]

    assert walk.previous_url == url("detail", shop, newest, **{"from": "status=new"})
    assert walk.next_url == url("detail", shop, first, **{"from": "status=new"})
    assert walk.back_url == "/s/12345/orders/?status=new"
    assert page(clerk_client, shop, newest).context["page"].previous_url == ""


def test_the_way_back_survives_a_change(clerk_client, shop):
    order = make_order(shop)

    response = clerk_client.post(
        url("set-fulfilment", shop, order, **{"from": "status=ready", "lines": "cart"}), {"status": "shipped"}
    )

    assertRedirects(
        response, url("detail", shop, order, **{"lines": "cart", "from": "status=ready"}), fetch_redirect_response=False
    )


# --- statuses


def test_the_next_step_is_one_press(clerk_client, shop):
    order = make_order(shop, payment_status="paid", fulfilment_status="in_progress")
    step = page(clerk_client, shop, order).context["page"].primary
    assert step.label == "Set ready"

    response = clerk_client.post(step.url, {"status": step.status, "seen": step.seen}, follow=True)

    assert reread(order).fulfilment_status == "ready"
    assert messages_of(response) == ["Order status: Ready."]
    assertContains(response, f"/s/12345/orders/undo/?act={order.log.first().act}")


@pytest.mark.parametrize(
    ("fulfilment", "payment", "label"),
    [
        ("new", "open", "Mark paid"),
        ("new", "paid", "Start"),
        ("in_progress", "paid", "Set ready"),
        ("on_hold", "paid", "Start"),
        ("backordered", "paid", "Set ready"),
        ("ready", "paid", "Ship 1 line"),
        ("ready", "failed", "Mark paid"),
        ("partly_shipped", "paid", "Ship 1 line"),
        ("shipped", "paid", "Complete"),
        ("delivered", "partly_refunded", "Complete"),
        ("aborted", "open", "Mark paid"),
    ],
)
def test_the_next_step_follows_from_where_the_order_is(clerk_client, shop, fulfilment, payment, label):
    order = make_order(shop, fulfilment_status=fulfilment, payment_status=payment)

    assert page(clerk_client, shop, order).context["page"].primary.label == label


@pytest.mark.parametrize(
    ("fulfilment", "payment"), [("completed", "paid"), ("cancelled", "open"), ("expired", "expired")]
)
def test_at_its_end_an_order_has_no_next_step(clerk_client, shop, fulfilment, payment):
    order = make_order(shop, fulfilment_status=fulfilment, payment_status=payment)

    assert page(clerk_client, shop, order).context["page"].primary is None


def test_who_may_not_move_money_gets_the_step_after_it(packer_client, shop):
    order = make_order(shop, payment_status="open")

    assert page(packer_client, shop, order).context["page"].primary.label == "Ship 1 line"


def test_only_moves_that_are_possible_are_offered(clerk_client, shop):
    order = make_order(shop, fulfilment_status="cancelled")
    make_own_status(shop, "fulfilment", "packing", stands_for="in_progress")
    make_own_status(shop, "fulfilment", "at-the-door", stands_for="delivered")

    menu = page(clerk_client, shop, order).context["page"].menus[0]

    assert {look.code for look in menu.looks} == {
        "new", "in_progress", "on_hold", "backordered", "ready", "expired", "packing"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "status", "field"),
    [
        ("set-fulfilment", "shipped", "fulfilment_status"),
        ("set-payment", "paid", "payment_status"),
        ("set-internal", "call", "internal_status_id"),
    ],
)
def test_each_kind_of_status_has_its_form(clerk_client, shop, name, status, field):
    make_own_status(shop, "internal", "call")
    order = make_order(shop)
    before = getattr(order, field)

    response = clerk_client.post(url(name, shop, order), {"status": status})

    assertRedirects(response, url("detail", shop, order), fetch_redirect_response=False)
    assert getattr(reread(order), field) != before


def test_an_internal_status_can_be_cleared(clerk_client, shop):
    own = make_own_status(shop, "internal", "call")
    order = make_order(shop)
    order.internal_status = own
    order.save(update_fields=["internal_status"])

    response = clerk_client.post(url("set-internal", shop, order), {"status": "", "seen": "call"}, follow=True)

    assert reread(order).internal_status is None
    assert messages_of(response) == ["Internal status: none."]


def test_a_colleagues_change_is_not_overwritten_and_both_are_told(clerk_client, shop):
    order = make_order(shop, payment_status="paid")
    seen = page(clerk_client, shop, order).context["page"].menus[0].seen
    elin = make_staff(shop, Role.WAREHOUSE, name="Elin Berg").as_actor(None)
    set_fulfilment_status(order, "on_hold", by=elin)

    response = clerk_client.post(url("set-fulfilment", shop, order), {"status": "shipped", "seen": seen}, follow=True)

    assert messages_of(response) == ["Elin Berg set this to On hold meanwhile."]
    assert reread(order).fulfilment_status == "on_hold"


@pytest.mark.parametrize("data", [{}, {"status": "nonsense"}, {"status": "x" * 99}, {"status": "\x00"}])
@pytest.mark.parametrize("name", ["set-fulfilment", "set-payment", "set-line"])
def test_a_status_that_makes_no_sense_is_refused(clerk_client, shop, name, data):
    order = make_order(shop)

    response = clerk_client.post(url(name, shop, order), data, follow=True)

    assert response.status_code == 200
    assert len(messages_of(response)) == 1
    assert reread(order).version == 1


def test_what_is_so_already_is_said_and_leaves_no_trace(clerk_client, shop):
    order = make_order(shop)

    response = clerk_client.post(url("set-fulfilment", shop, order), {"status": "ready"}, follow=True)

    assert messages_of(response) == ["That is Ready already."]
    assert reread(order).version == 1


# --- lines


def test_one_line_is_set(clerk_client, shop):
    order = make_order(shop, lines=2)

    response = clerk_client.post(url("set-line", shop, order), {"line": "2", "seen": "ready", "status": "backordered"})

    assertRedirects(response, url("detail", shop, order) + "#line-2", fetch_redirect_response=False)
    assert list(order.lines.values_list("status", flat=True)) == ["ready", "backordered"]


def test_all_lines_are_set(clerk_client, shop):
    order = make_order(shop, lines=3)

    response = clerk_client.post(url("set-line", shop, order), {"status": "shipped"}, follow=True)

    assert set(order.lines.values_list("status", flat=True)) == {"shipped"}
    assert messages_of(response) == ["3 lines: Shipped."]


@pytest.mark.parametrize("line", ["9", "0", "-1", "x", "1" * 30])
def test_a_line_that_is_not_there_is_not_set(clerk_client, shop, line):
    order = make_order(shop)

    response = clerk_client.post(url("set-line", shop, order), {"line": line, "status": "shipped"})

    assert response.status_code in (302, 404)
    assert order.lines.get().status == "ready"


def test_an_order_of_a_thousand_lines_has_a_page(clerk_client, shop):
    order = make_order(shop, lines=1114)

    response = page(clerk_client, shop, order)

    assertContains(response, '<tr role="row" id="line-', count=1114)
    assertContains(response, "1,114 lines")
    # Its menus open by their links: one, not a thousand.
    assertContains(response, 'name="line"', count=0)
    assertContains(page(clerk_client, shop, order, line=700), 'name="line" value="700"', count=1)


# --- notes


def test_a_note_is_added_and_shown(clerk_client, shop):
    order = make_order(shop)

    response = clerk_client.post(
        url("add-note", shop, order), {"text": "Called.\nTwice.", "audience": "customer"}, follow=True
    )

    note = order.notes.get()
    assert (note.text.splitlines(), note.audience, note.author) == (["Called.", "Twice."], "customer", "Marit Bakker")
    assertContains(response, "For the customer")
    assert messages_of(response) == ["Note added."]


@pytest.mark.parametrize(
    "data",
    [
        {"text": "", "audience": "internal"},
        {"text": "x" * 4001, "audience": "internal"},
        {"text": "Kept words.", "audience": "neighbours"},
        {"text": "Kept words.\x07", "audience": "internal"},
        {},
    ],
)
def test_a_note_that_cannot_be_kept_comes_back_with_its_words(clerk_client, shop, data):
    order = make_order(shop)

    response = clerk_client.post(url("add-note", shop, order), data)

    assert response.status_code == 422
    assertContains(response, 'class="errs" role="alert"', status_code=422)
    assertContains(response, data.get("text", "")[:20], status_code=422)
    assert not order.notes.exists()


def test_a_note_is_removed_and_its_words_stay_in_the_timeline(clerk_client, shop, actor):
    order = make_order(shop)
    note = add_note(order, "Wrong order.", by=actor)

    response = clerk_client.post(url("remove-note", shop, order, note.pk), follow=True)

    assert not OrderNote.objects.exists()
    assertContains(response, '<del><span class="vh">was </span>Wrong order.</del>', html=True)


@pytest.mark.parametrize("key", ["0", "1" * 30])
def test_a_note_that_is_not_there_is_not_removed(clerk_client, shop, key):
    order = make_order(shop)

    assert clerk_client.post(f"{url('detail', shop, order)}notes/{key}/remove/").status_code == 404


def test_a_note_is_removed_through_its_own_order_only(clerk_client, shop, actor):
    order, other = make_order(shop), make_order(shop)
    note = add_note(other, "Stay.", by=actor)

    assert clerk_client.post(url("remove-note", shop, order, note.pk)).status_code == 404

    assert other.notes.get() == note


def test_the_customers_message_is_blue_until_it_is_read(clerk_client, shop):
    order = make_order(shop, customer_message="Behind the shed, please.")
    assertContains(page(clerk_client, shop, order), 'class="quote c-blue"')

    clerk_client.post(url("read-message", shop, order))

    response = page(clerk_client, shop, order)
    assertContains(response, 'class="quote c-grey"')
    assertContains(response, "Behind the shed, please.")
    assertNotContains(response, "Mark as read")


# --- deleting and undoing


def test_a_deleted_order_is_shown_with_the_way_back(clerk_client, shop):
    order = make_order(shop)

    deleted = clerk_client.post(url("delete", shop, order), follow=True)

    assert messages_of(deleted) == ["Order 00001 is moved to Deleted."]
    assertContains(deleted, "This order is in Deleted.")
    assertNotContains(deleted, url("set-fulfilment", shop, order))
    restored = clerk_client.post(url("restore", shop, order), follow=True)
    assertNotContains(restored, "This order is in Deleted.")
    assert reread(order).deleted_at is None


def test_a_form_that_was_open_while_the_order_was_deleted_changes_nothing(clerk_client, shop, actor):
    order = make_order(shop)
    delete_orders([order.pk], shop=shop, by=actor)

    response = clerk_client.post(url("set-fulfilment", shop, order), {"status": "shipped"}, follow=True)

    assert messages_of(response) == ["This order is in Deleted. Restore it first."]
    assert reread(order).fulfilment_status == "ready"


def undo_url(shop):
    return reverse("orders:undo", args=[shop.number])


def test_undo_takes_back_and_returns_to_where_it_was_pressed(clerk_client, shop, actor):
    order = make_order(shop)
    entry = set_fulfilment_status(order, "shipped", by=actor)

    response = clerk_client.post(
        f"{undo_url(shop)}?act={entry.act}", {"next": url("detail", shop, order, lines="cart")}, follow=True
    )

    assert response.request["QUERY_STRING"] == "lines=cart"
    assert reread(order).fulfilment_status == "ready"
    assert messages_of(response) == ["Order 00001 is as it was."]


def test_undo_of_one_order_leaves_the_others_of_its_act(clerk_client, shop, actor):
    one, other = make_order(shop), make_order(shop)
    act = delete_orders([one.pk, other.pk], shop=shop, by=actor).act

    clerk_client.post(undo_url(shop), {"act": act, "order": one.display_number})

    assert reread(one).deleted_at is None
    assert reread(other).deleted_at is not None


def test_undo_needs_the_right_to_what_is_taken_back(packer_client, shop, actor):
    order = make_order(shop)
    entry = set_payment_status(order, "paid", by=actor)

    assert packer_client.post(undo_url(shop), {"act": entry.act}).status_code == 403

    assert reread(order).payment_status == "paid"


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x", ""]
)
def test_undo_returns_to_no_other_host(clerk_client, shop, elsewhere):
    response = clerk_client.post(undo_url(shop), {"act": "nonsense", "next": elsewhere})

    assertRedirects(response, reverse("orders:list", args=[shop.number]))


@pytest.mark.parametrize("act", ["", "nonsense", "00000000-0000-0000-0000-000000000000"])
def test_what_cannot_be_undone_is_said(clerk_client, shop, act):
    response = clerk_client.post(undo_url(shop), {"act": act}, follow=True)

    assert messages_of(response) == ["This can no longer be undone: something else followed."]


def test_an_order_of_another_shop_is_not_undone_by_its_number(clerk_client, shop, other_shop, actor):
    foreign = make_order(other_shop, number=777)
    entry = set_fulfilment_status(foreign, "shipped", by=actor)

    assert clerk_client.post(undo_url(shop), {"act": entry.act, "order": "777"}).status_code == 404

    assert reread(foreign).fulfilment_status == "shipped"


# --- with and without script


def test_htmx_gets_the_part_with_its_messages_and_a_browser_the_page(clerk_client, shop):
    order = make_order(shop)
    clerk_client.post(url("set-fulfilment", shop, order), {"status": "shipped"})

    part = clerk_client.get(url("detail", shop, order), headers=HTMX)

    assertNotContains(part, "<html")
    assert part.content.decode().lstrip().startswith('<div id="order"')
    assertContains(part, 'id="messages" hx-swap-oob="true"')
    assertContains(part, "Order status: Shipped.")
    assert "HX-Request" in part["Vary"]
    whole = clerk_client.get(url("detail", shop, order))
    assertContains(whole, "<html")
    assert "HX-Request" in whole["Vary"]


def test_a_page_restored_from_history_is_whole(clerk_client, shop):
    order = make_order(shop)

    response = clerk_client.get(url("detail", shop, order), headers=HTMX | {"HX-History-Restore-Request": "true"})

    assertContains(response, "<html")


def test_every_form_works_without_script(clerk_client, shop, actor):
    order = make_order(shop, customer_message="Hello.", personal_number="1", lines=2)
    add_note(order, "Call.", by=actor)
    make_own_status(shop, "internal", "call")
    html = page(clerk_client, shop, order).content.decode()

    forms = re.findall(r"<form[^>]*method=\"post\".*?</form>", html, flags=re.DOTALL)

    assert len(forms) > 10
    for form in forms:
        assert re.search(r'action="[^"]+"', form), form
        assert "csrfmiddlewaretoken" in form, form
        assert "<button" in form, form
    assert not re.search(r"\son\w+=|\sstyle=|<script>(?!</)", html)


# --- what it costs


def test_the_page_costs_the_same_for_one_line_as_for_three_hundred(clerk_client, shop, actor):
    def queries(order):
        with CaptureQueriesContext(connection) as captured:
            page(clerk_client, shop, order)
        return len(captured)

    # What was given back is one question more, whether it was one amount or three.
    small = make_order(
        shop,
        payments=[NewPayment(Decimal(1), "iDEAL", "paid", PLACED_AT)],
        refunds=[NewRefund(Decimal(1), "Broken", "paid_out", PLACED_AT)],
    )
    large = make_order(
        shop,
        lines=300,
        target_shop=make_shop("12346", base_shop=shop),
        payments=[NewPayment(Decimal(1), "iDEAL", "paid", PLACED_AT)] * 3,
        refunds=[NewRefund(Decimal(1), "Broken", "paid_out", PLACED_AT)] * 3,
        shipments=[NewShipment("PostNL", "3S", PLACED_AT)] * 3,
    )
    for number in range(5):
        add_note(large, f"Note {number}", by=actor)
    set_line_status(large, "shipped", by=actor)
    queries(small)

    assert queries(small) == queries(large) == 23
    assert queries(make_order(shop)) == 22


def test_what_a_narrowed_timeline_leaves_out_is_still_known_to_the_page(clerk_client, shop, actor):
    order = make_order(shop, payment_status="paid")
    set_fulfilment_status(order, "shipped", by=actor)

    def progress(**query):
        found = re.search(
            r'<ol class="track".*?</ol>', page(clerk_client, shop, order, **query).content.decode(), re.DOTALL
        )
        return found.group()

    assert progress(log="notes") == progress()
