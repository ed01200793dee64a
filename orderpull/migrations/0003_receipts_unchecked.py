import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("backoffice", "0004_company_details"),
        ("orderpull", "0002_settings_and_receipts"),
    ]

    operations = [
        migrations.AlterField(
            model_name="pullreceipt",
            name="shop",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="backoffice.shop",
            ),
        ),
    ]
