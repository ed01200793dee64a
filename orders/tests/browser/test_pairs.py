"""Every pair of actions, done by two people whose pages were loaded before either of them did anything."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from itertools import count

import pytest
from playwright.sync_api import Page

from backoffice.roles import Role
from backoffice.tests.factories import make_staff
from orders.log_chain import Verified, faults_in
from orders.models import Order, OrderLogEntry
from orders.tests.browser.conftest import paid
from orders.tests.factories import make_order, new_line

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FIRST, SECOND = 0, 1


@dataclass(frozen=True)
class Act:
    """A page of an order, what each of the two types there, and the press that does it.

    `field` is the label of the field that must still hold what was typed when it is refused.
    """

    path: str
    press: Callable[[Page], None]
    field: str = ""
    typed: tuple[str, str] = ("", "")
    prepare: Callable[[Page], None] = lambda page: None
    check: Callable[[Page], None] = lambda page: None


def button(name: str) -> Callable[[Page], None]:
    return lambda page: page.get_by_role("button", name=name, exact=True).click()


def in_menu(summary: str, name: str, at: str = "body") -> Callable[[Page], None]:
    def press(page: Page) -> None:
        page.locator(summary).click()
        page.locator(at).get_by_role("button", name=name, exact=True).click()

    return press


ACTS = {
    "edit": Act("edit/", button("Save order"), "Quantity, Candle", ("5", "6")),
    "ship": Act("ship/", button("Ship"), "Candle", ("2", "2")),
    "refund": Act(
        "refund/",
        button("Refund €36.30 to iDEAL"),
        "Quantity of Candle",
        ("3", "3"),
        check=button("Continue"),
    ),
    "split": Act(
        "split/",
        button("Split"),
        "How much of Candle goes to new order 1",
        ("2", "2"),
        prepare=lambda page: page.get_by_label("A new order, or several").check(),
    ),
    "merge": Act("merge/", button("Merge"), prepare=lambda page: page.get_by_role("checkbox").first.check()),
    "status": Act("", in_menu("summary[data-key=s]", "In progress", ".next")),
    "delete": Act("", in_menu("summary[title='More actions']", "Move to Deleted")),
}
DONE = {
    "edit": "is changed.",
    "ship": "Shipment added.",
    "refund": "Refund of €36.30 made.",
    "split": "was split off.",
    "merge": "Merged with",
    "status": "Order status: In progress.",
    "delete": "is moved to Deleted.",
}
# What the second is told instead, where both cannot be. All else is done by both.
LOOK_AGAIN = "This order was changed meanwhile. Look at it again."
INSTEAD = {
    ("edit", "edit"): "Somebody else changed the same",
    ("edit", "split"): LOOK_AGAIN,
    ("ship", "ship"): "Marit Bakker changed the shipments meanwhile.",
    ("ship", "split"): LOOK_AGAIN,
    ("ship", "status"): "Marit Bakker set this to Partly shipped meanwhile.",
    ("refund", "refund"): "Marit Bakker made a refund meanwhile.",
    ("refund", "split"): "Nothing of this line can go to another order any more.",
    ("split", "edit"): "Somebody else changed the same",
    ("split", "refund"): "Only 2 can still be credited.",
    ("split", "split"): LOOK_AGAIN,
    ("merge", "split"): LOOK_AGAIN,
    ("merge", "merge"): "is Cancelled.",
    ("status", "split"): LOOK_AGAIN,
    ("status", "status"): "That is In progress already.",
    ("delete", "merge"): "is in Deleted.",
    **{("delete", act): "is in Deleted. Restore it first." for act in ("edit", "ship", "refund", "split", "status")},
    # Whoever deletes it as well finds it there.
    ("delete", "delete"): "This order is in Deleted.",
}
# Where the line cannot be split any more, there is no field to keep what was typed for it.
GONE = {("refund", "split")}


@pytest.fixture
def two_people(open_page, client, clerk, shop, live_server):
    """Marit's window and Elin's, without script: what is refused there is refused everywhere."""
    elin = make_staff(shop, Role.OWNER, email="elin@12345.example", name="Elin Berg")
    windows = []
    for staff in (make_staff(shop, Role.OWNER, email="marit@12345.example", name="Marit Bakker"), elin):
        client.force_login(staff.user)
        page = open_page("/accounts/login/", java_script_enabled=False, tolerate=("status of 409", "status of 422"))
        page.context.add_cookies(
            [{"name": name, "value": morsel.value, "url": live_server.url} for name, morsel in client.cookies.items()]
        )
        client.cookies.clear()
        windows.append(page)
    return windows


@pytest.fixture
def place_two(shop):
    """A function that places an order of four candles and a lantern, paid, and another of the same customer."""
    customers = count()

    def place() -> Order:
        email = f"customer{next(customers)}@example.org"
        lines = [new_line(quantity=Decimal(4)), new_line(sku="LANTERN", name="Lantern")]
        order = make_order(shop, lines=lines, payments=paid("60.50"), customer_email=email)
        make_order(shop, lines=[new_line(sku="MATCH", name="Matches")], customer_email=email)
        return order

    return place


@pytest.mark.parametrize("first", ACTS)
def test_what_the_first_did_stays_and_the_second_hears_of_it(two_people, place_two, live_server, first):
    for second in ACTS:
        order = place_two()
        address = f"{live_server.url}/s/12345/orders/{order.display_number}/"
        for turn, act, page in zip((FIRST, SECOND), (ACTS[first], ACTS[second]), two_people, strict=True):
            page.goto(address + act.path)
            act.prepare(page)
            if act.field:
                page.get_by_label(act.field, exact=True).fill(act.typed[turn])
            act.check(page)

        told = []
        for act, page in zip((ACTS[first], ACTS[second]), two_people, strict=True):
            act.press(page)
            told.append(page.locator("main").inner_text() + page.locator("#messages").inner_text())

        assert DONE[first] in told[FIRST], (first, second)
        assert INSTEAD.get((first, second), DONE[second]) in told[SECOND], (first, second)
        act = ACTS[second]
        if (first, second) in INSTEAD.keys() - GONE and act.field:
            kept = two_people[SECOND].get_by_label(act.field, exact=True).input_value()
            assert kept == act.typed[SECOND], (first, second)
    assert not Order.objects.filter(paid_total__lt=0).exists()
    assert [order for order in Order.objects.all() if order.paid_total < order.refunded_total] == []
    assert list(faults_in(OrderLogEntry.objects.all(), Verified())) == []
