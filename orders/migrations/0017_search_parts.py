"""PostgreSQL finds words by the trigrams of each part of a shop; it needs no extension any more.

By hand, because adding the field would make SQLite's table anew, without the triggers that keep its index.
"""

from django.db import migrations, models

TABLE = "orders_ordersearchtext"
ORDERS_PER_PART = 4096

# The keys of a text: for each three letters of a field that follow one another a number above `base`.
KEYS = """
    CREATE FUNCTION orders_search_keys(base bigint, text text) RETURNS bigint[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT ARRAY(
            SELECT base + (hashtext(substr(field, place, 3)) & 1048575)
            FROM unnest(string_to_array(text, chr(10))) AS field, generate_series(1, length(field) - 2) AS place
        )
    $$
"""
# Without a list of entries still to be filed: every look into a part would read all of it.
INDEX = f"""
    CREATE INDEX orders_search_keys ON {TABLE} USING gin (
        orders_search_keys((shop_id << 36) + (part::bigint << 20), text)
    ) WITH (fastupdate = off)
"""
PARTS = f"CREATE INDEX orders_search_parts ON {TABLE} (shop_id, part, placed_at)"
TRIGRAMS = f"CREATE INDEX orders_search_trigrams ON {TABLE} USING gin ({{shop}}text gin_trgm_ops)"


def add_part(apps, schema_editor):
    schema_editor.execute(f"ALTER TABLE {TABLE} ADD COLUMN part integer DEFAULT 0 NOT NULL CHECK (part >= 0)")
    if schema_editor.connection.vendor != "postgresql":
        return
    schema_editor.execute(f"ALTER TABLE {TABLE} ALTER COLUMN part DROP DEFAULT")
    schema_editor.execute("DROP INDEX IF EXISTS orders_search_trigrams")
    schema_editor.execute(f"""
        UPDATE {TABLE} SET part = counted.before / {ORDERS_PER_PART}
        FROM (
            SELECT order_id, row_number() OVER (PARTITION BY shop_id ORDER BY order_id) - 1 AS before FROM {TABLE}
        ) AS counted
        WHERE counted.order_id = {TABLE}.order_id AND counted.before >= {ORDERS_PER_PART}
    """)  # noqa: S608  (our own names)
    for statement in (KEYS, INDEX, PARTS):
        schema_editor.execute(statement)


def drop_part(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX orders_search_parts, orders_search_keys")
        schema_editor.execute("DROP FUNCTION orders_search_keys(bigint, text)")
        _make_trigrams(schema_editor)
    schema_editor.execute(f"ALTER TABLE {TABLE} DROP COLUMN part")


def _make_trigrams(schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT extname FROM pg_extension WHERE extname IN ('pg_trgm', 'btree_gin')")
        present = {name for (name,) in cursor.fetchall()}
    if "pg_trgm" in present:
        schema_editor.execute(TRIGRAMS.format(shop="shop_id, " if "btree_gin" in present else ""))


class Migration(migrations.Migration):
    dependencies = [("orders", "0016_seldom_parcels_and_refunds")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(add_part, drop_part)],
            state_operations=[
                migrations.AddField("ordersearchtext", "part", models.PositiveIntegerField(default=0)),
            ],
        ),
    ]
