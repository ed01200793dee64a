"""One changed byte of an order's log is found, and named."""

import uuid
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from orders.log_chain import UNSEALED
from orders.models import LogAction, Order, OrderLogEntry
from orders.services import add_note, changing, set_fulfilment_status, set_line_status, set_status_of_many
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db


def verify(**options):
    """What the command writes, and whether it found a fault."""
    out = StringIO()
    try:
        call_command("verify_log", stdout=out, **options)
    except CommandError as error:
        return out.getvalue().splitlines(), str(error)
    return out.getvalue().splitlines(), ""


@pytest.fixture
def told(shop, actor):
    """An order with five entries, and another beside it."""
    order, other = make_order(shop, lines=2), make_order(shop)
    add_note(order, "Called at noon.", by=actor)
    set_line_status(order, "shipped", by=actor)
    set_fulfilment_status(order, "shipped", by=actor)
    set_fulfilment_status(other, "shipped", by=actor)
    return order


def entries_of(order):
    return list(order.log.order_by("id"))


def test_an_untouched_log_is_as_it_was_written(told):
    lines, refusal = verify()

    assert lines == ["7 entries, 0 faults."]
    assert refusal == ""


def test_each_entry_names_the_one_before_it(told):
    log = entries_of(told)

    assert log[0].previous_digest == UNSEALED
    assert [entry.previous_digest for entry in log[1:]] == [entry.digest for entry in log[:-1]]
    assert len({entry.digest for entry in log}) == 5


CHANGES = {
    "subject": "Internal",
    "action": LogAction.NOTE_REMOVED,
    "changes": {"note": {"old": None, "new": "Called at noon!"}},
    "actor": "Marit Baker",
    "user_id": 4711,
    "channel": "api",
    "ip_address": "203.0.113.10",
    "act": uuid.UUID(int=7),
    "undoes": uuid.UUID(int=7),
    "version": F("version") + 1,
    "created_at": F("created_at") + timedelta(microseconds=1),
    "line": 4711,
    "subject_id": 4711,
    "digest": "0" * 64,
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_entry_is_found_and_named(told, name):
    entry = entries_of(told)[1]
    OrderLogEntry.objects.filter(pk=entry.pk).update(**{name: CHANGES[name]})

    lines, refusal = verify()

    assert lines[0].startswith(f"12345_00001, entry {entry.pk}, note.")
    assert lines[0].endswith(": it does not say any more what was written")
    assert refusal == "The log is not as it was written."


def test_every_column_of_an_entry_is_kept_by_the_chain():
    columns = {each.name for each in OrderLogEntry._meta.concrete_fields}

    assert columns - CHANGES.keys() == {"id", "order", "previous_digest"}


def test_a_removed_entry_is_missed_where_it_stood(told):
    _placed, note, after, *_rest = entries_of(told)
    note.delete()

    lines, _refusal = verify()

    assert lines[0].startswith(f"12345_00001, entry {after.pk}, line.changed of ")
    assert lines[0].endswith(": an entry before it was removed, added or moved")
    assert lines[1] == "6 entries, 1 faults."


def test_a_log_that_lost_its_beginning_or_its_end_is_found(told):
    log = entries_of(told)
    log[0].delete()
    log[-1].delete()

    lines, _refusal = verify(order=told.number)

    assert lines[0].endswith("an entry before it was removed, added or moved")
    assert lines[1] == "12345_00001: it ends at version 3, the order has version 4"
    assert lines[2] == "3 entries, 2 faults."


def test_an_entry_that_somebody_put_in_is_found(told):
    last = entries_of(told)[-1]
    OrderLogEntry.objects.create(
        order=told, action=LogAction.NOTE_ADDED, actor="Nobody", channel="web", version=4, created_at=last.created_at
    )

    lines, _refusal = verify()

    assert lines[0].endswith("it was not written by this program")


def test_entries_from_before_the_chain_are_counted_and_not_believed(shop, actor):
    order = make_order(shop)
    order.log.update(digest=UNSEALED)
    set_fulfilment_status(order, "shipped", by=actor)

    lines, refusal = verify()

    assert lines == ["2 entries, 0 faults.", "1 entries are older than the chain and prove nothing."]
    assert refusal == ""


def test_one_shop_can_be_looked_at_alone(told, other_shop):
    broken = make_order(other_shop)
    broken.log.update(actor="Somebody")

    assert verify(shop="12345") == (["7 entries, 0 faults."], "")
    assert verify(shop="54321")[1] == "The log is not as it was written."
    assert verify(shop="1")[1] == "There is no shop 1."


def test_many_orders_are_chained_with_one_question_more(shop, actor):
    orders = [make_order(shop) for _ in range(6)]

    def queries(few, status):
        with CaptureQueriesContext(connection) as captured:
            set_status_of_many([order.pk for order in few], "fulfilment", status, shop=shop, by=actor)
        return len(captured)

    assert queries(orders[:1], "in_progress") == queries(orders[1:], "in_progress")
    assert verify() == (["12 entries, 0 faults."], "")


def test_a_line_that_is_gone_does_not_break_the_chain(shop, actor):
    order = make_order(shop, lines=2)
    line = order.lines.get(position=2)
    set_line_status(order, "shipped", by=actor, line=line)
    key = line.pk
    line.delete()

    assert order.log.first().line_id == key
    assert verify()[1] == ""


def test_two_changes_in_one_block_are_chained_in_their_order(shop, actor):
    order = make_order(shop)
    with changing(shop, by=actor):
        set_fulfilment_status(order, "in_progress", by=actor)
        add_note(order, "Both.", by=actor)

    assert verify()[1] == ""
    assert Order.objects.get(pk=order.pk).version == 2
