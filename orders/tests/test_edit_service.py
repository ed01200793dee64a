"""What an edit does to an order, and what it refuses."""

from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backoffice.actor import SYSTEM
from backoffice.tests.factories import make_shop
from orders import freezing
from orders.models import Address, LogAction, Order, OrderLine, OrderSearchText, StatusCount
from orders.services import (
    Edit,
    EditConflict,
    InputRefused,
    NewPayment,
    NewShipment,
    OrderIsDeleted,
    OrderIsFrozen,
    PlanLacksEditing,
    Wish,
    delete_orders,
    edit_order,
    undo,
)
from orders.services.editing import line_values
from orders.tests.factories import PLACED_AT, make_order, new_line
from orders.time_machine import picture_at

pytestmark = pytest.mark.django_db
TWO = Decimal(2)


def line_of(order, position=1):
    return order.lines.get(position=position)


def wish(row, name, wanted):
    """A wish of somebody who saw what is stored."""
    seen = line_values(row, row.order)[name] if isinstance(row, OrderLine) else getattr(row, name)
    return Wish(seen, wanted)


def of_order(order, **wanted):
    return Edit(order={name: wish(order, name, value) for name, value in wanted.items()})


def of_line(line, **wanted):
    return Edit(lines={line.pk: {name: wish(line, name, value) for name, value in wanted.items()}})


def without(line):
    return Edit(removed={line.pk: line_values(line, line.order)})


def state_of(order):
    """Everything that an edit could touch, as it is stored."""
    order = Order.objects.get(pk=order.pk)
    skipped = {"version", "changed_at", "change_mark", "changed_by", "waiting_review_at"}
    fields = {each.attname: getattr(order, each.attname) for each in Order._meta.concrete_fields}
    lines = list(order.lines.order_by("position").values())
    return {name: value for name, value in fields.items() if name not in skipped}, lines


def actions(order):
    return [entry.action for entry in order.log.order_by("id")][1:]


# --- what changes, and what follows


def test_a_new_quantity_moves_the_totals_and_is_logged_with_what_it_was(shop, actor):
    order = make_order(shop, lines=[new_line(weight_g=400)])

    edited = edit_order(order, of_line(line_of(order), quantity=TWO), by=actor)

    order.refresh_from_db()
    assert (edited.was, edited.now, order.total) == (Decimal("12.10"), Decimal("24.20"), Decimal("24.20"))
    assert (order.total_vat, order.weight_g) == (Decimal("4.20"), 800)
    assert actions(order) == [LogAction.LINE_EDITED, LogAction.ORDER_EDITED]
    of_line_, of_order_ = order.log.order_by("id")[1:]
    assert of_line_.changes["quantity"] == {"old": "1.000", "new": "2.000"}
    assert of_order_.changes["total"] == {"old": "12.10", "new": "24.20"}
    assert (of_line_.actor, of_line_.line) == (actor.name, line_of(order))


def test_a_new_price_is_in_the_sense_the_customer_was_quoted(shop, actor):
    order = make_order(shop, prices_include_vat=False, lines=[new_line(unit_price=Decimal(10))])

    edit_order(order, of_line(line_of(order), unit_price=Decimal("20.0000")), by=actor)

    line = line_of(order)
    assert (line.unit_price_ex, line.unit_price_incl) == (Decimal(20), Decimal("24.2"))
    assert (line.total_ex, line.total) == (Decimal(20), Decimal("24.20"))


def test_a_new_vat_rate_keeps_the_quoted_price(shop, actor):
    order = make_order(shop)

    edit_order(order, of_line(line_of(order), vat_rate=Decimal("9.00")), by=actor)

    line, order = line_of(order), Order.objects.get()
    assert (line.total, line.total_vat, line.unit_price_ex) == (Decimal("12.10"), Decimal("1.00"), Decimal("11.1009"))
    assert order.vat_totals == [{"rate": "9.00", "ex": "11.10", "vat": "1.00", "incl": "12.10"}]


def test_a_line_is_added_at_the_end_by_the_shops_rules_and_found(shop, actor):
    order = make_order(shop, lines=2)

    edit_order(order, Edit(added=[new_line(sku="LAMP-9", name="Lamp")]), by=actor)

    order.refresh_from_db()
    lamp = order.lines.last()
    assert (lamp.position, lamp.status, order.number_of_lines, order.total) == (3, "ready", 3, Decimal("36.30"))
    assert "lamp-9" in OrderSearchText.objects.get(order=order).text
    entry = order.log.get(action=LogAction.LINE_ADDED)
    assert (entry.line_id, entry.subject) == (lamp.pk, "LAMP-9")
    assert entry.changes["position"] == {"old": None, "new": 3}


