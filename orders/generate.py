"""Very many orders for measuring: some are placed by the service, the rest are copies made inside the database.

A copy gets its own keys, number, shop, time, family name, tracking code and payment reference; everything else, and
every sum in it, is as the service made it. Counters, number series, search texts and clocks fit afterwards. The same
numbers of orders and shops always give the same rows.
"""

import random
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.core.management.color import no_style
from django.db import connection, models, transaction
from django.db.models import F, Max, Min, OuterRef, Subquery
from django.utils import timezone

from backoffice.actor import SYSTEM
from backoffice.models import Shop
from orders.log_chain import UNSEALED
from orders.models import (
    Address,
    NumberSeries,
    Order,
    OrderLine,
    OrderLogEntry,
    OrderNote,
    OrderSearchText,
    Payment,
    Refund,
    Shipment,
    ShipmentLine,
    ShopClock,
)
from orders.planner import tell_planner
from orders.services.change import add_to_counters
from orders.services.new_order import NewLine, NewNote, NewOrder, NewPayment, NewShipment
from orders.services.numbers import ORDERS
from orders.services.place import place_orders
from orders.services.search import ORDERS_PER_PART
from statuses.kinds import Kind

# Parents before children, as foreign keys demand.
COPIED = [Order, OrderLine, Payment, Refund, Shipment, ShipmentLine, OrderNote, OrderLogEntry, OrderSearchText]
MOST_TEMPLATES = 1000
FIRST_SHOP_NUMBER = 900_001
UNTIL = datetime(2026, 3, 22, tzinfo=UTC)
OLD, RECENT = timedelta(days=640), timedelta(days=90)
# One shop has three orders in ten, as the largest customers of such systems do.
LARGEST_SHARE = 0.3

# What stands in every template and is replaced in its copies.
FAMILY, TAG = "Vandermolen", "T00000"
FAMILIES = """
    Jansen Bakker Visser Smit Meijer Mulder Bos Vos Peters Hendriks Dekker Brouwer Dijkstra Smits Koster Willems
    Andersson Johansson Karlsson Nilsson Eriksson Larsson Olsson Persson Svensson Gustafsson Lindberg Holm Bergman
    Taylor Walker Hughes Edwards Green Wood Harris Martin Cooper King Clark Baker Turner Hill Moore Ward Bell Moller
""".split()  # noqa: SIM905  (a list of 48 quoted names reads worse)
GIVEN = "Anna Bram Carla Daan Eva Femke Gijs Hanna Ivo Joke Karin Lars Maja Nils Olga Pim Sara Tove Ulf Vera".split()  # noqa: SIM905
CITIES = [("Ede", "6711 AB"), ("Utrecht", "3511 LX"), ("Malmö", "211 20"), ("Gent", "9000"), ("Leeds", "LS1 4AP")]
GOODS = [(f"SKU-{number:04d}", f"Article {number}", Decimal(number % 97 + 1) / 2) for number in range(1, 401)]
# (fulfilment, payment, weight): most orders of a living shop are done.
STATUSES = [
    ("completed", "paid", 50),
    ("shipped", "paid", 22),
    ("delivered", "paid", 8),
    ("ready", "paid", 5),
    ("ready", "open", 3),
    ("in_progress", "paid", 3),
    ("backordered", "paid", 2),
    ("new", "awaiting", 2),
    ("on_hold", "open", 1),
    ("cancelled", "cancelled", 3),
    ("aborted", "failed", 1),
]
SENT = {"completed", "shipped", "delivered"}


class TooFewOrders(ValueError):
    """Every shop needs at least one order."""


@dataclass(frozen=True)
class Round:
    """One copy of all templates: where it goes and what is different in it."""

    index: int
    shop: Shop
    # How many orders of the shop come before it.
    first: int
    seconds: int
    family: str

    @property
    def tag(self) -> str:
        return f"T{self.index:05d}"


