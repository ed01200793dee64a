from collections import Counter

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count, F

from backoffice.actor import SYSTEM
from orders.documents import order_documents
from orders.generate import TooFewOrders, generate_orders
from orders.models import (
    NumberSeries,
    Order,
    OrderLine,
    OrderLogEntry,
    OrderSearchText,
    Payment,
    ShipmentLine,
    ShopClock,
    StatusCount,
)
from orders.money import totals
from orders.services import set_fulfilment_status
from orders.services.search import search_text_of
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def shops(db):
    """230 orders: a hundred templates, one full copy of them and a part of one, in two shops."""
    return generate_orders(230, number_of_shops=2)


def test_there_are_as_many_as_asked_for(shops):
    assert Order.objects.count() == 230
    assert [Order.objects.for_shop(shop).count() for shop in shops] == [100, 130]
    for shop in shops:
        numbers = Order.objects.for_shop(shop).order_by("number").values_list("number", flat=True)
        assert list(numbers) == list(range(1, len(numbers) + 1))


def test_an_order_is_as_the_service_would_have_made_it(shops):
    for order in Order.objects.all():
        lines = list(order.lines.all())
        assert totals(order, lines).total.incl == order.total
        assert order.number_of_lines == len(lines)
        assert order.search_text.shop_id == order.shop_id
        assert order.search_text.text == search_text_of(
            order, order.shop, lines=lines, payments=order.payments.all(), shipments=order.shipments.all()
        )
        assert order.search_text.placed_at == order.placed_at
        assert order.log.get().created_at == order.placed_at == order.changed_at


def test_what_belongs_to_an_order_stays_together(shops):
    assert not ShipmentLine.objects.exclude(shipment__order=F("line__order")).exists()
    assert OrderLogEntry.objects.values("act").distinct().count() > 100
    assert not Payment.objects.values("provider_reference").annotate(times=Count("pk")).filter(times__gt=1).exists()


def test_counters_series_and_clocks_fit(shops):
    for shop in shops:
        orders = Order.objects.for_shop(shop)
        for kind in ("fulfilment", "payment"):
            counted = StatusCount.objects.for_shop(shop).filter(kind=kind)
            stored = {row.code: row.number_of_orders for row in counted if row.number_of_orders}
            assert stored == Counter(orders.values_list(f"{kind}_status", flat=True))
        assert NumberSeries.objects.get(shop=shop).next_number == orders.count() + 1
        in_order_of_mark = list(orders.order_by("change_mark").values_list("changed_at", flat=True))
        assert in_order_of_mark == sorted(in_order_of_mark)
        assert ShopClock.objects.get(shop=shop).mark == orders.count()


def test_life_goes_on_after_it(shops, actor):
    shop = shops[1]
    order = Order.objects.for_shop(shop).get(number=5)

    assert make_order(shop).number == 131
    set_fulfilment_status(order, "on_hold", by=actor)

    (document,) = order_documents([order.pk], shop=shop)
    assert document.fulfilment.code == "on_hold"


def test_a_second_time_makes_shops_of_its_own(shops):
    again = generate_orders(3)

    assert [shop.number for shop in again] == ["900003"]
    assert Order.objects.for_shop(again[0]).count() == 3
    assert OrderLine.objects.filter(order__shop=again[0]).exists()
    assert OrderSearchText.objects.filter(shop__number="900003", text__startswith="00003\n").count() == 1


def test_the_command_says_what_is_wrong(settings):
    with pytest.raises(CommandError, match="at least one order"):
        call_command("generate_orders", orders=1, shops=2)
    with pytest.raises(TooFewOrders):
        generate_orders(1, number_of_shops=2)
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="production"):
        call_command("generate_orders", orders=1)
    assert not Order.objects.exists()


def test_the_logs_hold_and_go_on_from_where_they_are(shops, capsys):
    order = Order.objects.for_shop(shops[1]).order_by("-pk").first()
    set_fulfilment_status(order, "on_hold", by=SYSTEM)

    call_command("verify_log")

    assert "231 entries, 0 faults." in capsys.readouterr().out
