"""axe finds nothing on the pages of order pull, nor on what their forms answer."""

import pytest

from backoffice.roles import Role
from backoffice.tests.factories import PASSWORD, make_staff
from orderpull.models import PullCall, PullSettings
from orderpull.services import add_partner, rotate_key
from orderpull.tests.client import Erp, body_of, open_pull
from orders.services import set_fulfilment_status
from orders.tests.browser.conftest import sign_in_as  # noqa: F401  (a fixture)
from orders.tests.browser.test_accessibility import complaints
from orders.tests.factories import make_order

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
OUTCOMES = ("answered", "signature_wrong")


@pytest.fixture
def owner(shop):
    return make_staff(shop, Role.OWNER)


@pytest.fixture
def page(sign_in_as, owner):  # noqa: F811  (the fixture)
    return sign_in_as(owner, tolerate=("status of 422",))


def make_history(shop, actor):
    """A shop whose order was pulled by its own key and by the one before, and refused, and then moved on."""
    open_pull(shop, allowed_addresses="127.0.0.1\n2001:db8::/32")
    add_partner(shop, "a_partner_with_a_rather_long_name.of-their-choice", by=actor)
    order = make_order(shop, customer_name="Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh")
    rotate_key(shop, by=actor)
    body_of(Erp().list())
    Erp().list(pk="0" * 40)
    set_fulfilment_status(order, "in_progress", by=actor)
    return order


@pytest.mark.parametrize(
    "path", ["", "rotate/", "calls/", "calls/?only=refused", "calls/?before=1", "key/", "test/", "format/"]
)
def test_the_pages_of_order_pull(page, shop, actor, path):
    make_history(shop, actor)
    page.goto(f"/s/12345/order-pull/{path}")

    assert complaints(page, path) == []


@pytest.mark.parametrize("path", ["", "calls/", "format/"])
def test_the_pages_of_a_shop_that_was_never_pulled(page, path):
    page.goto(f"/s/12345/order-pull/{path}")

    assert complaints(page, path) == []


def test_the_pages_of_a_partner(page, shop, actor):
    make_history(shop, actor)
    wrong = []
    for act in ("key", "rotate", "remove"):
        page.goto(f"/s/12345/order-pull/partners/{shop.pull_settings.partners.get().pk}/{act}/")
        wrong += complaints(page, act)

    assert wrong == []


def test_the_pages_of_a_call_and_of_the_order_that_was_sent(page, shop, actor):
    order = make_history(shop, actor)
    answered, refused = (PullCall.objects.filter(step="list", outcome=outcome).get() for outcome in OUTCOMES)
    wrong = []
    for path in (
        f"order-pull/calls/{answered.pk}/",
        f"order-pull/calls/{refused.pk}/",
        f"orders/{order.display_number}/",
    ):
        page.goto(f"/s/12345/{path}")
        wrong += complaints(page, path)

    assert wrong == []


def test_a_run_of_both_steps_and_a_call_that_is_examined(page, shop, actor):
    make_history(shop, actor)
    page.goto("/s/12345/order-pull/test/")
    page.get_by_label("Changed since").fill("2020-01-01T00:00")
    page.get_by_role("button", name="Run test").click()
    page.get_by_role("heading", name="First lines of the answer").wait_for()
    wrong = complaints(page, "run")
    page.get_by_label("The address your program called").fill("https://x.example/RPC/orders/list?shop=1&Pk=2&z=3")
    page.get_by_role("button", name="Examine").click()
    page.get_by_text("rpc_id is missing.").wait_for()
    wrong += complaints(page, "examined")

    assert wrong == []


def test_addresses_that_are_none_and_the_key_when_it_shows(page, shop, actor):
    make_history(shop, actor)
    page.goto("/s/12345/order-pull/")
    page.get_by_label("Allowed addresses").fill("localhost")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("is not an address or network").first.wait_for()
    wrong = complaints(page, "settings refused")
    page.get_by_role("button", name="Show for 30 seconds").click()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_role("button", name="Show for 30 seconds").click()
    page.get_by_text(PullSettings.objects.get().key).wait_for()
    wrong += complaints(page, "the key")

    assert wrong == []
