"""An order as it was."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from backoffice.access import requires
from backoffice.roles import Permission
from orders.models import OrderLogEntry
from orders.order_page import PageQuery
from orders.order_page.past import past_page
from orders.time_machine import picture_at
from orders.views.one_order import order_or_404


@require_safe
@requires(Permission.VIEW_ORDERS)
def show(request: HttpRequest, number: int, entry: int) -> HttpResponse:
    """The order right after an entry of its log."""
    order = order_or_404(request, number)
    found = get_object_or_404(OrderLogEntry, order=order, pk=entry)
    page = past_page(picture_at(found), shop=request.shop, staff=request.staff, query=PageQuery.of(request.GET))
    return render(request, "orders/past.html", {"page": page})
