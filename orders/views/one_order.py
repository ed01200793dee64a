"""Finding the order that a page is about, and going back to its page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from orders.models import Order
from orders.order_page import PageQuery


def order_or_404(request: HttpRequest, number: int) -> Order:
    orders = Order.objects.for_shop(request.shop).select_related("folder", "target_shop", "merged_into")
    order = get_object_or_404(orders, number=number)
    order.shop = request.shop
    return order


def to_order(request: HttpRequest, order: Order, anchor: str = "") -> HttpResponse:
    """To the order's page as it was sorted, filtered and reached."""
    return redirect(order_url(request, order) + anchor)


def order_url(request: HttpRequest, order: Order) -> str:
    return reverse("orders:detail", args=[request.shop.number, order.number]) + PageQuery.of(request.GET).but()
