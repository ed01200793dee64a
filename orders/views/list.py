"""The order list and search."""

from functools import partial

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.http import urlencode

from backoffice.access import requires
from backoffice.roles import Permission
from orders import selection
from orders.columns.gather import folders_of, tags_of
from orders.hints import hints_for
from orders.order_list import NEWER_CAP, body_of, number_newer, order_list
from orders.search import order_of
from orders.selection_pages import selection_pages_for
from orders.status_menu import status_menu


@requires(Permission.VIEW_ORDERS)
def show(request: HttpRequest) -> HttpResponse:
    """The list; for htmx only the card with tabs, filters and rows."""
    is_part = request.htmx and not request.htmx.history_restore_request
    template = "orders/_list.html" if is_part else "orders/list.html"
    page = order_list(request.shop, request.GET, staff=request.staff)
    chosen = selection.on_list(selection.load(request), page.filter, [row.number for row in page.rows])
    response = render(
        request,
        template,
        {
            "list": page,
            "rows": body_of(page.rows, chosen.ticked, page.menu_url),
            "may_change": request.staff.may(Permission.CHANGE_ORDERS),
            "may_export": request.staff.may(Permission.EXPORT_ORDERS),
            "menus": status_menu(request.shop, request.staff),
            "selection_pages": selection_pages_for(request.staff),
            "folders": folders_of(request.shop),
            "tags": tags_of(request.shop),
            "selection": chosen,
            # Asked by an empty list alone.
            "hints": partial(hints_for, request.shop),
        },
    )
    patch_vary_headers(response, ["HX-Request"])
    if is_part:
        # The address without the empty fields that a form sends.
        response["HX-Push-Url"] = f"{request.path}?{page.address_query}" if page.address_query else request.path
    return response


@requires(Permission.VIEW_ORDERS)
def newer(request: HttpRequest) -> HttpResponse:
    """A line that tells of orders newer than those on the page; nothing when there are none."""
    number = number_newer(request.shop, request.GET, staff=request.staff)
    if not number:
        return HttpResponse(status=204)
    rest = request.GET.copy()
    rest.pop("at", None)
    return render(
        request,
        "orders/_list_newer.html",
        {"number": number, "is_more": number >= NEWER_CAP, "query": rest.urlencode()},
    )


@requires(Permission.VIEW_ORDERS)
def search(request: HttpRequest) -> HttpResponse:
    """An exact hit opens the order, as a barcode scanner expects; anything else is a filtered list."""
    needle = request.GET.get("q", "").strip()
    if not needle:
        return redirect("orders:list", request.shop.number)
    order = order_of(needle, request.shop)
    if order is not None:
        return redirect("orders:detail", request.shop.number, order.display_number)
    return redirect(reverse("orders:list", args=[request.shop.number]) + "?" + urlencode({"q": needle[:200]}))
