"""Numbers without holes: taken under lock in the transaction that uses them."""

from backoffice.models import Shop
from orders.models import NumberSeries

ORDERS = "orders"


def next_in(series: NumberSeries) -> int:
    """Take the next number of a locked series; it is used once the series is saved, and a rollback gives it back."""
    number = series.next_number
    series.next_number = number + 1
    return number


def keep_in(series: NumberSeries, number: int) -> int:
    """Note that `number` came with an imported order, so that the locked series goes on above it."""
    series.next_number = max(series.next_number, number + 1)
    return number


def lock_series(shop: Shop, series: str = ORDERS) -> NumberSeries:
    """The series' row, locked to the end of the transaction; made on first use."""
    row = NumberSeries.objects.select_for_update().filter(shop=shop, name=series).first()
    if row is None:
        NumberSeries.objects.get_or_create(shop=shop, name=series)
        row = NumberSeries.objects.select_for_update().get(shop=shop, name=series)
    return row
