"""Very many keys: out of a query, into one."""

import json
import sys
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

T = TypeVar("T")


def keys_of(rows: QuerySet) -> "array[int]":
    """The keys of `rows` in their order, eight bytes each: what is exported is fixed before the first order is read."""
    found = rows.values_list("pk", flat=True)
    if connection.vendor == "postgresql":
        return _sent_by_postgresql(found)
    return array("q", found.iterator(chunk_size=10_000))


def _sent_by_postgresql(found: QuerySet) -> "array[int]":
    """All keys as one value, most significant byte first: an answer begins when it has them, and rows take longer."""
    keys = array("q")
    try:
        query, values = found.query.sql_with_params()
    except EmptyResultSet:
        return keys
    with connection.cursor() as cursor:
        whole = f"SELECT string_agg(int8send(key), ''::bytea) FROM ({query}) AS found (key)"  # noqa: S608  (Django's own)
        cursor.execute(whole, values)
        (sent,) = cursor.fetchone()
    keys.frombytes(sent or b"")
    if sys.byteorder == "little":
        keys.byteswap()
    return keys


def among(keys: Sequence[int]) -> RawSQL:
    """The keys as one parameter, for `…__in`: preparing five hundred placeholders costs more than reading the rows."""
    if connection.vendor == "postgresql":
        return RawSQL("SELECT unnest(%s::bigint[])", [as_array(keys)])
    return RawSQL("SELECT value FROM json_each(%s)", [json.dumps(list(keys))])


def as_array(keys: Iterable[int]) -> str:
    """For `%s::bigint[]`: psycopg, which can write a list of numbers, takes ten times as long."""
    return f"{{{','.join(map(str, keys))}}}"


def in_chunks(things: Iterable[T], *, first: int, size: int) -> Iterator[list[T]]:
    """`first` of the things, then `size` at a time."""
    rest, number = iter(things), first
    while chunk := list(islice(rest, number)):
        yield chunk
        number = size
