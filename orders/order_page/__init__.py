"""All that the order page shows, ready to print.

Orders of a thousand lines exist, so nothing here asks the database per line and the template has little to do per line.
"""

from orders.order_page.context import PageQuery, list_url
from orders.order_page.page import OrderPage, order_page
from orders.order_page.row_menu import RowMenu, row_menu

__all__ = ["OrderPage", "PageQuery", "RowMenu", "list_url", "order_page", "row_menu"]
