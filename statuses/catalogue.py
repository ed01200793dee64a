"""All statuses of a shop as they show, read with one query."""

from dataclasses import dataclass
from functools import cached_property

from django.utils.translation import get_language

from backoffice.models import Shop
from statuses.kinds import BUILTIN, Kind, Look
from statuses.models import ShopStatus


@dataclass
class Catalogue:
    """A shop's statuses: `look(kind, code, own_id)` is what a pill needs."""

    rows: list[ShopStatus]

    @cached_property
    def _by_id(self) -> dict[int, Look]:
        return {row.pk: _look_of(row) for row in self.rows if not row.is_builtin}

    @cached_property
    def _builtin(self) -> dict[tuple[str, str], Look]:
        looks = {(kind, code): look for kind, table in BUILTIN.items() for code, look in table.items()}
        return looks | {(row.kind, row.code): _look_of(row) for row in self.rows if row.is_builtin}

    def look(self, kind: str, code: str, own_id: int | None = None) -> Look:
        """The look of an own status, else of the built-in word `code`."""
        if own_id is not None and own_id in self._by_id:
            return self._by_id[own_id]
        return self._builtin[kind, code]

    def own(self, kind: str) -> list[ShopStatus]:
        return [row for row in self.rows if row.kind == kind and not row.is_builtin]

    def find(self, kind: str, code: str) -> ShopStatus | None:
        """The shop's own status with that code."""
        return next((row for row in self.own(kind) if row.code == code), None)

    def choices(self, kind: str) -> list[tuple[str, str]]:
        """(code, label) for a menu: each built-in word followed by the own ones that stand for it."""
        listed = []
        for code in BUILTIN[kind]:
            listed.append((code, str(self.look(kind, code).label)))
            listed += [(row.code, row.label) for row in self.own(kind) if row.stands_for == code]
        if kind == Kind.INTERNAL:
            listed = [(row.code, row.label) for row in self.own(kind)]
        return listed

    def todo_codes(self) -> list[str]:
        """Built-in fulfilment words that count as work to do."""
        return [code for code in BUILTIN[Kind.FULFILMENT] if self._builtin[Kind.FULFILMENT, code].is_todo]


def catalogue_of(shop: Shop) -> Catalogue:
    return shop.once("catalogue", lambda: Catalogue(list(ShopStatus.objects.for_shop(shop))))


def _look_of(row: ShopStatus) -> Look:
    return Look(row.code, row.name_in(get_language() or "en"), row.colour, row.shape, row.row_look, row.is_todo)
