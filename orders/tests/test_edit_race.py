"""Edits that really happen at once, each in its own thread with its own connection."""

import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier
from uuid import uuid4

import pytest
from django.db import connection, transaction

from backoffice.actor import SYSTEM
from backoffice.tests.factories import make_shop
from orders.models import Order, OrderLine
from orders.services import Edit, EditConflict, Wish, edit_order
from orders.services.editing import Bound, draft_of
from orders.tests.factories import make_order, new_line

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
AT_ONCE = 8


def save(order, edit):
    """As everything does here."""
    return edit_order(order, edit, by=SYSTEM)


def save_without_the_lock(order, edit):
    """The twin: reads, computes and writes, as a page without a lock would."""
    draft = draft_of(order, order.lines.all(), edit, shop=order.shop, bound=Bound())
    time.sleep(0.05)
    with transaction.atomic():
        for line in draft.lines:
            if line.pk in edit.lines:
                OrderLine.objects.filter(pk=line.pk).update(quantity=line.quantity, total=line.total)
        Order.objects.filter(pk=order.pk).update(total=draft.order.total)
    return True


def at_once(order, edits, save=save):
    """Save all edits at the same moment; returns what each came to: True, None (nothing to do) or its refusal."""
    start = Barrier(len(edits))

    def save_one(edit):
        try:
            mine = Order.objects.select_related("shop").get(pk=order.pk)
            start.wait(timeout=30)
            return save(mine, edit) and True
        except EditConflict as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(edits)) as pool:
        return list(pool.map(save_one, edits))


def test_edits_of_different_fields_all_count():
    order = make_order(make_shop(), lines=AT_ONCE)
    edits = [Edit(lines={line.pk: {"quantity": Wish(Decimal(1), Decimal(2))}}) for line in order.lines.all()]

    assert at_once(order, edits) == [True] * AT_ONCE

    order.refresh_from_db()
    assert order.total == Decimal("12.10") * 2 * AT_ONCE
    assert order.total == sum(line.total for line in order.lines.all())
    assert order.version == 1 + AT_ONCE


def test_without_the_lock_the_total_misses_its_parts():
    order = make_order(make_shop(), lines=AT_ONCE)
    edits = [Edit(lines={line.pk: {"quantity": Wish(Decimal(1), Decimal(2))}}) for line in order.lines.all()]

    at_once(order, edits, save_without_the_lock)

    order.refresh_from_db()
    assert order.total != sum(line.total for line in order.lines.all())


def test_f27_of_edits_of_the_same_field_one_counts_and_the_others_are_asked():
    order = make_order(make_shop())
    edits = [Edit(order={"discount": Wish(Decimal(0), Decimal(amount))}) for amount in range(1, AT_ONCE + 1)]

    answers = at_once(order, edits)

    assert sum(answer is True for answer in answers) == 1
    assert sum(isinstance(answer, EditConflict) for answer in answers) == AT_ONCE - 1
    order.refresh_from_db()
    assert order.discount == answers.index(True) + 1


def test_f26_one_form_sent_many_times_adds_its_line_once():
    order = make_order(make_shop())
    edit = Edit(added=[new_line(sku="EXTRA")], key=uuid4())

    answers = at_once(order, [edit] * AT_ONCE)

    assert sorted(answers, key=str) == [None] * (AT_ONCE - 1) + [True]
    assert order.lines.count() == 2
