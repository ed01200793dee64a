"""What the database's planner knows of the tables."""

from django.db import connection


def tell_planner() -> None:
    """Let it count the rows that are there now.

    By itself PostgreSQL does so a minute later: until then it may take a table that was just filled for an empty one
    and walk the whole of it, once for each row of another.
    """
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