def test_a_line_is_removed_and_the_others_keep_their_places(shop, actor):
    order = make_order(shop, lines=3)

    edit_order(order, without(line_of(order, 2)), by=actor)

    order.refresh_from_db()
    assert list(order.lines.values_list("position", flat=True)) == [1, 3]
    assert (order.number_of_lines, order.total) == (2, Decimal("24.20"))
    assert "candle-2" not in OrderSearchText.objects.get(order=order).text
    entry = order.log.get(action=LogAction.LINE_REMOVED)
    assert entry.subject == "CANDLE-2"
    assert entry.changes["sku"] == {"old": "CANDLE-2", "new": None}


def test_a_discount_on_the_order_is_spread_over_its_lines(shop, actor):
    order = make_order(shop, lines=3)

    edit_order(order, of_order(order, discount=Decimal("10.00")), by=actor)

    order.refresh_from_db()
    shares = list(order.lines.values_list("discount_share", flat=True))
    assert shares == [Decimal("3.34"), Decimal("3.33"), Decimal("3.33")]
    assert order.total == Decimal("26.30")
    assert actions(order) == [LogAction.ORDER_EDITED]


def test_shipping_and_fee_move_the_total(shop, actor):
    order = make_order(shop)

    edit_order(
        order,
        of_order(
            order,
            shipping_method="Bike courier",
            shipping_cost=Decimal("6.05"),
            shipping_vat_rate=Decimal("21.00"),
            payment_fee=Decimal("1.21"),
            payment_fee_vat_rate=Decimal("21.00"),
        ),
        by=actor,
    )

    order.refresh_from_db()
    assert (order.total, order.shipping_method) == (Decimal("19.36"), "Bike courier")


def test_an_address_is_put_right_and_found_by(shop, actor):
    order = make_order(shop, billing=Address(postcode="1011 AB", country="NL"))

    edit_order(order, of_order(order, shipping_postcode="9713 GZ", customer_name="Bo Öberg"), by=actor)

    order.refresh_from_db()
    assert (order.shipping_address.postcode, order.billing_address.postcode) == ("9713 GZ", "1011 AB")
    text = OrderSearchText.objects.get(order=order).text
    assert "9713gz" in text
    assert "bo öberg" in text
    assert "anna jansen" not in text
    assert order.log.first().changes["customer_name"] == {"old": "Anna Jansen", "new": "Bo Öberg"}


def test_the_payment_status_follows_what_was_paid(shop, actor):
    paid = [NewPayment(Decimal("12.10"), "iDEAL", "paid", PLACED_AT)]
    order = make_order(shop, payments=paid)

    edit_order(order, of_line(line_of(order), quantity=TWO), by=actor)

    order.refresh_from_db()
    assert (order.payment_status, order.open_amount) == ("partly_paid", Decimal("12.10"))
    counts = dict(StatusCount.objects.filter(kind="payment").values_list("code", "number_of_orders"))
    assert counts == {"paid": 0, "partly_paid": 1}


def test_a_status_that_was_set_by_hand_stays(shop, actor):
    order = make_order(shop, payment_status="paid")

    edit_order(order, of_line(line_of(order), quantity=TWO), by=actor)

    order.refresh_from_db()
    assert order.payment_status == "paid"


def test_a_shipped_line_of_which_more_is_wanted_is_to_be_sent_again(shop, actor):
    sent = [NewShipment("PostNL", "3SABC", PLACED_AT)]
    order = make_order(shop, lines=[new_line(status="shipped")], shipments=sent)

    edit_order(order, of_line(line_of(order), quantity=Decimal(3)), by=actor)

    order.refresh_from_db()
    assert (line_of(order).status, order.number_of_lines_done) == ("ready", 1)
    assert line_of(order).quantity_shipped == 1


def test_an_edit_moves_version_and_mark_once(shop, actor):
    order = make_order(shop, lines=3)
    before = Order.objects.get()

    edit_order(order, of_line(line_of(order), quantity=TWO, name="Big candle"), by=actor)

    after = Order.objects.get()
    assert (after.version, after.change_mark) == (before.version + 1, before.change_mark + 1)
    assert after.changed_by == actor.name


def test_an_edit_that_changes_nothing_leaves_no_trace(shop, actor):
    order = make_order(shop)
    before = Order.objects.get()

    assert edit_order(order, of_order(order, customer_name="Anna Jansen"), by=actor) is None

    assert Order.objects.get().version == before.version
    assert actions(order) == []


