"""Lines and log entries lose their index on the order alone: another of theirs begins with the order, and so serves
whoever looks for it. What is not there need not be written with every line and every entry.

By hand, because altering the fields would make SQLite's tables anew.
"""

import django.db.models.deletion
from django.db import migrations, models

TABLES = ("orders_orderline", "orders_orderlogentry")


def drop_order_indexes(apps, schema_editor):
    connection = schema_editor.connection
    for table in TABLES:
        with connection.cursor() as cursor:
            found = connection.introspection.get_constraints(cursor, table)
        for name, about in found.items():
            if about["index"] and not about["unique"] and about["columns"] == ["order_id"]:
                schema_editor.execute(f"DROP INDEX {schema_editor.quote_name(name)}")


def make_order_indexes(apps, schema_editor):
    for table in TABLES:
        schema_editor.execute(f"CREATE INDEX {table}_order_id ON {table} (order_id)")


class Migration(migrations.Migration):
    dependencies = [("orders", "0019_seldom_texts")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(drop_order_indexes, make_order_indexes)],
            state_operations=[
                migrations.AlterField(
                    model_name=name,
                    name="order",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name=related_name,
                        to="orders.order",
                    ),
                )
                for name, related_name in (("orderline", "lines"), ("orderlogentry", "log"))
            ],
        ),
    ]
