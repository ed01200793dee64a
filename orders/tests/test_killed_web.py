"""The web process is killed in the middle of a press: all of it happened or nothing, and a second press adds none."""

import json
import signal

import pytest

from backoffice.tests.installation import Installation

PREPARE = """
from decimal import Decimal
from django.core.management import call_command
from backoffice.tests.factories import make_shop, make_staff
from orders.services import NewPayment
from orders.tests.factories import PLACED_AT, make_order, new_line
call_command("migrate", verbosity=0)
shop = make_shop("12345")
make_staff(shop, "manager", email="boss@12345.example")
make_order(
    shop, lines=[new_line(quantity=Decimal(2)), new_line(sku="BOWL")],
    payments=[NewPayment(Decimal("36.30"), "iDEAL", "paid", PLACED_AT)],
)
"""
# Tells what there is, presses the button, and tells again, unless it is killed.
PRESS = """
import json
from django.contrib.auth import get_user_model
from django.test import Client
from orders.models import Order

def tell():
    order = Order.objects.get(number=1)
    print(json.dumps({
        "version": order.version, "orders": Order.objects.count(), "log": order.log.count(),
        "refunds": [str(refund.amount) for refund in order.refunds.all()], "refunded": str(order.refunded_total),
        "paid": str(order.paid_total), "payments": order.payments.count(),
    }), flush=True)

tell()
browser = Client(SERVER_NAME="localhost")
browser.force_login(get_user_model().objects.get(email="boss@12345.example"))
browser.post("/s/12345/orders/1/NAME/", FIELDS)
tell()
"""
KEY = "8a0c3d0e-6f0e-4c53-9a55-0c8f7c0b6f11"
FORMS = {
    "refund": {"key": KEY, "seen": "0.00", "step": "refund", "quantity.1": "1"},
    "payment": {"key": KEY, "amount": "5.00", "method": "Cash", "day": "2026-03-21", "may_exceed": "on"},
    "split": {"seen": "1", "columns": "1", "to": "order", "step": "split", "part1.2": "1"},
}


@pytest.fixture
def run(tmp_path):
    """A function that runs Python in an installation of its own and returns the lines it printed, read as JSON."""
    installation = Installation(tmp_path, DJANGO_SETTINGS_MODULE="backoffice.tests.settings")

    def run(code, **how):
        return [json.loads(line) for line in installation.python(code, **how).stdout.splitlines()]

    run(PREPARE)
    return run


@pytest.mark.faults
@pytest.mark.parametrize("name", FORMS)
def test_f1_f2_f3_a_press_that_is_cut_off_and_repeated_counts_once(run, name):
    press = PRESS.replace("NAME", name).replace("FIELDS", str(FORMS[name]))

    # F1: killed when all was written and nothing committed.
    (at_first,) = run(press, fault="change.before-commit:exit9", ends=-signal.SIGKILL)
    # F2, F3: killed when it was committed, before anybody heard of it.
    (after_f1,) = run(press, fault="change.after-commit:exit9", ends=-signal.SIGKILL)
    # The person presses once more.
    after_f3, at_last = run(press)

    assert after_f1 == at_first
    assert after_f3["version"] == at_first["version"] + 1
    assert at_last == after_f3
