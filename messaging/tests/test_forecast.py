"""Before anything leaves: how many mails a bulk action sends, and the tick that keeps them back."""

from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from backoffice.actor import SYSTEM
from backoffice.models import Shop
from backoffice.roles import Role
from backoffice.tests.factories import make_staff
from messaging.models import OutboxMail, Supplier
from messaging.tests.factories import make_trigger
from orders import services
from orders.services import NewPayment
from orders.tests.factories import make_order, new_line
from orders.tests.test_refund_pages import fill

pytestmark = pytest.mark.django_db


def ship(client, shop, orders):
    numbers = [order.display_number for order in orders]
    data = {"action": "fulfilment:shipped", "shown": ",".join(numbers), "order": numbers, "filter": ""}
    return client.post(reverse("orders:bulk", args=[shop.number]), data)


def statuses(*orders):
    for order in orders:
        order.refresh_from_db()
    return [order.fulfilment_status for order in orders]


def test_several_mails_are_told_before_anything_is_written(clerk_client, shop):
    make_trigger(shop)
    first, second = make_order(shop), make_order(shop)
    without_address = make_order(shop, customer_email="")

    response = ship(clerk_client, shop, [first, second, without_address])

    shown = clerk_client.get(response["Location"]).content.decode()
    assert "Up to 2 mails go out." in shown
    assert statuses(first, second) == ["ready", "ready"]
    assert not OutboxMail.objects.exists()

    clerk_client.post(response["Location"])
    assert statuses(first, second) == ["shipped", "shipped"]
    assert OutboxMail.objects.exclude(recipient="").count() == 2


def test_do_not_notify_ships_without_a_word(clerk_client, shop):
    make_trigger(shop)
    orders = [make_order(shop), make_order(shop)]

    response = ship(clerk_client, shop, orders)
    clerk_client.post(response["Location"], {"quiet": "1"})

    assert statuses(*orders) == ["shipped", "shipped"]
    assert not OutboxMail.objects.exists()


def test_without_a_mail_tied_to_it_nothing_is_asked(clerk_client, shop):
    make_trigger(shop, is_on=False)
    orders = [make_order(shop), make_order(shop)]

    ship(clerk_client, shop, orders)

    assert statuses(*orders) == ["shipped", "shipped"]


@pytest.mark.parametrize(("quiet", "number"), [({}, 1), ({"quiet": "1"}, 0)])
def test_the_tick_beside_a_status_of_one_order_keeps_its_mail_back(clerk_client, shop, quiet, number):
    make_trigger(shop)
    order = make_order(shop)
    page = clerk_client.get(reverse("orders:detail", args=[shop.number, order.number])).content.decode()
    assert 'name="quiet" value="1"' in page

    url = reverse("orders:set-fulfilment", args=[shop.number, order.number])
    clerk_client.post(url, {"status": "shipped", "seen": "ready"} | quiet)

    assert statuses(order) == ["shipped"]
    assert OutboxMail.objects.count() == number


def test_every_form_that_would_mail_has_the_tick(client, shop):
    client.force_login(make_staff(shop, Role.OWNER).user)
    order = make_order(shop)
    forms = [
        reverse("orders:detail", args=[shop.number, order.number]),
        reverse("orders:ship", args=[shop.number, order.number]),
        reverse("orders:record-payment", args=[shop.number, order.number]),
        reverse("orders:new", args=[shop.number]),
    ]

    without = [url for url in forms if 'name="quiet" value="1"' not in client.get(url).content.decode()]

    assert without == []


# --- the forms of one order


@pytest.fixture
def owner_client(client, shop):
    client.force_login(make_staff(shop, Role.OWNER).user)
    return client


def shown(client, shop, name, order=None) -> str:
    return client.get(reverse(name, args=[shop.number, *([order.number] if order else [])])).content.decode()


@pytest.mark.parametrize("name", ["orders:ship", "orders:record-payment", "orders:hold", "orders:new"])
def test_a_form_tells_how_many_mails_go_out(owner_client, shop, name):
    triggers = {
        "orders:ship": {"code": "shipped", "copy_to_shop": True},
        "orders:record-payment": {"event": "payment", "code": "paid", "copy_to_shop": True},
        "orders:hold": {"code": "on_hold", "copy_to_shop": True},
        "orders:new": {"event": "order.placed", "code": "", "copy_to_shop": True},
    }
    Shop.objects.update(email="office@shop.example")
    order = make_order(shop)
    on_order = None if name == "orders:new" else order
    assert "mails go out" not in shown(owner_client, shop, name, on_order)
    make_trigger(shop, **triggers[name])

    html = shown(owner_client, shop, name, on_order)

    assert "Up to 2 mails go out." in html
    assert 'name="quiet" value="1"' in html


def test_a_refund_tells_it_before_it_is_made(owner_client, shop):
    order = make_order(shop, payments=[NewPayment(Decimal("30.25"), "iDEAL", "paid", timezone.now())])
    make_trigger(shop, event="payment", code="partly_refunded")

    url = reverse("orders:refund", args=[shop.number, order.number])
    html = fill(owner_client, url, quantity__1="1", step="check").content.decode()

    assert "1 mail goes out." in html
    assert 'name="quiet" value="1"' in html


