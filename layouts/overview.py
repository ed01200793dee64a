"""Which layout every kind of paper is printed with, in the base shop and its target shops."""

from dataclasses import dataclass

from backoffice.models import Shop
from layouts.kinds import Kind
from layouts.models import Layout, LayoutVersion


@dataclass(frozen=True)
class Row:
    """A kind of paper in a shop; `live` is the shop's own version, `is_base_own` what it falls back on."""

    kind: Kind
    live: LayoutVersion | None
    draft: LayoutVersion | None
    is_base_own: bool


@dataclass(frozen=True)
class ShopTable:
    shop: Shop
    rows: list[Row]


def overview(base: Shop, shops: list[Shop]) -> list[ShopTable]:
    """A table for each of `shops`, which are the base shop and target shops of it. Two queries."""
    without_texts = ["live__html", "live__css"]
    layouts = Layout.objects.filter(shop__in=shops).select_related("live").defer(*without_texts)
    by_place = {(layout.shop_id, layout.kind): layout for layout in layouts}
    drafts = LayoutVersion.objects.filter(layout__shop__in=shops, state=LayoutVersion.State.DRAFT)
    by_layout = {draft.layout_id: draft for draft in drafts.defer("html", "css")}

    def row(shop: Shop, kind: Kind) -> Row:
        layout = by_place.get((shop.pk, kind))
        above = by_place.get((base.pk, kind)) if shop != base else None
        return Row(
            kind,
            layout.live if layout else None,
            by_layout.get(layout.pk) if layout else None,
            above is not None and above.live_id is not None,
        )

    return [ShopTable(shop, [row(shop, kind) for kind in Kind]) for shop in shops]
