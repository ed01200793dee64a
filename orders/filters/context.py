"""What filters need to know of the shop besides the values they are given."""

from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cached_property

from django.db.models import Q
from django.utils import timezone

from backoffice.models import Shop
from orders.columns.gather import Filing, folders_of, tags_of
from statuses.catalogue import Catalogue


@dataclass
class FilterContext:
    """The shop whose orders are narrowed; its lists are read when the first filter asks for them."""

    shop: Shop
    catalogue: Catalogue

    @cached_property
    def today(self) -> date:
        return timezone.localdate(timezone=self.shop.zone)

    @cached_property
    def folders(self) -> tuple[Filing, ...]:
        return folders_of(self.shop)

    @cached_property
    def tags(self) -> tuple[Filing, ...]:
        return tags_of(self.shop)

    def midnight(self, day: date) -> datetime:
        """When `day` begins where the shop is."""
        return datetime.combine(day, time.min, tzinfo=self.shop.zone)

    def any_status(self, kind: str, codes: list[str], *, builtin: str, own: str) -> Q:
        """Rows with one of the codes; a built-in word means rows that show it, not the own ones behind it.

        `builtin` and `own` name the two fields.
        """
        own_ids = {row.code: row.pk for row in self.catalogue.own(kind)}
        condition = Q()
        if words := [code for code in codes if code not in own_ids]:
            condition |= Q(**{f"{builtin}__in": words, own: None})
        if ids := [own_ids[code] for code in codes if code in own_ids]:
            condition |= Q(**{f"{own}__in": ids})
        return condition