def test_the_same_edit_sent_twice_is_done_once(shop, actor):
    order = make_order(shop)
    edit = Edit(added=[new_line()], key=uuid4())

    assert edit_order(order, edit, by=actor) is not None
    assert edit_order(order, edit, by=actor) is None

    assert order.lines.count() == 2


# --- what is refused


def refused(order, edit, by):
    """The errors of a refused edit; nothing may have changed."""
    before = state_of(order)
    with pytest.raises(InputRefused) as refusal:
        edit_order(order, edit, by=by)
    assert state_of(order) == before
    assert actions(order) == []
    return refusal.value.errors


BAD_AMOUNTS = [
    Decimal("-1"),
    Decimal("NaN"),
    Decimal("Infinity"),
    Decimal("1e309"),
    Decimal("1.23456"),
    Decimal("9" * 12),
]


@pytest.mark.parametrize("amount", BAD_AMOUNTS, ids=str)
@pytest.mark.parametrize("name", ["unit_price", "discount"])
def test_a_line_takes_no_impossible_amount(shop, actor, name, amount):
    order = make_order(shop)
    line = line_of(order)

    errors = refused(order, of_line(line, **{name: amount}), actor)

    assert list(errors) == [f"lines.{line.pk}.{name}"]


@pytest.mark.parametrize("amount", BAD_AMOUNTS, ids=str)
@pytest.mark.parametrize("name", ["discount", "shipping_cost", "payment_fee"])
def test_an_order_takes_no_impossible_amount(shop, actor, name, amount):
    order = make_order(shop)

    assert list(refused(order, of_order(order, **{name: amount}), actor)) == [name]


@pytest.mark.parametrize("quantity", ["0", "-1", "NaN", "1e309", "1.2345", "1e10"])
def test_a_line_takes_no_impossible_quantity(shop, actor, quantity):
    order = make_order(shop)
    line = line_of(order)

    assert f"lines.{line.pk}.quantity" in refused(order, of_line(line, quantity=Decimal(quantity)), actor)
    assert "added.1.quantity" in refused(order, Edit(added=[new_line(quantity=Decimal(quantity))]), actor)


@pytest.mark.parametrize("rate", ["-1", "101", "20.99", "12", "NaN", "1e309"])
def test_a_vat_rate_is_one_that_there_is(shop, actor, rate):
    order = make_order(shop, billing=Address(country="NL"))
    line = line_of(order)

    assert f"lines.{line.pk}.vat_rate" in refused(order, of_line(line, vat_rate=Decimal(rate)), actor)
    assert "shipping_vat_rate" in refused(order, of_order(order, shipping_vat_rate=Decimal(rate)), actor)
    assert "added.1.vat_rate" in refused(order, Edit(added=[new_line(vat_rate=Decimal(rate))]), actor)


def test_a_rate_of_the_customers_country_is_one_that_there_is(shop, actor):
    order = make_order(shop, billing=Address(country="SE"))

    edit_order(order, of_line(line_of(order), vat_rate=Decimal("12.00")), by=actor)

    assert line_of(order).vat_rate == 12


@pytest.mark.parametrize("text", ["x" * 10_000, "bell\x07", "null\0", "\ud800"], ids=["long", "bell", "null", "half"])
def test_a_name_fits_its_column_and_every_document(shop, actor, text):
    order = make_order(shop)
    line = line_of(order)

    assert list(refused(order, of_line(line, name=text), actor)) == [f"lines.{line.pk}.name"]
    assert list(refused(order, of_order(order, customer_name=text), actor)) == ["customer_name"]
    assert list(refused(order, Edit(added=[new_line(name=text)]), actor)) == ["added.1.name"]


def test_a_country_is_a_code(shop, actor):
    order = make_order(shop)

    assert list(refused(order, of_order(order, billing_country="Nederland"), actor)) == ["billing_country"]
    assert list(refused(order, of_order(order, billing_country="nl"), actor)) == ["billing_country"]


def test_a_line_without_a_name_is_no_line(shop, actor):
    assert list(refused(make_order(shop), Edit(added=[new_line(sku="", name="")]), actor)) == ["added.1.name"]


def test_the_last_line_stays(shop, actor):
    order = make_order(shop)

    assert list(refused(order, without(line_of(order)), actor)) == ["lines"]


def test_discounts_take_off_no_more_than_there_is(shop, actor):
    order = make_order(shop)
    line = line_of(order)

    assert list(refused(order, of_line(line, discount=Decimal("12.11")), actor)) == [f"lines.{line.pk}.discount"]
    assert list(refused(order, of_order(order, discount=Decimal("12.11")), actor)) == ["discount"]


