"""Indexes cost with every row that is written: no table keeps two of which one would do."""

import pytest
from django.db import connection

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("table", "columns"),
    [("orders_orderline", ["order_id", "position"]), ("orders_orderlogentry", ["order_id", "id"])],
)
def test_one_index_begins_with_the_order(table, columns):
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, table).values()

    assert [each["columns"] for each in found if each["columns"][:1] == ["order_id"] and not each["foreign_key"]] == [
        columns
    ]
