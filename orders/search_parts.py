"""How PostgreSQL finds words: a shop's texts are filed by parts, each with trigrams of its own.

A part holds some thousand orders that came in one after the other. The index (`orders_search_keys`, made by a
migration) knows for each trigram of each part in which texts it stands. So a search looks into the parts one by one,
the nearest to the wanted place of the list first, and ends as soon as it has seen enough: a word that stands in every
order costs one part, and one that stands nowhere a look for its trigrams in each. One index over all would have to
read whatever has a trigram, in all shops, before it gives the first match.

The order in which orders came in need not be that in which they were placed. What was found is known to be the
nearest only as far as no part not yet read reaches; beyond that the search goes on.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from backoffice.models import Shop

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
# When a part has more matches than were asked for, nothing is known of their order: so many times more are asked for.
MORE = 5

# When an order was placed, in microseconds (a million of them read faster than moments do), and its key.
Place = tuple[int, int]

# `+ 0` keeps the planner from taking another index than that of the trigrams. The texts are compared whole, because
# three letters that follow one another need not do so with the next three; and the shop, because numbers may be equal.
FIND = """
    SELECT (extract(epoch FROM found.placed_at) * 1000000)::bigint, found.order_id,
        (extract(epoch FROM parts.nearest) * 1000000)::bigint
    FROM (
        SELECT number.part, {nearest} AS nearest
        FROM generate_series(0, (SELECT max(part) FROM orders_ordersearchtext WHERE shop_id = %(shop)s)) AS number(part)
        CROSS JOIN LATERAL (
            SELECT min(placed_at) AS oldest, max(placed_at) AS newest
            FROM orders_ordersearchtext AS each WHERE each.shop_id = %(shop)s AND each.part = number.part
        ) AS bounds
        WHERE {reaches}
        ORDER BY nearest {direction}, part OFFSET 0
    ) AS parts
    CROSS JOIN LATERAL (
        SELECT ARRAY(
            SELECT (%(shop)s::bigint << 36) + (parts.part::bigint << 20) + key
            FROM unnest((SELECT orders_search_keys(0, %(words)s))) AS key
        ) AS keys OFFSET 0
    ) AS wanted
    CROSS JOIN LATERAL (
        SELECT text.placed_at, text.order_id
        FROM orders_ordersearchtext AS text
        WHERE orders_search_keys((text.shop_id << 36) + (text.part::bigint << 20), text.text) @> wanted.keys
            AND text.shop_id + 0 = %(shop)s AND text.part + 0 = parts.part
            AND {has_words} AND {is_behind}
        OFFSET 0
    ) AS found
    ORDER BY parts.nearest {direction}, parts.part
    LIMIT %(limit)s
"""


@dataclass(frozen=True)
class Found:
    """Matches in the order of the list, the nearest first: all of them, or those known to come before all others."""

    places: list[Place]
    is_complete: bool


def find(words: list[str], shop: Shop, *, at_most: int, newest_first: bool = True, start: Place | None = None) -> Found:
    """Texts of the shop with every word, behind a place; one word at the least has three letters."""
    comparison, direction = ("<", "DESC") if newest_first else (">", "ASC")
    parameters: dict[str, Any] = {"shop": shop.pk, "words": "\n".join(words), "limit": at_most + 1}
    parameters |= {f"word{index}": word for index, word in enumerate(words)}
    reaches, is_behind = "newest IS NOT NULL", "TRUE"
    if start is not None:
        parameters |= {"moment": moment_of(start[0]), "key": start[1]}
        reaches = f"{'oldest' if newest_first else 'newest'} {comparison}= %(moment)s"
        is_behind = f"(text.placed_at, text.order_id) {comparison} (%(moment)s, %(key)s)"
    sql = FIND.format(
        nearest="newest" if newest_first else "oldest",
        reaches=reaches,
        has_words=" AND ".join(f"strpos(text.text, %(word{index})s) > 0" for index in range(len(words))),
        is_behind=is_behind,
        direction=direction,
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        rows = cursor.fetchall()
    places = sorted(((moment, key) for moment, key, _ in rows), reverse=newest_first)
    if len(rows) <= at_most:
        return Found(places, is_complete=True)
    horizon = rows[-1][2]
    return Found([place for place in places if _is_nearer(place[0], horizon, newest_first)], is_complete=False)


def all_behind(
    words: list[str], shop: Shop, known: Found, *, at_most: int, newest_first: bool, start: Place | None
) -> Iterator[list[Place]]:
    """All matches behind a place, the nearest first, as they are found; `known` are the nearest of the newest."""
    if newest_first:
        nearest = [place for place in known.places if start is None or place < start]
        if nearest:
            yield nearest
            start = nearest[-1]
        if known.is_complete:
            return
    while True:
        found = find(words, shop, at_most=at_most, newest_first=newest_first, start=start)
        if found.places:
            yield found.places
            start = found.places[-1]
        if found.is_complete:
            return
        if not found.places:
            at_most *= MORE


def _is_nearer(moment: int, horizon: int, newest_first: bool) -> bool:
    return moment > horizon if newest_first else moment < horizon


def place_of(moment: datetime, key: int) -> Place:
    return (moment - EPOCH) // MICROSECOND, key


def moment_of(microseconds: int) -> datetime:
    return EPOCH + microseconds * MICROSECOND


def places_of(rows: Iterable[tuple[datetime, int]]) -> list[Place]:
    return [place_of(moment, key) for moment, key in rows]
