"""The list's indexes carry what every list asks besides, so that PostgreSQL counts thousands without the orders."""

from django.db import migrations, models

# (name, fields, carried besides)
INDEXES = [
    ("order_newest", ["shop", "-placed_at", "-id"], ["deleted_at"]),
    (
        "order_by_fulfilment",
        ["shop", "fulfilment_status", "-placed_at", "-id"],
        ["fulfilment_own_status", "deleted_at"],
    ),
    ("order_by_payment", ["shop", "payment_status", "-placed_at", "-id"], ["payment_own_status", "deleted_at"]),
]


class Migration(migrations.Migration):
    dependencies = [("orders", "0017_search_parts")]
    operations = [
        operation
        for name, fields, besides in INDEXES
        for operation in (
            migrations.RemoveIndex("order", name),
            migrations.AddIndex("order", models.Index(fields=fields, include=besides, name=name)),
        )
    ]
