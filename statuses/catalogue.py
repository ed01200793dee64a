"""All statuses of a shop as they show, read with one query."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from django.utils.translation import get_language

from backoffice.models import Shop
from statuses.kinds import BUILTIN, Kind, Look
from statuses.models import ShopStatus

LAST = 10**6


@dataclass
class Catalogue:
    """A shop's statuses: `look(kind, code, own_id)` is what a pill needs.

    Removed ones are in `rows` too, so that orders of the past keep their look; nothing offers them any more.
    """

    rows: list[ShopStatus]

    @cached_property
    def _by_id(self) -> dict[int, Look]:
        return {row.pk: _look_of(row) for row in self.rows if not row.is_builtin}

    @cached_property
    def _changed(self) -> dict[tuple[str, str], ShopStatus]:
        """The built-in ones this shop has words, colours or a place for."""
        return {(row.kind, row.code): row for row in self.rows if row.is_builtin}

    @cached_property
    def _builtin(self) -> dict[tuple[str, str], Look]:
        looks = {(kind, code): look for kind, table in BUILTIN.items() for code, look in table.items()}
        return looks | {key: _look_of(row) for key, row in self._changed.items()}

    def look(self, kind: str, code: str, own_id: int | None = None) -> Look:
        """The look of an own status, else of the built-in word `code`."""
        if own_id is not None and own_id in self._by_id:
            return self._by_id[own_id]
        return self._builtin[kind, code]

    def name_for_customer(self, kind: str, code: str, own_id: int | None, language: str) -> str:
        """What a customer reads: the own status, or the word it stands for when that is hidden; else empty."""
        own = next((row for row in self.rows if row.pk == own_id), None) if own_id is not None else None
        builtin = self._changed.get((kind, code)) or standard(kind, code)
        return (own.name_for_customer(language) if own else "") or builtin.name_for_customer(language)

    def own(self, kind: str) -> list[ShopStatus]:
        return [row for row in self.rows if row.kind == kind and not row.is_builtin and row.retired_at is None]

    def removed(self, kind: str) -> list[ShopStatus]:
        return [row for row in self.rows if row.kind == kind and row.retired_at is not None]

    def find(self, kind: str, code: str) -> ShopStatus | None:
        """The shop's own status with that code."""
        return next((row for row in self.own(kind) if row.code == code), None)

    def listed(self, kind: str) -> list[ShopStatus]:
        """Every status of a kind in the shop's order; built-in ones it never touched as unsaved rows."""
        return [row or standard(kind, code) for code, row in self._ordered(kind)]

    def choices(self, kind: str) -> list[tuple[str, str]]:
        """(code, label) for a menu, in the shop's order: by itself, own ones follow the word they stand for."""
        own = {row.code: row.label for row in self.own(kind)}
        return [(code, own.get(code) or str(self.look(kind, code).label)) for code, _row in self._ordered(kind)]

    def todo_codes(self) -> list[str]:
        """Codes of the order statuses that count as work to do, own ones too."""
        return list(self._todo_codes)

    @cached_property
    def _todo_codes(self) -> list[str]:
        return [row.code for row in self.listed(Kind.FULFILMENT) if row.is_todo]

    def _ordered(self, kind: str) -> list[tuple[str, ShopStatus | None]]:
        """(code, row) in the shop's order; no row for a built-in word it never touched."""
        return [(code, row) for _place, code, row in sorted(self._placed(kind), key=lambda placed: placed[0])]

    def _placed(self, kind: str) -> Iterator[tuple[tuple[int, int], str, ShopStatus | None]]:
        places = {}
        for number, code in enumerate(BUILTIN[kind], start=1):
            row = self._changed.get((kind, code))
            places[code] = (row.position if row else 0) or number * 10
            yield (places[code], 0), code, row
        for row in self.own(kind):
            yield (row.position or places.get(row.stands_for, LAST), row.pk), row.code, row


def catalogue_of(shop: Shop) -> Catalogue:
    return shop.once("catalogue", lambda: Catalogue(list(ShopStatus.objects.for_shop(shop))))


def standard(kind: str, code: str) -> ShopStatus:
    """A built-in status as it comes, as a row that is not saved. Raises KeyError when there is no such word."""
    look = BUILTIN[kind][code]
    return ShopStatus(
        kind=kind,
        code=code,
        is_builtin=True,
        colour=look.colour,
        shape=look.shape,
        row_look=look.row_look,
        is_todo=look.is_todo,
        is_shown_to_customer=look.is_shown_to_customer,
        version=0,
    )


def _look_of(row: ShopStatus) -> Look:
    return Look(
        row.code,
        row.name_in(get_language() or "en"),
        row.colour,
        row.shape,
        row.row_look,
        row.is_todo,
        row.is_shown_to_customer,
    )
