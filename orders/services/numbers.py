"""Numbers without holes: taken under lock in the transaction that uses them."""

from backoffice.models import Shop
from orders.models import NumberSeries

ORDERS = "orders"


def take_number(shop: Shop, series: str = ORDERS) -> int:
    """The next number of the shop's series. A rollback gives it back."""
    row = lock_series(shop, series)
    number = row.next_number
    row.next_number = number + 1
    row.save(update_fields=["next_number"])
    return number


def keep_number(shop: Shop, number: int, series: str = ORDERS) -> None:
    """Note that `number` came with an imported order, so that the series goes on above it."""
    row = lock_series(shop, series)
    if number >= row.next_number:
        row.next_number = number + 1
        row.save(update_fields=["next_number"])


def lock_series(shop: Shop, series: str = ORDERS) -> NumberSeries:
    """The series' row, locked to the end of the transaction; made on first use."""
    row = NumberSeries.objects.select_for_update().filter(shop=shop, name=series).first()
    if row is None:
        NumberSeries.objects.get_or_create(shop=shop, name=series)
        row = NumberSeries.objects.select_for_update().get(shop=shop, name=series)
    return row
