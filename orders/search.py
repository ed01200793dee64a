"""Finding orders by any part of a word.

Three letters and more go to the trigram index of the side table: FTS5 on SQLite, parts of a shop on PostgreSQL (see
`orders.search_parts`). One or two letters would read most of the index, so they are compared with the beginning of
order numbers only. Needles are folded in Python exactly as the stored text is.

The index is asked once for the places in the list of up to READ_AT_MOST matches. No more than that: a page is read by
the keys of its own few places. More: the matches nearest to the page are asked for. SQLite, whose index knows no
nearest, looks at the nearest orders one by one, but only at so many, because the matches may all be far away; then the
index gives all of them in order.

The number of the shop stands in the id of every order other systems know, so it is no part of the stored text: a part
of it would match them all.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import reduce
from operator import and_

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import RawSQL

from backoffice.models import Shop
from orders import search_parts
from orders.keys import among
from orders.keyset import SORTS, Cursor, behind
from orders.models import Order, OrderSearchText
from orders.search_parts import Found, Place, moment_of, place_of, places_of
from orders.services.search import folded

SHORTEST_WORD = 3
# Up to this many matches are fetched and sorted; more are counted as more.
READ_AT_MOST = 1_000
# How many orders are looked at one by one for a page of a common word.
WALKED_AT_MOST = 5_000
# How many places of the list are looked at for one page, and how much further from one look to the next: some may be
# filtered away.
WINDOW, WIDER = 150, 5
LONGEST_NEEDLE = 100
NUMBER = re.compile(r"(?:[1-9][0-9]{0,11}_)?0*([0-9]{1,15})")
LARGEST_KEY = 2**63 - 1
# Numbers have at most 18 digits.
LONGEST_NUMBER = 10**18
# The id other systems know, or its end: `12345_00012`, `345_00012`, `_12`.
EXTERNAL_ID = re.compile(r"([0-9]*)_([0-9]*)")


def order_of(needle: str, shop: Shop) -> Order | None:
    """The one order that `needle` names exactly: its number, its external id, or a text only it has as a whole."""
    orders = Order.objects.for_shop(shop)
    if (match := NUMBER.fullmatch(needle.strip())) and _names_this_shop(needle, shop):
        exact = orders.filter(number=int(match[1])).first()
        if exact is not None:
            return exact
    whole = folded(needle)
    if len(whole) < SHORTEST_WORD:
        return None
    found = _found(needle, shop)
    if found is None or len(found.places) != 1:
        return None
    order = orders.filter(pk=found.places[0][1]).select_related("search_text").first()
    return order if order and whole in order.search_text.text.split("\n") else None


def matching(needle: str, orders: QuerySet[Order], shop: Shop) -> QuerySet[Order]:
    """`orders` narrowed to those with every word of `needle` in one of their searchable fields."""
    words = _words(needle, shop)
    if not words:
        return orders
    found = _found(needle, shop)
    if found is None:
        return orders.filter(_number_starts_with(words[0])) if len(words) == 1 else orders.none()
    if found.is_complete:
        return orders.filter(pk__in=among(_keys(found.places)))
    # By a look at each order's text: seeing a join, the planner would read the texts of all shops.
    text = OrderSearchText.objects.filter(order=OuterRef("pk")).values("text")
    return orders.alias(searched=Subquery(text)).filter(_has_all(words, "searched"))


def windows(
    needle: str, shop: Shop, *, newest_first: bool, start: tuple[datetime, int] | None, is_alone: bool
) -> Iterator[list[int]] | None:
    """The keys of all matches behind a place of the list, the nearest first, in portions that are found as needed.

    None where the index is of no use, and for very many matches unless `is_alone`: other conditions could filter away
    portion after portion.
    """
    found = _found(needle, shop)
    if found is None or not (found.is_complete or is_alone):
        return None
    place = start and place_of(*start)
    if found.is_complete:
        return _portions(_behind(place, found.places, newest_first))
    words = _words(needle, shop)
    if connection.vendor == "sqlite":
        return _walked(words, shop, newest_first, place)
    nearest = search_parts.all_behind(words, shop, found, at_most=READ_AT_MOST, newest_first=newest_first, start=place)
    return (keys for places in nearest for keys in _portions(places))


def _behind(start: Place | None, places: list[Place], newest_first: bool) -> list[Place]:
    nearest_first = sorted(places, reverse=newest_first)
    if start is None:
        return nearest_first
    return [place for place in nearest_first if (place < start if newest_first else place > start)]


def _portions(places: list[Place]) -> Iterator[list[int]]:
    first, size = 0, WINDOW
    while first < len(places):
        yield _keys(places[first : first + size])
        first, size = first + size, size * WIDER


def _keys(places: Iterable[Place]) -> list[int]:
    return [key for _, key in places]


def _walked(words: list[str], shop: Shop, newest_first: bool, start: Place | None) -> Iterator[list[int]]:
    """Matches among the nearest orders, and then, as the others seem to lie far away, those by the index."""
    cursor = Cursor(moment_of(start[0]), start[1]) if start else None
    following = behind(Order.objects.for_shop(shop), SORTS["placed"], newest_first, cursor)
    furthest = following.values_list("placed_at", flat=True)[WALKED_AT_MOST : WALKED_AT_MOST + 1].first()
    has_words = Exists(OrderSearchText.objects.filter(_has_all(words), order=OuterRef("pk")))
    nearest = following if furthest is None else following.filter(_before(furthest, newest_first))
    places = places_of(nearest.filter(has_words).values_list("placed_at", "pk")[:WINDOW])
    yield _keys(places)
    if len(places) == WINDOW:
        place = places[-1]
    elif furthest is not None:
        place = place_of(furthest, LARGEST_KEY if newest_first else 0)
    else:
        return
    while places := _read_behind(place, words, shop, newest_first):
        yield from _portions(places)
        place = places[-1]


def _before(moment: datetime, newest_first: bool) -> Q:
    return Q(placed_at__gt=moment) if newest_first else Q(placed_at__lt=moment)


def _read_behind(place: Place, words: list[str], shop: Shop, newest_first: bool) -> list[Place]:
    """The nearest READ_AT_MOST matches behind a place, by SQLite's index."""
    moment, key = moment_of(place[0]), place[1]
    step, sign = ("lt", "-") if newest_first else ("gt", "")
    texts = _texts(words, shop).filter(
        Q(**{f"placed_at__{step}e": moment}), Q(**{f"placed_at__{step}": moment}) | Q(**{f"order_id__{step}": key})
    )
    rows = texts.order_by(f"{sign}placed_at", f"{sign}order_id").values_list("placed_at", "order_id")
    return places_of(rows[:READ_AT_MOST])