def test_what_was_shipped_can_neither_go_nor_shrink_below(shop, actor):
    sent = [NewShipment("PostNL", "3SABC", PLACED_AT, quantities={1: TWO})]
    order = make_order(shop, lines=[new_line(quantity=Decimal(3)), new_line()], shipments=sent)
    line = line_of(order)

    less = refused(order, of_line(line, quantity=Decimal(1)), actor)
    gone = refused(order, without(line), actor)

    assert less == {f"lines.{line.pk}.quantity": ["2 were shipped or credited already."]}
    assert gone == {f"lines.{line.pk}.removed": ["2 were shipped already."]}
    edit_order(order, of_line(line, quantity=TWO), by=actor)
    assert line_of(order).quantity == 2


def test_every_error_is_told_at_once(shop, actor):
    order = make_order(shop)
    line = line_of(order)
    edit = Edit(
        order={"discount": wish(order, "discount", Decimal(-1)), "customer_name": wish(order, "customer_name", "\x07")},
        lines={line.pk: {"quantity": wish(line, "quantity", Decimal(0))}},
        added=[new_line(name="", sku="", unit_price=Decimal("NaN"))],
    )

    assert set(refused(order, edit, actor)) == {
        "discount", "customer_name", f"lines.{line.pk}.quantity", "added.1.unit_price", "added.1.name"
    }  # fmt: skip


def test_an_order_in_deleted_is_not_edited(shop, actor):
    order = make_order(shop)
    delete_orders([order.pk], shop=shop, by=actor)

    with pytest.raises(OrderIsDeleted):
        edit_order(order, of_order(order, customer_name="Bo"), by=actor)

    assert Order.objects.get().customer_name == "Anna Jansen"


def test_the_basic_plan_changes_addresses_but_no_amounts(other_shop):
    basic = make_shop("777", plan_key="basic")
    order = make_order(basic)

    with pytest.raises(PlanLacksEditing):
        edit_order(order, of_line(line_of(order), quantity=TWO), by=SYSTEM)
    edit_order(order, of_order(order, shipping_street="Kade 2"), by=SYSTEM)

    order.refresh_from_db()
    assert (order.total, order.shipping_street) == (Decimal("12.10"), "Kade 2")


def test_a_frozen_order_says_what_to_do_instead(shop, actor, monkeypatch):
    order = make_order(shop)
    monkeypatch.setattr(freezing, "_freezers", [lambda order: "Invoice 7 was issued: make a credit note."])

    for edit in (of_line(line_of(order), quantity=TWO), of_order(order, billing_city="Delft")):
        with pytest.raises(OrderIsFrozen, match="make a credit note"):
            edit_order(order, edit, by=actor)
    edit_order(order, of_order(order, shipping_city="Delft"), by=actor)

    order.refresh_from_db()
    assert (order.total, order.billing_city, order.shipping_city) == (Decimal("12.10"), "", "Delft")


# --- two people


def test_edits_of_different_fields_merge(shop, actor):
    order = make_order(shop, lines=2)
    first, second = order.lines.all()
    mine = Edit(
        lines={first.pk: {"quantity": Wish(Decimal(1), TWO)}}, order={"customer_name": Wish("Anna Jansen", "Bo")}
    )
    theirs = Edit(
        lines={first.pk: {"discount": Wish(Decimal(0), Decimal("1.00"))}, second.pk: {"name": Wish("Candle", "Wick")}}
    )

    edit_order(order, theirs, by=SYSTEM)
    edit_order(order, mine, by=actor)

    line = line_of(order)
    assert (line.quantity, line.discount, line_of(order, 2).name) == (2, Decimal("1.00"), "Wick")
    assert Order.objects.get().total == Decimal("35.30")


def test_f27_the_same_field_set_to_two_values_is_a_conflict_and_nothing_is_saved(shop, actor):
    order = make_order(shop)
    line = line_of(order)
    mine = Edit(
        lines={line.pk: {"quantity": Wish(Decimal(1), Decimal(5))}}, order={"customer_name": Wish("Anna Jansen", "Bo")}
    )
    edit_order(order, of_line(line, quantity=TWO), by=SYSTEM)

    with pytest.raises(EditConflict) as refusal:
        edit_order(order, mine, by=actor)

    [conflict] = refusal.value.conflicts
    assert (conflict.name, conflict.now, conflict.wanted) == (f"lines.{line.pk}.quantity", 2, 5)
    assert (line_of(order).quantity, Order.objects.get().customer_name) == (2, "Anna Jansen")


