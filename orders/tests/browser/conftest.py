"""A shop with work in it, and somebody who signs in at its door."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest
from playwright.sync_api import Page

from backoffice.models import StaffMember
from backoffice.tests.factories import PASSWORD
from orders.models import Order
from orders.services import NewPayment
from orders.tests.factories import PLACED_AT, make_order, new_line


def paid(amount: str) -> list[NewPayment]:
    return [NewPayment(Decimal(amount), "iDEAL", "paid", PLACED_AT, paid_at=PLACED_AT)]


@pytest.fixture
def orders_of_the_day(shop) -> list[Order]:
    """Twelve paid orders, the newest last, one each hour. The fifth and the tenth are lanterns."""
    return [
        make_order(
            shop,
            lines=[new_line(sku="LANTERN", name="Lantern") if number in (5, 10) else new_line()],
            placed_at=PLACED_AT + timedelta(hours=number),
            customer_name=f"Customer {number}",
            payments=paid("12.10"),
        )
        for number in range(1, 13)
    ]


@pytest.fixture
def sign_in_as(open_page) -> Callable[..., Page]:
    """A function that opens a window and signs a member of staff in by the form; options are those of `open_page`."""

    def sign_in(staff: StaffMember, **window) -> Page:
        page = open_page("/accounts/login/", **window)
        page.get_by_label("E-mail address").fill(staff.user.email)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(f"**/s/{staff.shop.number}/orders/")
        return page

    return sign_in


@pytest.fixture
def at_the_door(sign_in_as, clerk) -> Callable[..., Page]:
    """A function that opens a window and signs the clerk in."""
    return partial(sign_in_as, clerk)
