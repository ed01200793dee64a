"""The search text loses its index on the shop alone: it tempted PostgreSQL's planner away from the trigrams.

By hand, because altering the field would make SQLite's table anew, without the triggers that keep its index.
"""

import django.db.models.deletion
from django.db import migrations, models

TABLE = "orders_ordersearchtext"


def drop_shop_index(apps, schema_editor):
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, TABLE)
    for name, about in found.items():
        if about["index"] and not about["unique"] and about["columns"] == ["shop_id"]:
            schema_editor.execute(f"DROP INDEX {schema_editor.quote_name(name)}")


def make_shop_index(apps, schema_editor):
    schema_editor.execute(f"CREATE INDEX {TABLE}_shop_id ON {TABLE} (shop_id)")


class Migration(migrations.Migration):
    dependencies = [("orders", "0008_shipments"), ("orders", "0008_log_chain")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(drop_shop_index, make_shop_index)],
            state_operations=[
                migrations.AlterField(
                    model_name="ordersearchtext",
                    name="shop",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="backoffice.shop",
                    ),
                ),
            ],
        ),
    ]
