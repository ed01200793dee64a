"""Hold, folder, printed and notes: what the gear menu and the note's page do to one order."""

import pytest
from django.urls import reverse
from pytest_django.asserts import assertContains, assertRedirects

from backoffice.roles import Role
from backoffice.tests.factories import make_staff
from orders.models import Folder, LogAction
from orders.services import add_note, change_note, delete_orders, remove_note, set_fulfilment_status
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db


def url(name, order, *args):
    return reverse(f"orders:{name}", args=[order.shop.number, order.display_number, *args])


def reread(order):
    order.refresh_from_db()
    return order


def messages_of(response):
    return [str(message) for message in response.context["messages"]]


# --- hold


def test_an_order_is_put_on_hold_with_a_reason(clerk_client, shop):
    order = make_order(shop)
    assertContains(clerk_client.get(url("detail", order)), f'href="{url("hold", order)}"')
    assertContains(clerk_client.get(url("hold", order)), "Reason")

    response = clerk_client.post(url("hold", order), {"reason": "Asked for blue."}, follow=True)

    assertRedirects(response, url("detail", order))
    assert messages_of(response) == ["Order 00001 is put on hold."]
    order = reread(order)
    assert (order.fulfilment_status, order.hold_reason, order.status_before_hold) == (
        "on_hold",
        "Asked for blue.",
        "ready",
    )
    assert order.log.first().action == LogAction.ORDER_HELD


@pytest.mark.parametrize("message", ["", "Ring twice."])
def test_the_reason_is_said_once_even_where_something_else_is_more_urgent(clerk_client, shop, message):
    order = make_order(shop, customer_message=message)
    clerk_client.post(url("hold", order), {"reason": "Asked for blue."})

    head = clerk_client.get(url("detail", order)).content.decode().partition('class="track"')[0]

    assert head.partition("<h1")[2].count("Asked for blue.") == 1


@pytest.mark.parametrize("reason", ["", "   ", "x" * 251, "bell \x07"])
def test_a_reason_that_is_none_is_asked_for_again(clerk_client, shop, reason):
    order = make_order(shop)

    response = clerk_client.post(url("hold", order), {"reason": reason})

    assert response.status_code == 422
    assertContains(response, "Error:", status_code=422)
    assert response.context["form"]["reason"].value() == reason
    assert reread(order).fulfilment_status == "ready"
    assert order.log.count() == 1


def test_it_is_released_to_where_it_was(clerk_client, shop):
    order = make_order(shop)
    clerk_client.post(url("hold", order), {"reason": "Asked for blue."})
    assertContains(clerk_client.get(url("detail", order)), 'value="release:"')

    clerk_client.post(url("act", order), {"action": "release:"})

    order = reread(order)
    assert (order.fulfilment_status, order.hold_reason) == ("ready", "")


def test_a_delivered_order_cannot_wait(clerk_client, shop, actor):
    order = make_order(shop)
    set_fulfilment_status(order, "delivered", by=actor)
    assert url("hold", order) not in clerk_client.get(url("detail", order)).content.decode()

    response = clerk_client.post(url("hold", order), {"reason": "Too late."}, follow=True)

    assert messages_of(response) == ["An order that is Delivered cannot become On hold."]
    assert reread(order).fulfilment_status == "delivered"


# --- folder and printed


def test_an_order_is_moved_to_a_folder_and_out_of_it(clerk_client, shop):
    gifts = Folder.objects.create(shop=shop, name="Gifts")
    order = make_order(shop)

    clerk_client.post(url("act", order), {"action": f"folder:{gifts.pk}"})
    assert reread(order).folder == gifts
    assertContains(clerk_client.get(url("detail", order)), f'<option value="folder:{gifts.pk}" selected>Gifts</option>')

    clerk_client.post(url("act", order), {"action": "folder:"})
    assert reread(order).folder is None


def test_it_is_marked_as_printed_once(clerk_client, shop):
    order = make_order(shop)

    clerk_client.post(url("act", order), {"action": "printed:"})
    again = clerk_client.post(url("act", order), {"action": "printed:"}, follow=True)

    assert reread(order).printed_at is not None
    assert messages_of(again)[-1] == "It was so already."
    assert order.log.filter(action=LogAction.ORDER_PRINTED).count() == 1


@pytest.mark.parametrize(
    "action", ["", "delete:", "payment:paid", "hold:", "fulfilment:shipped", "folder:x", "folder:99", "×"]
)
def test_other_actions_change_nothing_here(clerk_client, shop, action):
    order = make_order(shop)

    response = clerk_client.post(url("act", order), {"action": action}, follow=True)

    assert response.status_code == 200
    assert len(messages_of(response)) == 1
    assert order.log.count() == 1