def number_matching(needle: str, shop: Shop) -> int | None:
    """How many orders match that are not deleted; more than READ_AT_MOST when more texts than that match.

    None where the index is of no use.
    """
    found = _found(needle, shop)
    if found is None:
        return None
    if not found.is_complete:
        return READ_AT_MOST + 1
    deleted = Order.objects.for_shop(shop).filter(deleted_at__isnull=False, pk__in=among(_keys(found.places)))
    return len(found.places) - deleted.count()


def _found(needle: str, shop: Shop) -> Found | None:
    """What the index gives for `needle`, deleted orders too, once a request; None where no word is long enough."""
    words = _words(needle, shop)
    if not any(len(word) >= SHORTEST_WORD for word in words):
        return None
    return _read_once(words, shop)


def _read_once(words: list[str], shop: Shop) -> Found:
    return shop.once(f"search {' '.join(words)}", lambda: _read_places(words, shop))


def _words(needle: str, shop: Shop) -> list[str]:
    words = folded(_without_nul(needle))[:LONGEST_NEEDLE].split(" ")
    return [bare for word in words if (bare := _without_shop(word, shop))]


def _without_shop(word: str, shop: Shop) -> str:
    """The number alone of an external id."""
    match = EXTERNAL_ID.fullmatch(word)
    return match[2] if match and shop.number.endswith(match[1]) else word


