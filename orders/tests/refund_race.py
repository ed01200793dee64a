"""Fifty presses of the same Refund button at once, and fifty people who refund at once.

    DATABASE_URL=sqlite:////some/new.sqlite3 python -m orders.tests.refund_race

migrates that database, runs each race and its twins without the lock and without the key, and prints what was refunded.
"""

import json
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import django

if __name__ == "__main__":
    django.setup()

from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from backoffice.actor import SYSTEM
from backoffice.models import Shop
from backoffice.tests.factories import make_shop
from orders.models import Order, Refund
from orders.services import InputRefused, NewPayment, RefundPlan, refund_order
from orders.tests.factories import PLACED_AT, make_order

PRESSES = 50
AT_ONCE = 10
PAID = Decimal("12.10")

Press = Callable[[Order, RefundPlan], None]


def press(order: Order, plan: RefundPlan) -> None:
    """Refund as everything does here; who comes too late is refused."""
    try:
        refund_order(order, plan, by=SYSTEM)
    except InputRefused:
        return


def press_without_the_key(order: Order, plan: RefundPlan) -> None:
    """The twin that cannot tell a second press from a second refund."""
    press(order, RefundPlan(uuid.uuid4(), free=plan.free))


def press_without_the_lock(order: Order, plan: RefundPlan) -> None:
    """The twin that looks first and writes later, as a page with two queries would."""
    seen = Order.objects.get(pk=order.pk)
    if seen.refunded_total + plan.free > seen.paid_total or seen.refunds.filter(reason=plan.key).exists():
        return
    time.sleep(0.05)
    with transaction.atomic():
        Order.objects.filter(pk=order.pk).update(refunded_total=F("refunded_total") + plan.free)
        Refund.objects.create(order=order, amount=plan.free, reason=plan.key, created_at=timezone.now())


def refunded(shop: Shop, press: Press, *, amount: str, is_one_button: bool) -> list[str]:
    """The amounts of the refunds that fifty presses made of an order of 12.10 that was paid."""
    payment = NewPayment(PAID, "iDEAL", "paid", PLACED_AT, paid_at=PLACED_AT)
    order = make_order(shop, payments=[payment])
    button = uuid.uuid4()
    plans = [RefundPlan(button if is_one_button else uuid.uuid4(), free=Decimal(amount)) for _ in range(PRESSES)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda plan: _closing(press, order, plan), plans))
    order.refresh_from_db()
    amounts = [str(refund.amount) for refund in order.refunds.all()]
    if order.refunded_total != sum(map(Decimal, amounts)):
        raise AssertionError(f"{order.refunded_total} is not the sum of {amounts}")
    return amounts


def _closing(press: Press, order: Order, plan: RefundPlan) -> None:
    """Press in a thread and give its database connection back."""
    try:
        press(order, plan)
    finally:
        connection.close()


def races(shop: Shop) -> dict[str, list[str]]:
    return {
        "one button": refunded(shop, press, amount="1.00", is_one_button=True),
        "one button without the key": refunded(shop, press_without_the_key, amount="1.00", is_one_button=True),
        "one button without the lock": refunded(shop, press_without_the_lock, amount="1.00", is_one_button=True),
        "fifty people": refunded(shop, press, amount="1.00", is_one_button=False),
        "fifty people without the lock": refunded(shop, press_without_the_lock, amount="12.10", is_one_button=False),
    }


def main() -> None:
    call_command("migrate", verbosity=0)
    print(json.dumps(races(make_shop("12345"))))  # noqa: T201  (the answer of the command)


if __name__ == "__main__":
    main()
