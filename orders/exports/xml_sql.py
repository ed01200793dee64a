"""The XML of orders written inside PostgreSQL: to fetch every column and to format it here takes four times as long.

The statement is made of the templates of `orders.exports.xml`, with the column or expression that `OrderXml` puts at
each place. What it cannot write as `OrderXml` would (deleted orders, characters that XML has no place for) it leaves
to that; tests hold both to the same bytes. Times leave the database in UTC between marks: what a shop's clock shows is
decided by Python's zones alone.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from django.db import connection

from backoffice.models import Shop
from orders.documents import FIRST_CHUNK, Labels, order_documents
from orders.exports import xml
from orders.exports.xml import REFERENCES, Escape, WrittenOrder, wall_time
from orders.keys import as_array, in_chunks
from orders.models import Address, Order, OrderLine, OrderNote, Payment, Refund, Shipment, ShipmentLine

# Larger ones than this cost memory and save nothing.
CHUNK = 1000
ROWS_AT_ONCE = 50  # are waited for, while the next are being written
MOST_ARGUMENTS = 90  # of a hundred that a function of PostgreSQL takes

# Words with one of these are left to `OrderXml`, so that here they mean nothing else.
MARK = "\x01"  # on both sides of a time
PLACE = "\x02"  # where the VAT rates belong
LEFT = "\x03"  # in place of what is left
ILLEGAL = r"\u0001-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff"
SHOWN = "CASE WHEN o.number < 100000 THEN lpad(o.number::text, 5, '0') ELSE o.number::text END"
DECODER = json.JSONDecoder()
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


def orders_of_database(order_ids: Iterable[int], *, shop: Shop) -> Iterator[WrittenOrder]:
    """The orders (keys) of `shop` as XML, found and ordered as by `order_documents`, with one query a chunk."""
    clock, values = WallClock(shop.zone), None
    for chunk in in_chunks(order_ids, first=FIRST_CHUNK, size=CHUNK):
        values = values or _values(shop)
        # All of a chunk is taken before the first is passed on: whoever gets it may need the connection.
        orders = list(_orders_of_chunk(values | {"keys": as_array(chunk)}, clock))
        rest = _written_by_python([key for key, order in orders if LEFT in order.text], shop)
        for _key, order in orders:
            yield rest.get(order.number, order)


def _orders_of_chunk(values: dict[str, object], clock: "WallClock") -> Iterator[tuple[int, WrittenOrder]]:
    """Key and order, with LEFT in the text of those that Python has to write; PostgreSQL writes the next meanwhile."""
    with connection.cursor() as cursor, connection.wrap_database_errors:
        for key, number, version, text, vat_totals in cursor.stream(statement(), values, size=ROWS_AT_ONCE):
            yield key, WrittenOrder(number, version, clock.applied(text.replace(PLACE, _rates(vat_totals), 1)))


def _written_by_python(keys: list[int], shop: Shop) -> dict[str, WrittenOrder]:
    """The orders by the numbers that are shown."""
    return {order.number: order for order in xml.orders_of_documents(order_documents(keys, shop=shop), shop)}


def _rates(vat_totals: str) -> str:
    """From the order's own column, as it keeps them."""
    rates, _end = DECODER.raw_decode(vat_totals)
    return "".join([xml.RATE % (each["rate"], each["ex"], each["vat"], each["incl"]) for each in rates])


def _values(shop: Shop) -> dict[str, object]:
    """What the statement needs to know of the shop; labels are escaped already."""
    labels, escape = Labels(shop), Escape()
    builtin: dict[str, dict[str, str]] = {}
    for (kind, code), status in labels.builtin.items():
        builtin.setdefault(kind, {})[code] = escape(status.label)
    own = {key: xml.OWN_STATUS % (own.kind, escape(own.code), escape(own.label)) for key, own in labels.own.items()}
    return {
        "owner": (shop.base_shop or shop).pk,
        "target": shop.pk if shop.base_shop_id else None,
        "prefix": (shop.base_shop or shop).number,
        "own": json.dumps(own),
    } | {f"{kind}_labels": json.dumps(labels) for kind, labels in builtin.items()}


class WallClock:
    """Puts the times of a text, `2026-03-22 11:00:00…` in UTC between two MARKs, on the clock of `zone`.

    Where the hour begins at the same second as in UTC, nearly everywhere, minutes and seconds are copied.
    """

    def __init__(self, zone: ZoneInfo):
        self.zone = zone
        self.hour = lru_cache(maxsize=1024)(self._hour)

    def applied(self, text: str) -> str:
        pieces = text.split(MARK)
        pieces[1::2] = map(self._local, pieces[1::2])
        return "".join(pieces)

    def _local(self, moment: str) -> str:
        if not moment:
            return ""
        if hour := self.hour(moment[:13]):
            return hour + moment[14:16] + moment[17:19]
        return wall_time(datetime.fromisoformat(moment), self.zone)

    def _hour(self, utc: str) -> str:
        """The local hour that is `2026-03-22 11` in UTC; empty when it is not one whole hour on the local clock."""
        begin = datetime.fromisoformat(f"{utc}:00:00+00:00")
        try:
            local, last = begin.astimezone(self.zone), (begin + HOUR - SECOND).astimezone(self.zone)
        except OverflowError:
            return ""
        is_whole = local.utcoffset() == last.utcoffset() and local.minute == local.second == 0
        return wall_time(begin, self.zone)[:10] if is_whole else ""


