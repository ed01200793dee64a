"""Where a page is: a kind of paper of a base shop or one of its target shops."""

from dataclasses import dataclass

from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.functional import cached_property

from backoffice.models import Shop
from layouts.kinds import Kind
from layouts.models import Layout, LayoutVersion
from layouts.published import layout_for
from layouts.source import Source
from layouts.standard import standard


@dataclass
class Place:
    """`base` is the shop of the address, `shop` the one whose layout it is: itself or a target shop."""

    base: Shop
    shop: Shop
    kind: Kind

    @cached_property
    def layout(self) -> Layout | None:
        found = Layout.objects.for_shop(self.shop).filter(kind=self.kind).select_related("live").first()
        if found is not None:
            found.shop = self.shop
        return found

    @property
    def live(self) -> LayoutVersion | None:
        """The shop's own version that is printed with."""
        return self.layout.live if self.layout else None

    @cached_property
    def draft(self) -> LayoutVersion | None:
        if self.layout is None:
            return None
        draft = self.layout.versions.filter(state=LayoutVersion.State.DRAFT).first()
        if draft is not None:
            draft.layout = self.layout
        return draft

    @cached_property
    def inherited(self) -> Source:
        """What is printed with where the shop has nothing of its own: the base shop's or the built-in layout."""
        return layout_for(self.shop.base_shop, self.kind) if self.shop.base_shop else standard(self.kind)

    @cached_property
    def is_base_own(self) -> bool:
        """Whether the base shop of this target shop has a layout of its own."""
        return self.shop.base_shop is not None and self.inherited is not standard(self.kind)

    def version_or_404(self, number: int) -> LayoutVersion:
        versions = self.layout.versions if self.layout else LayoutVersion.objects.none()
        version = versions.filter(number=number).first()
        if version is None:
            raise Http404("No such version.")
        version.layout = self.layout
        return version

    def url(self, name: str, *args: object) -> str:
        return reverse(f"layouts:{name}", args=[self.base.number, self.kind.value, self.shop.number, *args])


def place_or_404(request: HttpRequest, kind: str, number: str) -> Place:
    """The place of an address: a shop of others or an unknown kind does not exist."""
    if kind not in Kind.values:
        raise Http404("No such kind of paper.")
    for shop in [request.shop, *request.shop.targets()]:
        if shop.number == number:
            if shop is not request.shop:
                shop.base_shop = request.shop
            return Place(request.shop, shop, Kind(kind))
    raise Http404("No such shop.")


def shops_of(base: Shop) -> list[Shop]:
    """The base shop and its target shops."""
    return [base, *base.targets()]
