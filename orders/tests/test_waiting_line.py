"""What the page offers beside the reason why an order waits: the page on which it is dealt with."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from backoffice.roles import Role
from backoffice.tests.factories import make_staff
from orders.models import Address, RefundState
from orders.services import NewRefund, NewShipment
from orders.tests.factories import make_order, new_line

pytestmark = pytest.mark.django_db


def offered(client, shop, order):
    """(address, words) of the link in the line; the form's address where it is a button."""
    page = client.get(reverse("orders:detail", args=[shop.number, order.display_number]) + "?lines=cart")
    line = re.search(r'<div class="waiting" id="waiting">.*?</div>', page.content.decode(), re.DOTALL).group()
    link = re.search(r'<a href="([^"]+)">([^<]+)</a>', line)
    button = re.search(r'<form method="post" action="([^"]+)".*<button[^>]*>([^<]+)</button>', line, re.DOTALL)
    found = link or button
    return (found[1], found[2].strip()) if found else None


def address(name, shop, order, *part):
    return reverse(f"orders:{name}", args=[shop.number, order.display_number, *part]) + "?lines=cart"


def refund(state=RefundState.TO_PAY_OUT):
    return NewRefund(amount=Decimal("5.00"), reason="", state=state, created_at=timezone.now())


def sent(code, *, hours):
    return NewShipment(carrier="PostNL", tracking_code=code, shipped_at=timezone.now() - timedelta(hours=hours))


def make(shop, status, **values):
    return make_order(shop, fulfilment_status=status, payment_status="paid", placed_at=timezone.now(), **values)


def test_what_is_ready_goes_out_on_the_page_that_asks_for_lines_and_code(clerk_client, shop):
    order = make(shop, "ready", lines=2)

    assert offered(clerk_client, shop, order) == (address("ship", shop, order), "Ship 2 lines")


def test_an_order_without_lines_to_send_is_moved_at_once(clerk_client, shop):
    order = make(shop, "ready", lines=[new_line(status="cancelled")])

    assert offered(clerk_client, shop, order) == (address("set-fulfilment", shop, order), "Mark shipped")


def test_a_refund_is_paid_out_on_its_page(clerk_client, shop):
    order = make(shop, "cancelled", refunds=[refund(RefundState.PAID_OUT), refund()])
    due = order.refunds.get(state=RefundState.TO_PAY_OUT)

    assert offered(clerk_client, shop, order) == (address("paid-out", shop, order, due.pk), "Pay it out")


def test_the_missing_code_is_added_to_the_newest_parcel_without_one(clerk_client, shop):
    order = make(shop, "shipped", shipments=[sent("", hours=5), sent("", hours=3), sent("3SABCD123456789", hours=1)])
    newest = order.shipments.filter(tracking_code="").order_by("shipped_at").last()

    assert offered(clerk_client, shop, order) == (address("change-shipment", shop, order, newest.pk), "Add the code")


@pytest.mark.parametrize(
    ("begun", "gap"),
    [({"street": "Kade 1"}, "shipping_city"), ({"postcode": "1017 GA", "city": "Amsterdam"}, "shipping_street")],
)
@pytest.mark.parametrize("plan", ["basic", "professional"])
def test_an_address_is_completed_where_it_is_incomplete_on_any_plan(clerk_client, shop, plan, begun, gap):
    shop.plan_key = plan
    shop.save(update_fields=["plan_key"])
    order = make(shop, "ready", billing=Address(**begun))

    address_of_form, words = offered(clerk_client, shop, order)
    form = clerk_client.get(address_of_form).content.decode()

    assert (address_of_form, words) == (f"{address('edit', shop, order)}#{gap}", "Complete the address")
    assert f'id="{gap}" name="{gap}" value=""' in form


def test_without_the_right_only_the_reason_is_told(client, shop):
    due = make(shop, "cancelled", refunds=[refund()])
    ready = make(shop, "ready")

    client.force_login(make_staff(shop, Role.WAREHOUSE).user)
    assert offered(client, shop, due) is None
    assert offered(client, shop, ready) is not None

    client.force_login(make_staff(shop, Role.READ_ONLY).user)
    assert offered(client, shop, ready) is None
    assert offered(client, shop, make(shop, "ready", billing=Address(street="Kade 1"))) is None