# --- The statements -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Text:
    """A column with somebody's words, which have to be escaped."""

    column: str


Value = str | Text


@cache
def statement() -> str:
    """One row an order, each found by its key and in its place: OFFSET 0 keeps the planner from sorting whole texts."""
    text = f"CASE WHEN o.deleted_at IS NULL THEN {written(xml.ORDER, *_order_values())} ELSE {_quoted(LEFT)} END"
    by_time = "created_at, part.id"
    return f"""
        SELECT o.id, {SHOWN}, o.version, {text}, o.vat_totals::text
        FROM unnest(%(keys)s::bigint[]) WITH ORDINALITY AS wanted (key, place)
        CROSS JOIN LATERAL (
            SELECT * FROM {_table(Order)} WHERE id = wanted.key AND shop_id = %(owner)s OFFSET 0
        ) o
        LEFT JOIN {_table(Shop)} target ON target.id = o.target_shop_id
        CROSS JOIN (
            SELECT %(payment_labels)s::jsonb AS payment, %(fulfilment_labels)s::jsonb AS fulfilment,
                %(line_labels)s::jsonb AS line, %(own)s::jsonb AS own
        ) status
        {_part("lines", OrderLine, xml.LINE, _line_values(), "position")}
        {_part("payments", Payment, xml.TRANSACTION, _payment_values(), by_time)}
        {_part("refunds", Refund, xml.REFUND, _refund_values(), by_time)}
        {_part("shipments", Shipment, xml.SHIPMENT, _shipment_values(), "shipped_at, part.id", joined=_shipped_lines())}
        {_part("notes", OrderNote, xml.NOTE, _note_values(), by_time, condition=_for_customer())}
        WHERE %(target)s::bigint IS NULL OR o.target_shop_id = %(target)s
        ORDER BY wanted.place
    """  # noqa: S608  (names and templates of our own)


def _part(
    name: str, rows: type, template: str, values: Sequence[Value], order: str, *, joined: str = "", condition: str = ""
) -> str:
    """The XML of what hangs on an order, as `name.xml`."""
    return f"""
        CROSS JOIN LATERAL (
            SELECT string_agg(each.xml, '') AS xml FROM (
                SELECT {written(template, *values)} AS xml
                FROM {_table(rows)} part {joined} WHERE part.order_id = o.id {condition}
                ORDER BY part.{order}
            ) each
        ) {name}
    """  # noqa: S608


def _shipped_lines() -> str:
    values = ("line.position", Text("line.sku"), "shipped.quantity")
    return f"""
        CROSS JOIN LATERAL (
            SELECT string_agg(each.xml, '') AS xml FROM (
                SELECT {written(xml.SHIPPED_LINE, *values)} AS xml
                FROM {_table(ShipmentLine)} shipped JOIN {_table(OrderLine)} line ON line.id = shipped.line_id
                WHERE shipped.shipment_id = part.id
                ORDER BY line.position, shipped.id
            ) each
        ) inside
    """  # noqa: S608


def _for_customer() -> str:
    return f"AND part.audience = '{OrderNote.Audience.CUSTOMER}'"


def _order_values() -> tuple[Value, ...]:
    due = "o.total - o.paid_total"
    return (
        f"%(prefix)s || '_' || {SHOWN}",
        SHOWN,
        "o.version",
        _time("o.placed_at"),
        _time("o.changed_at"),
        *_status("payment", "o.payment_status"),
        Text("o.payment_method"),
        "o.paid_total",
        "o.refunded_total",
        # As `orders.money.still_open` says.
        f"CASE WHEN {due} < 0 THEN LEAST(0.00, {due} + o.refunded_total) ELSE {due} END",
        "payments.xml",
        *_status("fulfilment", "o.fulfilment_status"),
        "concat({})".format(
            ", ".join(
                map(_own_status, ("o.payment_own_status_id", "o.fulfilment_own_status_id", "o.internal_status_id"))
            )
        ),
        *(Text(f"o.customer_{part}") for part in ("number", "name", "company", "email", "phone", "language")),
        Text("o.vat_number"),
        *(Text(f"o.billing_{part}") for part in Address.__dataclass_fields__),
        *(Text(f"o.shipping_{part}") for part in Address.__dataclass_fields__),
        Text("o.customer_message"),
        Text("o.source_name"),
        Text("o.source_id"),
        Text("o.source"),
        Text("target.number"),
        Text("o.affiliate"),
        Text("o.shipping_method"),
        "o.weight_g",
        "o.volume_cm3",
        "lines.xml",
        Text("o.currency"),
        "o.exchange_rate",
        _yes_or_no("o.prices_include_vat"),
        written(xml.TOTALS, *_totals_values()),
        "shipments.xml",
        "refunds.xml",
        "notes.xml",
    )


