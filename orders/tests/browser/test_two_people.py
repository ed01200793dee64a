"""Two people at one order, each with the page of before: what the other did is never lost and never overwritten."""

import pytest

from backoffice.roles import Role
from backoffice.tests.factories import make_staff
from orders.models import Order
from orders.services import add_note
from orders.tests.factories import make_order

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def order(shop):
    return make_order(shop, customer_message="Ring twice.")


@pytest.fixture
def elin(shop):
    return make_staff(shop, Role.OWNER, email="elin@12345.example", name="Elin Berg")


@pytest.fixture(params=[True, False], ids=["script", "no script"])
def two_windows(request, at_the_door, sign_in_as, order, elin):
    """The order's page in Marit's and in Elin's window, both loaded before anybody does anything."""
    options = {"java_script_enabled": request.param, "tolerate": ("status of 409",)}
    windows = at_the_door(**options), sign_in_as(elin, **options)
    for window in windows:
        window.goto(f"/s/12345/orders/{order.display_number}/")
    return windows


def choose(window, status):
    """Set the order status by the menu of the header."""
    window.locator("summary[data-key=s]").click()
    window.locator(".next").get_by_role("button", name=status, exact=True).click()


def says(window, text):
    window.get_by_text(text).first.wait_for()


def reread(order):
    return Order.objects.get(pk=order.pk)


def test_status_against_status_tells_the_second_what_the_first_did(two_windows, order):
    marit, elin = two_windows
    choose(marit, "In progress")
    says(marit, "Order status: In progress.")

    choose(elin, "Shipped")

    says(elin, "Marit Bakker set this to In progress meanwhile.")
    assert reread(order).fulfilment_status == "in_progress"


def test_the_same_status_twice_is_one_change(two_windows, order):
    marit, elin = two_windows
    choose(marit, "In progress")
    says(marit, "Order status: In progress.")

    choose(elin, "In progress")

    says(elin, "That is In progress already.")
    assert order.log.filter(action="fulfilment.changed").count() == 1


def test_note_against_status_keeps_both(two_windows, order):
    marit, elin = two_windows
    elin.get_by_label("Note", exact=True).fill("Called, comes on Monday.")
    choose(marit, "In progress")
    says(marit, "Order status: In progress.")

    elin.get_by_role("button", name="Add note").click()

    says(elin, "Note added.")
    order = reread(order)
    assert (order.fulfilment_status, order.notes.get().text) == ("in_progress", "Called, comes on Monday.")


def test_note_against_note_keeps_both(two_windows, order):
    for window, text in zip(two_windows, ("First.", "Second."), strict=True):
        window.get_by_label("Note", exact=True).fill(text)
        window.get_by_role("button", name="Add note").click()
        says(window, "Note added.")

    assert {(note.author, note.text) for note in order.notes.all()} == {
        ("Marit Bakker", "First."),
        ("Elin Berg", "Second."),
    }


def test_message_against_message_is_read_once(two_windows, order):
    for window in two_windows:
        window.locator(".quote").get_by_role("button", name="Mark as read").click()
        window.get_by_text("Read ", exact=False).first.wait_for()

    assert order.log.filter(action="message.read").count() == 1


def test_deleting_against_status_tells_why_nothing_happened(two_windows, order):
    marit, elin = two_windows
    marit.locator("summary[title='More actions']").click()
    marit.get_by_role("button", name="Move to Deleted").click()
    says(marit, "This order is in Deleted.")

    choose(elin, "Shipped")

    says(elin, "Restore it first.")
    assert reread(order).fulfilment_status == "ready"


def test_hold_against_status_waits_for_a_decision(two_windows, order):
    marit, elin = two_windows
    marit.locator("summary[title='More actions']").click()
    marit.get_by_role("link", name="Put on hold").click()
    marit.get_by_label("Reason (shown to staff)").fill("Asked for blue.")
    marit.get_by_role("button", name="Put on hold").click()
    says(marit, "Asked for blue.")

    choose(elin, "Shipped")

    says(elin, "Marit Bakker set this to On hold meanwhile.")
    assert reread(order).fulfilment_status == "on_hold"


def test_one_note_changed_by_two_shows_both_texts(two_windows, order, actor):
    note = add_note(order, "Call at noon.", by=actor)
    address = f"/s/12345/orders/{order.display_number}/notes/{note.pk}/edit/"
    marit, elin = two_windows
    for window, text in zip(two_windows, ("Called, no answer.", "Call at six."), strict=True):
        window.goto(address)
        window.get_by_label("Note", exact=True).fill(text)
    marit.get_by_role("button", name="Save note").click()
    says(marit, "Note changed.")

    elin.get_by_role("button", name="Save note").click()

    says(elin, "Marit Bakker changed this note meanwhile.")
    says(elin, "Called, no answer.")
    assert elin.get_by_label("Note", exact=True).input_value() == "Call at six."
    assert order.notes.get().text == "Called, no answer."

    elin.get_by_role("button", name="Use mine").click()

    says(elin, "Note changed.")
    assert order.notes.get().text == "Call at six."