def test_another_shops_folder_is_no_folder(clerk_client, shop, other_shop):
    theirs = Folder.objects.create(shop=other_shop, name="Theirs")
    order = make_order(shop)

    clerk_client.post(url("act", order), {"action": f"folder:{theirs.pk}"})

    assert reread(order).folder is None


def test_an_order_in_deleted_stays_as_it_is(clerk_client, shop, actor):
    order = make_order(shop)
    delete_orders([order.pk], shop=shop, by=actor)

    response = clerk_client.post(url("act", order), {"action": "printed:"}, follow=True)

    assert messages_of(response) == ["This order is in Deleted. Restore it first."]
    assert reread(order).printed_at is None


# --- notes


def test_a_note_is_written_anew(clerk_client, shop, actor):
    order = make_order(shop)
    note = add_note(order, "Call at noon.", by=actor)
    edit = url("edit-note", order, note.pk)
    assertContains(clerk_client.get(url("detail", order)), f'href="{edit}"')
    shown = clerk_client.get(edit).context["form"]

    response = clerk_client.post(edit, {"text": "Called at noon.", "seen": shown["seen"].value()}, follow=True)

    assert messages_of(response) == ["Note changed. The text before stays in the timeline."]
    assertContains(response, "changed by Marit Bakker")
    assert order.notes.get().text == "Called at noon."


def test_lines_that_the_browser_ends_in_its_own_way_are_the_same(clerk_client, shop, actor):
    order = make_order(shop)
    note = add_note(order, "One\nTwo", by=actor)

    response = clerk_client.post(url("edit-note", order, note.pk), {"text": "Three", "seen": "One\r\nTwo"})

    assert response.status_code == 302
    assert order.notes.get().text == "Three"


def test_two_people_at_one_note_see_both_texts(clerk_client, shop, actor):
    order = make_order(shop)
    note = add_note(order, "Call at noon.", by=actor)
    change_note(note, "Called, no answer.", by=make_staff(shop, name="Elin Berg").as_actor(None))
    edit = url("edit-note", order, note.pk)

    response = clerk_client.post(edit, {"text": "Call at six.", "seen": "Call at noon."})

    assert response.status_code == 409
    for expected in (
        "Elin Berg changed this note meanwhile.",
        "Called, no answer.",
        "Call at six.",
        "Use mine",
        "Keep theirs",
    ):
        assertContains(response, expected, status_code=409)
    assert order.notes.get().text == "Called, no answer."

    form = response.context["form"]
    clerk_client.post(edit, {"text": form["text"].value(), "seen": form["seen"].value()})

    assert order.notes.get().text == "Call at six."


def test_words_for_a_note_that_is_gone_are_not_lost(clerk_client, shop, actor):
    order = make_order(shop)
    note = add_note(order, "Call at noon.", by=actor)
    key = note.pk
    remove_note(note, by=actor)

    response = clerk_client.post(url("edit-note", order, key), {"text": "Call at six.", "seen": "Call at noon."})

    assertContains(response, "This note was removed meanwhile.", status_code=409)
    assertContains(response, "Call at six.", status_code=409)
    assert not order.notes.exists()


@pytest.mark.parametrize("text", ["", "x" * 4001, "bell \x07"])
def test_a_note_without_words_or_with_too_many_is_refused(clerk_client, shop, actor, text):
    order = make_order(shop)
    note = add_note(order, "Call at noon.", by=actor)

    response = clerk_client.post(url("edit-note", order, note.pk), {"text": text, "seen": "Call at noon."})

    assert response.status_code == 422
    assert response.context["form"]["text"].value() == text
    assert order.notes.get().text == "Call at noon."


def test_a_note_of_another_order_is_not_there(clerk_client, shop, other_shop, actor):
    order, foreign = make_order(shop), make_order(other_shop)
    theirs = add_note(foreign, "Secret.", by=actor)

    assert clerk_client.get(url("edit-note", order, theirs.pk)).status_code == 404
    response = clerk_client.post(url("edit-note", order, theirs.pk), {"text": "Mine now.", "seen": ""})

    assert foreign.notes.get().text == "Secret."
    assert b"Secret" not in response.content


def test_who_may_only_read_finds_no_buttons(client, shop, actor):
    order = make_order(shop)
    note = add_note(order, "Call at noon.", by=actor)
    client.force_login(make_staff(shop, Role.READ_ONLY).user)

    shown = client.get(url("detail", order)).content.decode()

    assert url("edit-note", order, note.pk) not in shown
    assert url("hold", order) not in shown