def test_every_status_of_the_order_page_tells_its_mails(owner_client, shop):
    make_trigger(shop, code="in_progress")
    make_trigger(shop, event="line", code="backordered")
    order = make_order(shop, lines=3)

    page = owner_client.get(reverse("orders:detail", args=[shop.number, order.number])).context["page"]

    of_order = {look.code: look.mails for menu in page.menus for look in menu.looks if look.mails}
    assert of_order == {"in_progress": 1}
    assert {look.code: look.mails for look in page.line_moves.of_one if look.mails} == {"backordered": 1}
    assert {look.code: look.mails for look in page.line_moves.of_all if look.mails} == {"backordered": 3}
    assert page.line_moves.one_mails
    assert page.line_moves.all_mail


def test_letting_an_order_go_tells_of_what_leaves_with_it_and_can_be_kept_back(owner_client, shop):
    make_trigger(shop, event="digital.sent", code="gift_card")
    order = make_order(shop, lines=[new_line(kind="gift_card")])
    services.set_fulfilment_status(order, "on_hold", by=SYSTEM)
    services.set_payment_status(order, "paid", by=SYSTEM)
    act = reverse("orders:act", args=[shop.number, order.number])

    html = shown(owner_client, shop, "orders:detail", order)
    _before, button = html.split('value="release:"')
    assert "1 mail goes out." in button[:600]
    assert 'name="quiet" value="1"' in button[:1000]

    owner_client.post(act, {"action": "release:", "quiet": "1"})
    assert statuses(order) == ["completed"]
    assert not OutboxMail.objects.exists()


def test_what_came_back_or_was_credited_whole_is_told_like_any_line_status(owner_client, shop):
    make_trigger(shop, event="line", code="returned")
    order = make_order(shop)
    announced = services.announce_return(order, {1: Decimal(1)}, reason="damaged", by=SYSTEM)
    url = reverse("orders:receive-return", args=[shop.number, order.number, announced.pk])

    assert "1 mail goes out." in owner_client.get(url).content.decode()
    owner_client.post(url, {"quantity.1": "1"})

    assert [mail.event for mail in OutboxMail.objects.all()] == [f"line:returned:{order.lines.get().pk}"]


def test_the_box_of_a_new_order_tells_what_its_payment_brings(owner_client, shop):
    make_trigger(shop, event="order.placed", code="")
    make_trigger(shop, event="digital.sent", code="gift_card")
    typed = {
        "customer_name": "Anna",
        "customer_email": "anna@example.org",
        "currency": "EUR",
        "prices_include_vat": "1",
        "added.1.sku": "GIFT",
        "added.1.name": "Gift card",
        "added.1.quantity": "1",
        "added.1.unit_price": "25",
        "added.1.vat_rate": "0",
        "added.1.kind": "gift_card",
    }
    url = reverse("orders:new-total", args=[shop.number])

    told = [
        owner_client.post(url, typed | more).content.decode()
        for more in ({"money": "open"}, {"money": "paid"}, {"money": "open", "customer_email": ""})
    ]

    assert ["1 mail goes out." in each for each in told] == [True, False, False]
    assert ["Up to 2 mails go out." in each for each in told] == [False, True, False]


def test_an_edit_tells_of_the_status_that_follows_and_can_be_kept_quiet(owner_client, shop):
    make_trigger(shop, code="ready")
    order = make_order(shop, lines=[new_line(sku="A", is_backordered=True), new_line(sku="B")])
    waiting = order.lines.get(sku="A")
    removed = {f"lines.{waiting.pk}.removed": "on"}
    url = reverse("orders:edit-total", args=[shop.number, order.number])

    assert "1 mail goes out." in owner_client.post(url, removed).content.decode()
    assert 'name="quiet" value="1"' in shown(owner_client, shop, "orders:edit", order)


def test_a_payment_tells_of_gift_cards_and_suppliers_too(owner_client, shop):
    make_trigger(shop, event="digital.sent", code="gift_card")
    Supplier.objects.create(shop=shop, name="Maker", email="maker@example.org", sku_prefix="SKU")
    order = make_order(shop, lines=2)
    order.lines.filter(position=1).update(kind="gift_card")
    order.lines.filter(position=2).update(kind="physical", sku="SKU-2")

    assert "Up to 2 mails go out." in shown(owner_client, shop, "orders:record-payment", order)


def test_nobody_is_announced_who_gets_no_mail(owner_client, shop):
    make_trigger(shop, event="payment", code="paid")
    without_address = make_order(shop, customer_email="")
    of_marketplace = make_order(shop, source="marketplace")

    for order in (without_address, of_marketplace):
        assert "goes out" not in shown(owner_client, shop, "orders:record-payment", order)


@pytest.mark.parametrize("quiet", [{}, {"quiet": "1"}])
def test_a_hold_without_notice_mails_nobody(owner_client, shop, quiet):
    make_trigger(shop, code="on_hold")
    order = make_order(shop)

    owner_client.post(reverse("orders:hold", args=[shop.number, order.number]), {"reason": "Stock"} | quiet)

    assert statuses(order) == ["on_hold"]
    assert OutboxMail.objects.count() == (0 if quiet else 1)


def test_many_holds_and_many_lines_are_told_too(clerk_client, shop):
    make_trigger(shop, code="on_hold")
    make_trigger(shop, event="line", code="backordered")
    orders = [make_order(shop, lines=2), make_order(shop, lines=2)]

    for action, number in (("hold:", 2), ("line:backordered", 4)):
        numbers = [order.display_number for order in orders]
        data = {"action": action, "shown": ",".join(numbers), "order": numbers, "filter": ""}
        asked = clerk_client.post(reverse("orders:bulk", args=[shop.number]), data)
        assert f"Up to {number} mails go out." in clerk_client.get(asked["Location"]).content.decode()
