"""What a shop has sold before, to sell again: found by product number, scan or name among the lines of its orders."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q

from backoffice.models import Shop
from orders.models import Order, OrderLine
from orders.services.editing import scaled
from orders.services.new_order import NewLine

# A name is looked for among the newest orders only: what was not sold for so long is found by its whole number.
ORDERS_SEARCHED = 1000
LINES_READ = 400
MOST_PRODUCTS = 20
SHORTEST = 2
LONGEST = 100


@dataclass(frozen=True)
class Product:
    """A product as it was sold last; `key` is that order line's. Prices and sizes are of one piece."""

    key: int
    sku: str
    name: str
    options: str
    kind: str
    unit_price_ex: Decimal
    unit_price_incl: Decimal
    vat_rate: Decimal
    currency: str
    location: str
    weight_g: int
    volume_cm3: int

    def unit_price(self, currency: str, *, includes_vat: bool) -> Decimal | None:
        """In the sense of an order; None where it was only sold in another currency."""
        if currency != self.currency:
            return None
        return self.unit_price_incl if includes_vat else self.unit_price_ex

    def as_line(self, quantity: Decimal, *, unit_price: Decimal, vat_rate: Decimal) -> NewLine:
        """`quantity` of it, for an order."""
        return NewLine(
            sku=self.sku,
            name=self.name,
            options=self.options,
            kind=self.kind,
            quantity=quantity,
            unit_price=unit_price,
            vat_rate=vat_rate,
            location=self.location,
            weight_g=scaled(self.weight_g, quantity),
            volume_cm3=scaled(self.volume_cm3, quantity),
        )


def find_products(shop: Shop, words: str) -> list[Product]:
    """At most MOST_PRODUCTS products whose number or name has all of `words` in it, newest sale first.

    Two queries: the line with exactly that number, however long ago, and the lines of the newest orders.
    """
    words = words.strip()[:LONGEST].replace("\0", "")
    if len(words) < SHORTEST:
        return []
    exact = list(_sold(shop).filter(sku=words).order_by("-id")[:1])
    return _different([*exact, *_sold_lately(shop, words)])


def product_with_number(shop: Shop, sku: str) -> Product | None:
    """The product with exactly that number, as a scanner reads it."""
    line = _sold(shop).filter(sku=sku).order_by("-id").first() if sku.strip() else None
    return _product(line) if line else None


def product_of(shop: Shop, key: int) -> Product | None:
    """The product that `Product.key` names, in this shop."""
    return products_of(shop, [key]).get(key)


def products_of(shop: Shop, keys: Collection[int]) -> dict[int, Product]:
    """{key: product} of those keys that are known in this shop; one query."""
    return {line.pk: _product(line) for line in _sold(shop).filter(pk__in=keys)} if keys else {}


def _sold(shop: Shop):
    return OrderLine.objects.filter(order__shop=shop).exclude(kind=OrderLine.Kind.FEE).select_related("order")


def _sold_lately(shop: Shop, words: str) -> Iterable[OrderLine]:
    newest = Order.objects.for_shop(shop).newest_first().values_list("pk", flat=True)[:ORDERS_SEARCHED]
    lines = OrderLine.objects.filter(order__in=list(newest)).exclude(kind=OrderLine.Kind.FEE)
    for word in words.split():
        lines = lines.filter(Q(sku__icontains=word) | Q(name__icontains=word) | Q(options__icontains=word))
    return lines.select_related("order").order_by("-id")[:LINES_READ]


def _different(lines: Iterable[OrderLine]) -> list[Product]:
    """One product for each number, name and options."""
    found: dict[tuple[str, str, str], Product] = {}
    for line in lines:
        found.setdefault((line.sku, line.name, line.options), _product(line))
        if len(found) == MOST_PRODUCTS:
            break
    return list(found.values())


def _product(line: OrderLine) -> Product:
    pieces = abs(line.quantity) or Decimal(1)
    return Product(
        key=line.pk,
        sku=line.sku,
        name=line.name,
        options=line.options,
        kind=line.kind,
        unit_price_ex=abs(line.unit_price_ex),
        unit_price_incl=abs(line.unit_price_incl),
        vat_rate=line.vat_rate,
        currency=line.order.currency,
        location=line.location,
        weight_g=scaled(line.weight_g / pieces, Decimal(1)),
        volume_cm3=scaled(line.volume_cm3 / pieces, Decimal(1)),
    )
