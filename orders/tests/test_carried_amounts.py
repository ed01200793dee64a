"""What a split or merge carried along to the cent stays so until somebody changes a price."""

from decimal import Decimal

import pytest

from orders.models import LogAction, Order
from orders.services import Edit, Wish, edit_order, split_order, undo
from orders.services.editing import carried_of, line_values
from orders.tests.factories import make_order, new_line

pytestmark = pytest.mark.django_db
AMOUNTS = ("discount_share", "total_ex", "total_vat", "total")


@pytest.fixture
def part(shop, actor):
    """A third of a line, of which the net is a cent other than its own price says."""
    lines = [new_line(quantity=Decimal(3), unit_price=Decimal("10.01")), new_line(sku="LANTERN", name="Lantern")]
    order = make_order(shop, lines=lines, discount=Decimal("0.10"))
    parts = split_order(order, [{1: Decimal(1)}, {1: Decimal(1)}], by=actor)
    fresh = [Order.objects.get(pk=each.pk) for each in (order, *parts)]
    return next(each for each in fresh if carried_of(each, each.lines.all()))


def amounts(order):
    return [tuple(getattr(line, name) for name in AMOUNTS) for line in order.lines.all()]


def reread(order):
    order.refresh_from_db()
    return order


@pytest.mark.parametrize(
    ("name", "value"), [("shipping_city", "Delft"), ("shipping_cost", Decimal("4.95")), ("customer_name", "Bo")]
)
def test_an_edit_that_touches_no_price_moves_no_cent(shop, part, actor, name, value):
    before, lines_total = amounts(part), part.lines_total

    edit_order(part, Edit(order={name: Wish(getattr(part, name), value)}), by=actor)

    assert (amounts(part), reread(part).lines_total) == (before, lines_total)


def test_the_words_of_a_line_are_changed_without_its_amounts(shop, part, actor):
    before, line = amounts(part), part.lines.first()

    edit_order(part, Edit(lines={line.pk: {"options": Wish("", "Natural oil")}}), by=actor)

    assert (amounts(part), part.lines.first().options) == (before, "Natural oil")


def test_a_new_quantity_is_priced_anew_and_undo_gives_the_old_cents_back(shop, part, actor):
    before, total, line = amounts(part), part.total, part.lines.first()
    wish = {"quantity": Wish(line_values(line, part)["quantity"], Decimal(2))}

    edited = edit_order(part, Edit(lines={line.pk: wish}), by=actor)

    assert carried_of(reread(part), part.lines.all()) == {}
    assert "carried" in part.log.get(action=LogAction.ORDER_EDITED).changes

    undo(edited.act, shop=shop, by=actor)

    assert (amounts(part), reread(part).total) == (before, total)
