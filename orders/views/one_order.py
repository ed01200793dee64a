"""Finding the order that a page is about, and going back to where something was done to it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from orders.models import Order
from orders.order_page import PageQuery, list_url


def order_or_404(request: HttpRequest, number: int) -> Order:
    orders = Order.objects.for_shop(request.shop).select_related("folder", "target_shop", "merged_into")
    order = get_object_or_404(orders, number=number)
    order.shop = request.shop
    return order


def to_order(request: HttpRequest, order: Order, anchor: str = "") -> HttpResponse:
    """To the order's page as it was sorted, filtered and reached; to its row, where the list's menu was used."""
    if goes_to_list(request):
        return redirect(f"{list_url(request.shop, PageQuery.of(request.GET))}#{order.display_number}")
    return redirect(order_url(request, order) + anchor)


def order_url(request: HttpRequest, order: Order) -> str:
    query = PageQuery.of(request.GET).but(then="")
    return reverse("orders:detail", args=[request.shop.number, order.number]) + query


def goes_to_list(request: HttpRequest) -> bool:
    return PageQuery.of(request.GET).goes_to_list


def about(request: HttpRequest, order: Order, text: str) -> str:
    """`text` as a message: in the list it says which order it is about, on the order's page that is plain."""
    if goes_to_list(request):
        return _("Order %(number)s: %(text)s") % {"number": order.display_number, "text": text}
    return text
