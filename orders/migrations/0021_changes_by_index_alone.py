"""What changed is found from an index alone: one that knows the two things by which pulls leave orders out."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0020_one_index_of_an_orders_parts")]
    operations = [
        migrations.RemoveIndex("order", "order_by_change"),
        migrations.AddIndex(
            "order",
            models.Index(
                fields=["shop", "changed_at", "id"],
                include=["fulfilment_status", "target_shop"],
                name="order_by_change",
            ),
        ),
    ]
