"""Which layout a paper of a shop is printed with."""

from backoffice.models import Shop
from layouts.kinds import Kind
from layouts.models import Layout, LayoutVersion
from layouts.source import Source
from layouts.standard import standard

__all__ = ["Source", "layout_for", "source_of"]


def layout_for(shop: Shop, kind: str) -> Source:
    """The shop's own published version, else its base shop's, else the built-in one. At most two queries."""
    shops = [pk for pk in (shop.pk, shop.base_shop_id) if pk is not None]
    found = Layout.objects.filter(shop__in=shops, kind=kind, live__isnull=False).select_related("live", "shop")
    layout = min(found, key=lambda each: shops.index(each.shop_id), default=None)
    if layout is None:
        return standard(kind)
    return source_of(layout.live, label=f"{layout.shop.number} {Kind(kind).value} {layout.live.number}")


def source_of(version: LayoutVersion, *, label: str = "") -> Source:
    """A version as plain data, with the bytes of its files."""
    files = {file.name: bytes(file.content) for file in version.files.all()}
    return Source(html=version.html, css=version.css, files=files, label=label)
