"""Several windows in which somebody sends a message to selected orders at one moment, each in a thread of its own."""

import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connection
from django.test import Client
from django.urls import reverse

from backoffice.tests.factories import make_shop, make_staff
from messaging.models import OutboxMail
from orders.tests.factories import make_order

# Orders, by their places, that each window has selected. The plan allows five: the last has one too many.
SELECTED = [[0, 1, 2, 3, 4], [2, 3, 4, 5, 6], [6, 5, 4, 3, 2], [0, 1, 2, 3, 4, 5]]
OWN = {"what": "own", "subject": "News", "html": "Hello"}
REMINDER = {"what": "reminder"}


def at_once(acts: Sequence[Callable[[], Any]]) -> list[Any]:
    """Do all of it at the same moment; returns what each returned."""
    start = Barrier(len(acts))

    def do(act: Callable[[], Any]) -> Any:
        try:
            start.wait(timeout=300)
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(do, acts))


def press(selected: Sequence[Sequence[int]], typed: dict[str, str], *, same_form: bool = False) -> dict:
    """Send the form of every window at once; tells how each was answered and which mails there are then.

    `same_form`: it is one form, pressed over and over; else each window has its own.
    """
    shop = make_shop("12345")
    shop.plan_key = "basic"
    shop.save()
    clerk = make_staff(shop, email="clerk@12345.example")
    orders = [make_order(shop, customer_email=f"c{place}@example.org") for place in range(7)]
    token = uuid.uuid4()

    def window(places: Sequence[int]) -> Callable[[], int]:
        browser = Client()
        browser.force_login(clerk.user)
        numbers = [orders[place].display_number for place in places]
        form = typed | {"order": numbers, "token": str(token if same_form else uuid.uuid4())}
        return lambda: browser.post(reverse("messaging:selection", args=[shop.number]), form).status_code

    answers = at_once([window(places) for places in selected])
    mails = OutboxMail.objects.all()
    place_of = {order.pk: place for place, order in enumerate(orders)}
    return {
        "answers": answers,
        "mailed": sorted(place_of[mail.order_id] for mail in mails),
        "events": sorted({mail.event.partition("@")[0] for mail in mails}),
        "most_of_one_press": max(Counter(mail.act for mail in mails).values()),
    }
