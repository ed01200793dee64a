import pytest
from django.db import connection

from orders.models import Order
from orders.planner import tell_planner
from orders.tests.factories import make_order


@pytest.mark.postgres
@pytest.mark.django_db
def test_a_table_that_was_just_filled_is_not_planned_for_as_an_empty_one(shop):
    for _ in range(3):
        make_order(shop)

    tell_planner()

    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = %s::regclass", [Order._meta.db_table])
        assert cursor.fetchone() == (3.0,)
