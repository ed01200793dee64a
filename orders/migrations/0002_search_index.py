"""The trigram index of the search text, as each database can make it.

PostgreSQL: a GIN index with pg_trgm, the shop inside it where btree_gin is there too. SQLite: an FTS5 table with
the trigram tokenizer that reads its content from the side table, kept by triggers. A PostgreSQL without the
extensions keeps working by LIKE over the shop's rows; no extension is demanded.
"""

from django.db import migrations

SQLITE = [
    """
    CREATE VIRTUAL TABLE orders_search_trigrams USING fts5(
        text, content='orders_ordersearchtext', content_rowid='order_id', tokenize='trigram'
    )
    """,
    """
    CREATE TRIGGER orders_search_added AFTER INSERT ON orders_ordersearchtext BEGIN
        INSERT INTO orders_search_trigrams(rowid, text) VALUES (new.order_id, new.text);
    END
    """,
    """
    CREATE TRIGGER orders_search_removed AFTER DELETE ON orders_ordersearchtext BEGIN
        INSERT INTO orders_search_trigrams(orders_search_trigrams, rowid, text)
        VALUES ('delete', old.order_id, old.text);
    END
    """,
    """
    CREATE TRIGGER orders_search_changed AFTER UPDATE OF text ON orders_ordersearchtext BEGIN
        INSERT INTO orders_search_trigrams(orders_search_trigrams, rowid, text)
        VALUES ('delete', old.order_id, old.text);
        INSERT INTO orders_search_trigrams(rowid, text) VALUES (new.order_id, new.text);
    END
    """,
]
SQLITE_BACK = [
    "DROP TRIGGER orders_search_added",
    "DROP TRIGGER orders_search_removed",
    "DROP TRIGGER orders_search_changed",
    "DROP TABLE orders_search_trigrams",
]


def make_index(apps, schema_editor):
    connection = schema_editor.connection
    if connection.vendor == "sqlite":
        for statement in SQLITE:
            schema_editor.execute(statement)
    elif connection.vendor == "postgresql":
        _make_gin(schema_editor)


def _make_gin(schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_available_extensions WHERE name IN ('pg_trgm', 'btree_gin')")
        available = {name for (name,) in cursor.fetchall()}
    if "pg_trgm" not in available:
        return
    for extension in sorted(available):
        schema_editor.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
    shop = "shop_id, " if "btree_gin" in available else ""
    schema_editor.execute(
        f"CREATE INDEX orders_search_trigrams ON orders_ordersearchtext USING gin ({shop}text gin_trgm_ops)"
    )


def drop_index(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for statement in SQLITE_BACK:
            schema_editor.execute(statement)
    elif schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX IF EXISTS orders_search_trigrams")


class Migration(migrations.Migration):
    dependencies = [("orders", "0001_initial")]
    operations = [migrations.RunPython(make_index, drop_index)]