def generate_orders(number_of_orders: int, *, number_of_shops: int = 1) -> list[Shop]:
    """Make new shops with so many orders in all, about a third of them in the first. Raises TooFewOrders."""
    if number_of_orders < number_of_shops:
        raise TooFewOrders
    templates = min(MOST_TEMPLATES, max(100, number_of_orders // 100), number_of_orders // number_of_shops)
    full, rest = divmod(number_of_orders, templates)
    shops = [_new_shop() for _ in range(number_of_shops)]
    rounds = _rounds(shops, full + bool(rest), templates)
    placed = _place_templates(shops[0], templates, window=RECENT / len(rounds))
    with transaction.atomic():
        copier = Copier(shops[0])
        for some, number in ((rounds[1:full], templates), (rounds[full:], rest)):
            if some:
                copier.copy(some, number)
                _add_to_status_counters(some, number, placed)
        _fit_series_and_clocks(shops)
    _refresh_database()
    return shops


def _new_shop() -> Shop:
    taken = Shop.objects.filter(number__regex=r"^9\d{5}$").count()
    number = str(FIRST_SHOP_NUMBER + taken)
    return Shop.objects.create(number=number, name=f"Generated {number}", plan_key="professional")


def _rounds(shops: list[Shop], number_of_rounds: int, templates: int) -> list[Round]:
    """The rounds, the templates themselves being the first; within a shop later rounds are of later days."""
    chosen = random.Random(42)  # noqa: S311
    largest = round(number_of_rounds * LARGEST_SHARE) if len(shops) > 1 else number_of_rounds
    others = shops[1:] or shops
    owners = [shops[0]] * max(1, largest)
    owners += [others[index % len(others)] for index in range(number_of_rounds - len(owners))]
    in_all, so_far = Counter(owner.pk for owner in owners), Counter()
    rounds = []
    for index, owner in enumerate(owners):
        share = so_far[owner.pk] / in_all[owner.pk]
        later = OLD * share * 2 if share < 0.5 else OLD + RECENT * (share - 0.5) * 2
        first = so_far[owner.pk] * templates
        rounds.append(Round(index, owner, first, int(later.total_seconds()), chosen.choice(FAMILIES)))
        so_far[owner.pk] += 1
    return rounds


# --- Templates -----------------------------------------------------------------------------------


def _place_templates(shop: Shop, number: int, *, window: timedelta) -> list[Order]:
    """Place the first orders of the shop by the service, evenly over `window` before everything else."""
    chosen = random.Random(7)  # noqa: S311
    start = UNTIL - OLD - RECENT
    times = [(start + window * index / number).replace(microsecond=0) for index in range(number)]
    place_orders([_template(chosen, *each) for each in enumerate(times)], shop=shop, by=SYSTEM)
    placed = Order.objects.for_shop(shop)
    for index, pk in enumerate(placed.order_by("pk").values_list("pk", flat=True), start=1):
        # Placed together they share a mark and a time; copies need one each, in the order of their keys.
        placed.filter(pk=pk).update(created_at=F("placed_at"), changed_at=F("placed_at"), change_mark=index)
    log = OrderLogEntry.objects.filter(order__shop=shop)
    # With another time an entry is not what was sealed: these logs begin their chain with what comes next.
    log.update(
        created_at=Subquery(Order.objects.filter(pk=OuterRef("order")).values("placed_at")),
        previous_digest=UNSEALED,
        digest=UNSEALED,
    )
    return list(placed.order_by("pk"))


def _template(chosen: random.Random, index: int, placed_at: datetime) -> NewOrder:
    fulfilment, payment, _weight = chosen.choices(STATUSES, [weight for *_names, weight in STATUSES])[0]
    given = chosen.choice(GIVEN)
    city, postcode = chosen.choice(CITIES)
    lines = [_line(chosen, fulfilment) for _ in range(chosen.choice((1, 1, 2, 2, 2, 3, 4, 5)))]
    amount = sum((line.unit_price * line.quantity for line in lines), Decimal("4.95"))
    paid = [
        NewPayment(amount, "iDEAL", "paid", placed_at, "Pay", f"tr_{index:04d}{TAG}", placed_at),
    ]
    shipped = [NewShipment("PostNL", f"3S{index:06d}{TAG}", placed_at + timedelta(days=1))]
    return NewOrder(
        placed_at=placed_at,
        lines=lines,
        customer_name=f"{given} {FAMILY}",
        customer_email=f"{given}.{index}@{FAMILY}.example",
        customer_phone=f"+31 6 {10_000_000 + index * 7919 % 89_999_999}",
        customer_language="nl",
        billing=Address(
            name=f"{given} {FAMILY}", street=f"Dorpsstraat {index}", postcode=postcode, city=city, country="NL"
        ),
        payment_method="iDEAL",
        shipping_method="PostNL",
        shipping_cost=Decimal("4.95"),
        shipping_vat_rate=Decimal("21.00"),
        fulfilment_status=fulfilment,
        payment_status=payment,
        payments=paid if payment == "paid" else [],
        shipments=shipped if fulfilment in SENT else [],
        notes=[NewNote("Gift wrap", "System", placed_at)] if index % 12 == 0 else [],
    )


def _line(chosen: random.Random, fulfilment: str) -> NewLine:
    sku, name, price = chosen.choice(GOODS)
    return NewLine(
        sku=sku,
        name=name,
        quantity=Decimal(chosen.randint(1, 4)),
        unit_price=price,
        vat_rate=Decimal(chosen.choice(("21.00", "9.00"))),
        location=f"A{int(sku[-4:]) % 40:02d}-{int(sku[-4:]) % 7}",
        weight_g=100 + int(sku[-4:]),
        is_backordered=fulfilment == "backordered",
        status="shipped" if fulfilment in SENT else None,
    )


# --- Copies --------------------------------------------------------------------------------------

# Texts in which family name and tag are replaced.
RENAMED = {
    (Order, "customer_name"),
    (Order, "customer_email"),
    (Order, "billing_name"),
    (Order, "shipping_name"),
    (Payment, "provider_reference"),
    (Shipment, "tracking_code"),
}


@dataclass(frozen=True)
class Dialect:
    """What the two databases write differently."""

    later: str
    random_uuid: str
    number: str
    after_first_word: str


POSTGRESQL = Dialect(
    later="t.{column} + r.seconds * interval '1 second'",
    random_uuid="gen_random_uuid()",
    number="lpad(({number})::text, greatest(5, length(({number})::text)), '0')",
    after_first_word="substr(t.text, strpos(t.text, chr(10)))",
)
# Times as Django writes them, without a fraction: they are compared as text.
SQLITE = Dialect(
    later="datetime(t.{column}, r.seconds || ' seconds')",
    random_uuid="lower(hex(randomblob(16)))",
    number="printf('%05d', {number})",
    after_first_word="substr(t.text, instr(t.text, char(10)))",
)


class Copier:
    """Copies the templates of one shop, whose keys are the highest of each table, by one statement a table.

    In round n a key grows by n times the span of the templates' keys, and so does every reference to it.
    """

    def __init__(self, shop: Shop):
        self.dialect = POSTGRESQL if connection.vendor == "postgresql" else SQLITE
        self.keys = {model: _keys_of(model, shop) for model in COPIED}
        self.first_order = self.keys[Order][0]

    def copy(self, rounds: list[Round], number: int) -> None:
        """Copy the first `number` templates once per round."""
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE TEMPORARY TABLE generated_round "
                "(n bigint, shop_id bigint, shop_number text, first bigint, seconds bigint, family text, tag text)"
            )
            cursor.executemany(
                "INSERT INTO generated_round VALUES (%s, %s, %s, %s, %s, %s, %s)",
                [
                    (each.index, each.shop.pk, each.shop.number, each.first, each.seconds, each.family, each.tag)
                    for each in rounds
                ],
            )
            for model in COPIED:
                cursor.execute(self.statement(model), [self.first_order, self.first_order + number - 1])
            cursor.execute("DROP TABLE generated_round")

    def statement(self, model: type[models.Model]) -> str:
        fields = model._meta.concrete_fields
        columns = ", ".join(f'"{field.column}"' for field in fields)
        values = ", ".join(self.value(model, field) for field in fields)
        joined = "JOIN orders_order o ON o.id = t.order_id" if model is OrderSearchText else ""
        if model is ShipmentLine:
            joined = "JOIN orders_shipment o ON o.id = t.shipment_id"
        order = {Order: "t.id", ShipmentLine: "o.order_id"}.get(model, "t.order_id")
        return (
            f"INSERT INTO {model._meta.db_table} ({columns}) SELECT {values} "  # noqa: S608  (names of our own models)
            f"FROM generated_round r CROSS JOIN {model._meta.db_table} t {joined} "
            f"WHERE {order} BETWEEN %s AND %s ORDER BY r.n, {order}"
        )

    def value(self, model: type[models.Model], field: models.Field) -> str:
        """The SQL expression of a column in a copy: `t` is the template's row, `r` the round."""
        same = f't."{field.column}"'
        copied = model if field.primary_key and not field.is_relation else field.related_model
        if copied in self.keys:
            return f"{same} + r.n * {self._span(copied)}"
        if field.name == "shop":
            return "r.shop_id"
        if isinstance(field, models.DateTimeField):
            return self.dialect.later.format(column=f'"{field.column}"')
        if (model, field.name) in {(Order, "number"), (Order, "change_mark")}:
            return f"{same} + r.first"
        if (model, field.name) == (OrderLogEntry, "act"):
            return self.dialect.random_uuid
        if (model, field.name) == (OrderSearchText, "text"):
            number = self.dialect.number.format(number="o.number + r.first")
            rest = _renamed(
                self.dialect.after_first_word, FAMILY.casefold(), "lower(r.family)", TAG.casefold(), "lower(r.tag)"
            )
            return f"{number} || {rest}"
        if (model, field.name) == (OrderSearchText, "part"):
            # They come in one after the other, and their numbers count them.
            return f"(o.number + r.first) / {ORDERS_PER_PART}"
        if (model, field.name) in RENAMED:
            return _renamed(same, FAMILY, "r.family", TAG, "r.tag")
        return same

    def _span(self, model: type[models.Model]) -> int:
        first, last = self.keys[model]
        return last - first + 1


def _renamed(text: str, family: str, new_family: str, tag: str, new_tag: str) -> str:
    return f"replace(replace({text}, '{family}', {new_family}), '{tag}', {new_tag})"


def _keys_of(model: type[models.Model], shop: Shop) -> tuple[int, int]:
    """The first and last key of the templates' rows; (0, -1) when there are none."""
    path = {Order: "shop", ShipmentLine: "shipment__order__shop"}.get(model, "order__shop")
    keys = model.objects.filter(**{path: shop}).aggregate(first=Min("pk"), last=Max("pk"))
    return (0, -1) if keys["first"] is None else (keys["first"], keys["last"])


# --- What has to fit afterwards ------------------------------------------------------------------


def _add_to_status_counters(rounds: list[Round], number: int, templates: list[Order]) -> None:
    """Count the copies of the first `number` templates, as the services count each change."""
    counts = Counter(
        (kind, code)
        for order in templates[:number]
        for kind, code in ((Kind.FULFILMENT, order.fulfilment_status), (Kind.PAYMENT, order.payment_status))
    )
    copies = Counter(each.shop.pk for each in rounds)
    add_to_counters(
        [(shop, kind, code, each * times) for shop, times in copies.items() for (kind, code), each in counts.items()]
    )


def _fit_series_and_clocks(shops: list[Shop]) -> None:
    """Let the numbers go on after the last, and the clock after the last mark. Nobody else is in these shops yet."""
    for shop in shops:
        last = Order.objects.for_shop(shop).aggregate(number=Max("number"), mark=Max("change_mark"))
        NumberSeries.objects.update_or_create(shop=shop, name=ORDERS, defaults={"next_number": last["number"] + 1})
        ShopClock.objects.update_or_create(shop=shop, defaults={"at": timezone.now(), "mark": last["mark"]})


def _refresh_database() -> None:
    """Set the sequences above the copied keys and tell the planner what there is now."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), COPIED):
            cursor.execute(statement)
    tell_planner()