def _read_places(words: list[str], shop: Shop) -> Found:
    if connection.vendor != "sqlite":
        return search_parts.find(words, shop, at_most=READ_AT_MOST)
    places = places_of(_texts(words, shop).values_list("placed_at", "order_id")[: READ_AT_MOST + 1])
    return Found(places[:READ_AT_MOST], is_complete=len(places) <= READ_AT_MOST)


def _texts(words: list[str], shop: Shop) -> QuerySet[OrderSearchText]:
    """The search texts with every word, found by SQLite's trigram index."""
    long_words = [word for word in words if len(word) >= SHORTEST_WORD]
    # A join and not IN (…): so that a limit stops the search in the index too.
    short_words = _has_all([word for word in words if len(word) < SHORTEST_WORD])
    return OrderSearchText.objects.filter(short_words, shop=shop).extra(
        tables=["orders_search_trigrams"],
        where=["orders_search_trigrams.rowid = orders_ordersearchtext.order_id", "orders_search_trigrams MATCH %s"],
        params=[_phrases(" AND ", long_words)],
    )


def _has_all(words: list[str], field: str = "text") -> Q:
    # `contains` escapes % and _ and, on SQLite, would ignore case for ASCII; the texts are lower case already.
    return reduce(and_, (Q(**{f"{field}__contains": word}) for word in words), Q())


def with_any_text(needles: list[str], shop: Shop) -> Q:
    """Orders that have one of the needles somewhere in their search text, or all when a needle is too short for that.

    It only narrows: what is found this way may have the needle in another field.
    """
    texts = [folded(_without_nul(needle)) for needle in needles]
    if any(len(text) < SHORTEST_WORD for text in texts):
        return Q()
    if connection.vendor == "sqlite":
        found = OrderSearchText.objects.filter(shop=shop, order_id__in=_trigram_rows(" OR ", texts))
        return Q(pk__in=found.values("order_id"))
    keys: set[int] = set()
    for text in texts:
        found = _read_once([text], shop)
        if not found.is_complete:
            return Q()
        keys.update(_keys(found.places))
    return Q(pk__in=among(sorted(keys)))


def _trigram_rows(joined_by: str, texts: list[str]) -> RawSQL:
    """Keys of the texts that FTS5 finds."""
    return RawSQL(
        "SELECT rowid FROM orders_search_trigrams WHERE orders_search_trigrams MATCH %s", [_phrases(joined_by, texts)]
    )


def _phrases(joined_by: str, texts: list[str]) -> str:
    """An FTS5 query; a quoted phrase is any sequence of letters, spaces too."""
    return joined_by.join(f'"{text.replace(chr(34), chr(34) * 2)}"' for text in texts)


def is_too_short(needle: str) -> bool:
    """Whether `needle` has no word long enough for the index and is no number."""
    words = folded(needle).split(" ")
    return bool(words[0]) and all(len(word) < SHORTEST_WORD for word in words) and not words[0].isdecimal()


def _number_starts_with(digits: str) -> Q:
    """Ranges of the number index that begin with `digits`: 49, 490-499, 4900-4999, …"""
    if not re.fullmatch("[0-9]{1,15}", digits) or int(digits) == 0:
        return Q(pk__in=[])
    ranges, low, high = Q(), int(digits), int(digits)
    while high < LONGEST_NUMBER:
        ranges |= Q(number__range=(low, high))
        low, high = low * 10, high * 10 + 9
    return ranges


def _names_this_shop(needle: str, shop: Shop) -> bool:
    prefix, separator, _ = needle.strip().partition("_")
    return not separator or prefix == shop.number


def _without_nul(needle: str) -> str:
    # PostgreSQL refuses NUL in text.
    return needle.replace("\x00", " ")
