"""A form takes what it asks for; whatever else is sent along does nothing."""

import uuid
from decimal import Decimal

import pytest
from django.urls import reverse
from lxml import html

from backoffice.roles import Role
from backoffice.tests.factories import make_staff
from orders.models import Order, OrderLine
from orders.services import NewPayment
from orders.tests.factories import PLACED_AT, make_order, new_line

pytestmark = pytest.mark.django_db
# Differs between any two orders, or says when and how often they were changed.
OWN = {"id", "number", "created_at", "changed_at", "change_mark"}
FORMS = {
    "set-fulfilment": {"status": "in_progress"},
    "set-line": {"status": "ready"},
    "add-note": {"text": "Called.", "audience": "internal"},
    "record-payment": {"amount": "5.00", "method": "Cash", "day": "2026-03-21", "may_exceed": "on"},
    "refund": {"quantity.1": "1", "step": "refund"},
    "announce-return": {"quantity.1": "1", "reason": "damaged"},
    "split": {"part1.1": "1", "to": "order", "step": "split"},
    "ship": {"quantity-1": "1"},
    "edit": {"customer_name": "Bo", "do": "save"},
}


def make_twin(shop):
    lines = [new_line(quantity=Decimal(2)), new_line(sku="BOWL")]
    payments = [NewPayment(Decimal("36.30"), "iDEAL", "paid", PLACED_AT)]
    return make_order(shop, lines=lines, payments=payments, placed_at=PLACED_AT)


def press(client, order, name, values):
    """Send the form as the page shows it, `values` typed over it."""
    url = reverse(f"orders:{name}", args=[order.shop.number, order.display_number])
    shown = client.get(url)
    forms = html.fromstring(shown.content).cssselect("main form[method=post]") if shown.status_code == 200 else []
    typed = {"key": str(uuid.uuid4())} | (dict(forms[-1].form_values()) if forms else {})
    return client.post(url, typed | values)


def told(order):
    """All that is stored of an order and its lines, but what is its own."""
    rows = [*Order.objects.filter(pk=order.pk).values(), *OrderLine.objects.filter(order=order).values()]
    return [{name: value for name, value in row.items() if name not in OWN | {"order_id"}} for row in rows]


@pytest.mark.parametrize("name", FORMS)
def test_t32_fields_that_a_form_does_not_have_are_ignored(client, shop, other_shop, name):
    client.force_login(make_staff(shop, Role.MANAGER).user)
    foreign = make_order(other_shop)
    forged = {
        "shop": other_shop.pk, "shop_id": other_shop.pk, "order_id": foreign.pk, "id": foreign.pk, "number": "77",
        "version": "99", "total": "0.01", "total_ex": "0.01", "paid": "999", "paid_total": "999.00",
        "refunded_total": "999.00", "payment_status": "paid", "fulfilment_status": "completed", "invoice_no": "7",
        "deleted_at": "2026-01-01", "lines.1.total": "0.01", "source": "import", "is_printed": "1", "by": "Nobody",
    }  # fmt: skip
    plain, attacked = make_twin(shop), make_twin(shop)
    before = told(foreign)

    answers = [press(client, plain, name, FORMS[name]), press(client, attacked, name, FORMS[name] | forged)]

    assert [answer.status_code for answer in answers] == [302, 302]
    assert plain.log.count() == attacked.log.count()
    assert told(attacked) == told(plain)
    assert told(foreign) == before
