"""Finding orders by any part of a word.

Three letters and more go to the trigram index of the side table (FTS5 on SQLite, pg_trgm on PostgreSQL; without
either PostgreSQL scans the shop's texts). One or two letters would read most of the index, so they are compared
with the beginning of order numbers only. Needles are folded in Python exactly as the stored text is.

Few matches are fetched and sorted; many are found by walking the newest orders and looking at each one's text. No
planner can tell the two cases apart by its statistics (a rare word that it believes common costs a walk through the
whole shop), so a count that stops at three thousand decides.
"""

import re
from functools import reduce
from operator import and_, or_

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL

from backoffice.models import Shop
from orders.keys import among
from orders.models import Order, OrderSearchText
from orders.services.search import folded

SHORTEST_WORD = 3
# Up to this many matches are fetched and sorted; more are walked to from the newest order.
FETCHED_AT_MOST = 3000
LONGEST_NEEDLE = 100
NUMBER = re.compile(r"(?:[1-9][0-9]{0,11}_)?0*([0-9]{1,15})")
# Numbers have at most 18 digits.
LONGEST_NUMBER = 10**18


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
    hits = list(matching(needle, orders, shop).select_related("search_text")[:2])
    if len(hits) == 1 and whole in hits[0].search_text.text.split("\n"):
        return hits[0]
    return None


def matching(needle: str, orders: QuerySet[Order], shop: Shop) -> QuerySet[Order]:
    """`orders` narrowed to those with every word of `needle` in one of their searchable fields."""
    words = _words(needle)
    if not words:
        return orders
    if not _has_long_word(words):
        return orders.filter(_number_starts_with(words[0])) if len(words) == 1 else orders.none()
    keys = shop.once(f"search {needle}", lambda: _keys(words, shop, at_most=FETCHED_AT_MOST + 1))
    if len(keys) <= FETCHED_AT_MOST:
        return orders.filter(pk__in=among(keys))
    return orders.filter(Exists(OrderSearchText.objects.filter(_has_all(words), order=OuterRef("pk"))))


def number_matching(needle: str, shop: Shop, *, at_most: int) -> int | None:
    """How many orders of the shop match, deleted ones too, counted up to a cap; None where that is no matter of the
    index: few matches are counted among the orders themselves."""
    words = _words(needle)
    if not _has_long_word(words):
        return None
    found = shop.once(f"search {needle}", lambda: _keys(words, shop, at_most=FETCHED_AT_MOST + 1))
    return len(_keys(words, shop, at_most=at_most)) if len(found) > FETCHED_AT_MOST else None


def _words(needle: str) -> list[str]:
    return [word for word in folded(_without_nul(needle))[:LONGEST_NEEDLE].split(" ") if word]


def _has_long_word(words: list[str]) -> bool:
    return any(len(word) >= SHORTEST_WORD for word in words)


def _keys(words: list[str], shop: Shop, *, at_most: int) -> list[int]:
    """Keys of orders whose text has every word, as the index gives them, read no further than asked."""
    texts = _texts(words, shop).values_list("order_id", flat=True)
    if connection.vendor != "postgresql":
        return list(texts[:at_most])
    # Seeing a limit, PostgreSQL hopes to be through soon and reads the whole table instead of the index.
    sql, parameters = texts.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH found (key) AS MATERIALIZED ({sql}) SELECT key FROM found LIMIT %s",  # noqa: S608  (Django's own)
            [*parameters, at_most],
        )
        return [key for (key,) in cursor]


def _texts(words: list[str], shop: Shop) -> QuerySet[OrderSearchText]:
    """The search texts with every word, found by the database's trigram index."""
    texts = OrderSearchText.objects.filter(shop=shop)
    if connection.vendor != "sqlite":
        return texts.filter(_has_all(words))
    long_words = [word for word in words if len(word) >= SHORTEST_WORD]
    # A join and not IN (…): so that a limit stops the search in the index too.
    return texts.filter(_has_all([word for word in words if len(word) < SHORTEST_WORD])).extra(
        tables=["orders_search_trigrams"],
        where=["orders_search_trigrams.rowid = orders_ordersearchtext.order_id", "orders_search_trigrams MATCH %s"],
        params=[_phrases(" AND ", long_words)],
    )


def _has_all(words: list[str]) -> Q:
    # `contains` escapes % and _ and, on SQLite, would ignore case for ASCII; the texts are lower case already.
    return reduce(and_, (Q(text__contains=word) for word in words), Q())


def with_any_text(needles: list[str], shop: Shop) -> Q:
    """Orders that have one of the needles somewhere in their search text, or all when a needle is too short for that.

    It only narrows: what is found this way may have the needle in another field.
    """
    texts = [folded(_without_nul(needle)) for needle in needles]
    if any(len(text) < SHORTEST_WORD for text in texts):
        return Q()
    found = OrderSearchText.objects.filter(shop=shop)
    if connection.vendor == "sqlite":
        found = found.filter(order_id__in=_trigram_rows(" OR ", texts))
    else:
        found = found.filter(reduce(or_, (Q(text__contains=text) for text in texts)))
    return Q(pk__in=found.values("order_id"))


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