def test_two_people_who_want_the_same_do_not_disagree(shop, actor):
    order = make_order(shop)
    edit = of_line(line_of(order), quantity=TWO)

    edit_order(order, edit, by=SYSTEM)

    assert edit_order(order, edit, by=actor) is None


def test_a_line_that_somebody_else_changed_is_not_removed_unseen(shop, actor):
    order = make_order(shop, lines=2)
    removal = without(line_of(order))
    edit_order(order, of_line(line_of(order), quantity=TWO), by=SYSTEM)

    with pytest.raises(EditConflict):
        edit_order(order, removal, by=actor)

    assert order.lines.count() == 2


def test_a_change_of_a_line_that_is_gone_is_a_conflict(shop, actor):
    order = make_order(shop, lines=2)
    change = of_line(line_of(order), quantity=TWO)
    edit_order(order, without(line_of(order)), by=SYSTEM)

    with pytest.raises(EditConflict) as refusal:
        edit_order(order, change, by=actor)

    assert refusal.value.conflicts[0].now is None


# --- taking back


def everything(order):
    """One edit of each kind at once."""
    first, second = order.lines.all()[:2]
    return Edit(
        order={
            "discount": wish(order, "discount", Decimal("2.00")),
            "shipping_city": wish(order, "shipping_city", "Delft"),
        },
        lines={
            first.pk: {
                "quantity": wish(first, "quantity", Decimal(3)),
                "vat_rate": wish(first, "vat_rate", Decimal("9.00")),
            }
        },
        removed={second.pk: line_values(second, order)},
        added=[new_line(sku="NEW", name="New", weight_g=70)],
    )


def test_the_last_edit_is_taken_back_to_the_cent(shop, actor):
    order = make_order(
        shop,
        lines=[new_line(weight_g=333), new_line(sku="B", unit_price=Decimal("3.3333")), new_line()],
        payments=[NewPayment(Decimal("20.00"), "iDEAL", "paid", PLACED_AT)],
    )
    before = state_of(order)
    edited = edit_order(order, everything(order), by=actor)
    after = state_of(order)

    result = undo(edited.act, shop=shop, by=actor)

    assert result.changed == [order]
    assert state_of(order) == before
    undo(result.act, shop=shop, by=actor)
    lines = [{name: value for name, value in line.items() if name != "id"} for line in state_of(order)[1]]
    assert lines == [{name: value for name, value in line.items() if name != "id"} for line in after[1]]
    assert state_of(order)[0] == after[0]


def test_an_edit_is_not_taken_back_once_another_followed(shop, actor):
    order = make_order(shop)
    first = edit_order(order, of_line(line_of(order), quantity=TWO), by=actor)
    edit_order(order, of_order(order, customer_name="Bo"), by=actor)

    result = undo(first.act, shop=shop, by=actor)

    assert len(result.refused) == 1
    assert line_of(order).quantity == 2


def test_an_added_line_that_was_shipped_since_stays(shop, actor):
    order = make_order(shop)
    edited = edit_order(order, Edit(added=[new_line()]), by=actor)
    OrderLine.objects.filter(order=order, position=2).update(quantity_shipped=1)

    result = undo(edited.act, shop=shop, by=actor)

    assert len(result.refused) == 1
    assert order.lines.count() == 2


def test_the_time_machine_shows_the_order_before_any_edit(shop, actor):
    order = make_order(shop, lines=[new_line(), new_line(sku="B"), new_line(sku="C")], discount=Decimal("3.00"))
    moments = [(order.log.first(), state_of(order))]
    edits = [everything, lambda it: of_order(it, discount=Decimal("7.77")), lambda it: without(line_of(it, 3))]
    for edit in edits:
        order = Order.objects.get(pk=order.pk)
        edit_order(order, edit(order), by=actor)
        moments.append((order.log.first(), state_of(order)))

    for entry, (fields, lines) in moments:
        picture = picture_at(entry)

        assert picture.gaps == []
        told = fields.keys() - {"waiting_for", "waiting_day"}
        assert {name: getattr(picture.order, name) for name in told} == {name: fields[name] for name in told}
        assert [{name: getattr(line, name) for name in lines[0]} for line in picture.lines] == lines


# --- how much it costs


@pytest.mark.parametrize("number_of_lines", [2, 60])
def test_an_edit_costs_the_same_for_any_number_of_lines(shop, actor, number_of_lines):
    order = make_order(shop, lines=number_of_lines)
    edit = of_line(line_of(order), quantity=TWO)

    with CaptureQueriesContext(connection) as queries:
        edit_order(order, edit, by=actor)

    assert len(queries) <= 25
