"""All filters of the list: a panel in it, or a page of its own without script."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from backoffice.access import requires
from backoffice.roles import Permission
from orders.filters import OrderFilter
from orders.filters.panel import panel
from orders.order_list import PASSED_ON
from statuses.catalogue import catalogue_of


@requires(Permission.VIEW_ORDERS)
def show(request: HttpRequest) -> HttpResponse:
    """The filters of the query as they are, `open` names the one to change; sending the form shows the list."""
    filtered = OrderFilter(request.GET, shop=request.shop, catalogue=catalogue_of(request.shop), everything=True)
    is_part = request.htmx and not request.htmx.history_restore_request
    passed_on = [(name, value) for name in PASSED_ON for value in request.GET.getlist(name)]
    response = render(
        request,
        "orders/_filters.html" if is_part else "orders/filters.html",
        {
            "groups": panel(filtered, request.shop, wanted=request.GET.get("open", "")),
            "passed_on": passed_on,
            "query": request.GET.urlencode(),
        },
    )
    patch_vary_headers(response, ["HX-Request"])
    return response
