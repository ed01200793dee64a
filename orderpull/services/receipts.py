"""Which version of which order a caller has: written behind each answer, read for the order page."""

import json
from array import array

from django.db import connection

from orderpull.models import PullCall, PullReceipt
from orders.keys import as_array

# One statement for so many orders: large enough to cost little, small enough to hold no lock for long.
CHUNK = 10_000
# In one order, so that two answers with the same orders in different ones do not wait for each other.
INSERT = """
    INSERT INTO {table} (shop_id, order_number, caller, version, at, call_id)
    SELECT %s, {number}, %s, {version}, %s, %s FROM {rows} WHERE true
    ORDER BY {number}, {version}
    ON CONFLICT (shop_id, order_number, caller, version) DO NOTHING
"""
POSTGRESQL = {
    "number": "given.number",
    "version": "given.version",
    "rows": "unnest(%s::bigint[], %s::bigint[]) AS given (number, version)",
}
SQLITE = {
    "number": "given.value ->> 0",
    "version": "given.value ->> 1",
    "rows": "json_each(%s) AS given",
}


def write_receipts(record: PullCall, numbers: "array[int]", versions: "array[int]") -> None:
    """Note that the caller of `record` has these versions of these orders; versions it had already stay as they are."""
    for start in range(0, len(numbers), CHUNK):
        _insert(record, numbers[start : start + CHUNK], versions[start : start + CHUNK])


def _insert(record: PullCall, numbers: "array[int]", versions: "array[int]") -> None:
    table = connection.ops.quote_name(PullReceipt._meta.db_table)
    if connection.vendor == "postgresql":
        statement, rows = INSERT.format(table=table, **POSTGRESQL), [as_array(numbers), as_array(versions)]
    else:
        pairs = json.dumps(list(zip(numbers, versions, strict=True)))
        statement, rows = INSERT.format(table=table, **SQLITE), [pairs]
    at = PullReceipt._meta.get_field("at").get_db_prep_value(record.at, connection)
    with connection.cursor() as cursor:
        cursor.execute(statement, [record.shop_id, record.partner, at, record.pk, *rows])
