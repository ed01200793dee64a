"""What the list can be narrowed by: a closed registry. Everything comes from the query string and is checked here."""

from orders.filters.context import FilterContext
from orders.filters.order_filter import Asked, OrderFilter
from orders.filters.registry import GROUPS, SPECS

__all__ = ["GROUPS", "SPECS", "Asked", "FilterContext", "OrderFilter"]
