"""Splits and merges that really happen at once, each in its own thread with its own connection."""

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
from orders.services import MergeRefused, SplitRefused, merge_orders, place_order, split_order
from orders.services.change import Change
from orders.services.splitting import lines_to_split, plan_split
from orders.tests.factories import make_order, new_line, new_order

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
AT_ONCE = 8


def at_once(works):
    """Do all works at the same moment; True for each that was done, False for each that was refused."""
    start = Barrier(len(works))

    def do(work):
        try:
            start.wait(timeout=30)
            work()
        except (SplitRefused, MergeRefused):
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(do, works))


def pieces_of(shop):
    return sum(line.quantity for line in OrderLine.objects.filter(order__shop=shop))


def split_without_the_lock(order, part):
    """The twin: reads, computes and writes, as a page without a lock would; the goods go to `part`."""
    plan = plan_split(order, list(lines_to_split(order)), [{1: Decimal(1)}])
    time.sleep(0.05)
    first, new = plan.pieces
    with transaction.atomic():
        OrderLine.objects.filter(order=order).update(quantity=first.lines[0].quantity)
        OrderLine.objects.filter(order=part).update(quantity=new.lines[0].quantity)


def read_without_the_lock(change, keys):
    """The twin of `Change.lock_many`: reads the orders and lets others read them too."""
    orders = list(Order.objects.for_shop(change.shop).filter(pk__in=keys).order_by("pk"))
    for order in orders:
        change.adopt(order, is_new=False)
    time.sleep(0.2)
    return orders


def test_of_splits_of_what_one_saw_only_one_happens():
    order = make_order(make_shop(), lines=[new_line(quantity=Decimal(9))])
    seen = order.version

    done = at_once([lambda: split_order(order, [{1: Decimal(1)}], by=SYSTEM, seen_version=seen)] * AT_ONCE)

    assert sum(done) == 1
    assert pieces_of(order.shop) == 9


def test_splits_at_once_never_move_more_than_there_is():
    order = make_order(make_shop(), lines=[new_line(quantity=Decimal(4))])

    done = at_once([lambda: split_order(order, [{1: Decimal(1)}], by=SYSTEM)] * AT_ONCE)

    assert sum(done) == 3
    assert pieces_of(order.shop) == 4
    assert len(set(Order.objects.values_list("number", flat=True))) == 4


def test_without_the_lock_goods_come_out_of_nowhere():
    shop = make_shop()
    order = make_order(shop, lines=[new_line(quantity=Decimal(9))])
    parts = [make_order(shop) for _ in range(AT_ONCE)]
    OrderLine.objects.filter(order__in=parts).update(quantity=0)

    def split(part):
        split_without_the_lock(Order.objects.select_related("shop").get(pk=order.pk), part)

    at_once([lambda part=part: split(part) for part in parts])

    assert pieces_of(shop) > 9


def test_two_orders_merged_into_each_other_end_in_one_of_them():
    shop = make_shop()
    one, other = make_order(shop), make_order(shop)

    done = at_once([lambda: merge_orders(one, [other], by=SYSTEM), lambda: merge_orders(other, [one], by=SYSTEM)])

    assert sorted(done) == [False, True]
    assert sorted(Order.objects.values_list("number_of_lines", flat=True)) == [0, 2]
    assert Order.objects.filter(merged_into=None).count() == 1


def test_without_the_lock_both_end_in_each_other_and_none_is_left(monkeypatch):
    shop = make_shop()
    one, other = make_order(shop), make_order(shop)
    monkeypatch.setattr(Change, "lock_many", read_without_the_lock)
    # The two would wait for each other's search texts, and PostgreSQL would end one of them.
    monkeypatch.setattr("orders.services.merge.refresh_search_text", lambda orders, shop: None)

    at_once([lambda: merge_orders(one, [other], by=SYSTEM), lambda: merge_orders(other, [one], by=SYSTEM)])

    assert Order.objects.filter(merged_into=None).count() == 0


def test_an_order_goes_to_one_of_those_that_want_it():
    shop = make_shop()
    wanted, targets = make_order(shop), [make_order(shop) for _ in range(4)]

    done = at_once([lambda each=each: merge_orders(each, [wanted], by=SYSTEM) for each in targets])

    assert sum(done) == 1
    assert pieces_of(shop) == 5


def test_f26_one_form_sent_many_times_at_once_makes_one_order():
    shop = make_shop()
    new = new_order(source="manual", source_id=str(uuid4()))

    assert at_once([lambda: place_order(new, shop=shop, by=SYSTEM)] * AT_ONCE) == [True] * AT_ONCE

    assert Order.objects.count() == 1


def test_without_the_key_every_press_makes_an_order():
    shop = make_shop()

    at_once([lambda: place_order(new_order(source="manual"), shop=shop, by=SYSTEM)] * AT_ONCE)

    assert Order.objects.count() == AT_ONCE