def _totals_values() -> tuple[Value, ...]:
    return (
        "o.lines_total",
        "o.discount",
        "o.shipping_vat_rate",
        "o.shipping_cost",
        "o.payment_fee_vat_rate",
        "o.payment_fee",
        "o.total_ex",
        "o.total_vat",
        "o.total",
        _quoted(PLACE),
    )


def _line_values() -> tuple[Value, ...]:
    return (
        "part.position",
        *_texts("kind", "sku", "name", "options"),
        *_columns("quantity", "unit_price_ex", "unit_price_incl", "vat_rate", "discount", "discount_share"),
        *_columns("total_ex", "total_vat", "total"),
        *_texts("location"),
        *_columns("weight_g", "volume_cm3"),
        *_status("line", "part.status"),
        _own_status("part.own_status_id"),
        _yes_or_no("part.is_backordered"),
        "to_char(part.expected_on, 'YYYYMMDD')",
        *_columns("quantity_picked", "quantity_shipped", "quantity_credited", "quantity_returned"),
    )


def _payment_values() -> tuple[Value, ...]:
    words = _texts("method", "provider", "provider_reference")
    return (*_texts("state"), "part.amount", *words, _time("part.created_at"), _time("part.paid_at"))


def _refund_values() -> tuple[Value, ...]:
    times = _time("part.created_at"), _time("part.paid_out_at")
    return (*_texts("state"), "part.amount", *_texts("reason"), *times)


def _shipment_values() -> tuple[Value, ...]:
    words = _texts("carrier", "tracking_code", "tracking_url")
    return (*words, *_columns("number_of_parcels", "weight_g"), _time("part.shipped_at"), "inside.xml")


def _note_values() -> tuple[Value, ...]:
    return (_time("part.created_at"), *_texts("text"))


# --- Expressions ----------------------------------------------------------------------------------


def written(template: str, *values: Value) -> str:
    """The expression of `template` with `values` in its places; NULL is nothing.

    Hardly any words need care: those of a row are looked at once before they are escaped one by one.
    """
    plain = _joined(template, [value.column if isinstance(value, Text) else value for value in values])
    if not (words := [value.column for value in values if isinstance(value, Text)]):
        return plain
    careful = _joined(template, [_escaped(value.column) if isinstance(value, Text) else value for value in values])
    special = "".join(map(chr, REFERENCES))
    return (
        f"CASE WHEN {_concat(words)} !~ {_quoted(f'[{special}{ILLEGAL}]')} THEN {plain}"
        f" WHEN {_concat(words)} ~ '[{ILLEGAL}]' THEN {_quoted(LEFT)} ELSE {careful} END"
    )


def _joined(template: str, values: Sequence[str]) -> str:
    first, *rest = template.split("%s")
    parts = [_quoted(first)]
    for value, words in zip(values, rest, strict=True):
        parts += [value, _quoted(words)]
    return _concat(parts)


def _concat(parts: Sequence[str]) -> str:
    some = [f"concat({', '.join(parts[at : at + MOST_ARGUMENTS])})" for at in range(0, len(parts), MOST_ARGUMENTS)]
    return some[0] if len(some) == 1 else _concat(some)


def _escaped(column: str) -> str:
    """As `Escape` does; the ampersand is the first of the references."""
    for code, reference in REFERENCES.items():
        column = f"replace({column}, {_quoted(chr(code))}, {_quoted(reference)})"
    return column


def _quoted(words: str) -> str:
    return "'" + words.replace("'", "''") + "'"


def _time(column: str) -> str:
    """The connection's zone is UTC, Django sees to that."""
    return f"concat({_quoted(MARK)}, {column}, {_quoted(MARK)})"


def _status(kind: str, column: str) -> tuple[str, str]:
    """Code and label."""
    return column, f"status.{kind} ->> {column}"


def _own_status(column: str) -> str:
    return f"status.own ->> {column}::text"


def _yes_or_no(column: str) -> str:
    return f"CASE WHEN {column} THEN 'yes' ELSE 'no' END"


def _texts(*columns: str) -> tuple[Text, ...]:
    return tuple(Text(f"part.{column}") for column in columns)


def _columns(*columns: str) -> tuple[str, ...]:
    return tuple(f"part.{column}" for column in columns)


def _table(model: type) -> str:
    return model._meta.db_table
