"""Choosing the columns of the list: a panel in it, or a page of its own without script."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from backoffice.access import requires
from backoffice.roles import Permission
from orders.columns import known_columns
from orders.columns.chooser import STEPS, chooser, moved
from orders.list_query import columns_in, default_columns, from_text


@require_http_methods(["GET", "POST"])
@requires(Permission.VIEW_ORDERS)
def choose(request: HttpRequest) -> HttpResponse:
    """Show the chooser; a post moves a column, shows the choice in the list or keeps it for this person."""
    if request.method == "POST":
        return _act(request)
    keys = columns_in(request.GET) or default_columns(request.staff)
    is_part = request.htmx and not request.htmx.history_restore_request
    response = render(
        request,
        "orders/_columns.html" if is_part else "orders/columns.html",
        {"chooser": chooser(keys), "steps": STEPS.items(), "query": _without_columns(request.GET).urlencode()},
    )
    patch_vary_headers(response, ["HX-Request"])
    return response


def _act(request: HttpRequest) -> HttpResponse:
    keys = known_columns(request.POST.getlist("columns"))
    query = _without_columns(from_text(request.POST.get("query", "")))
    here = reverse("orders:columns", args=[request.shop.number])
    listing = reverse("orders:list", args=[request.shop.number])
    key, _colon, step = request.POST.get("move", "").partition(":")
    if key:
        return redirect(_address(here, query, moved(keys, key, step)))
    if "reset" in request.POST:
        _keep(request, [])
        messages.success(request, _("You see the usual columns again."))
        return redirect(_address(listing, query))
    if "keep" in request.POST:
        _keep(request, keys)
        messages.success(request, _("These columns are now yours in every view that has no columns of its own."))
        return redirect(_address(listing, query))
    return redirect(_address(listing, query, keys))


def _keep(request: HttpRequest, keys: list[str]) -> None:
    """The person's own columns in this shop; none for the usual ones."""
    request.staff.list_columns = keys
    request.staff.save(update_fields=["list_columns"])


def _address(url: str, query: QueryDict, keys: list[str] | None = None) -> str:
    query = query.copy()
    if keys is not None:
        query["columns"] = ",".join(keys)
    # Commas stand as they are: the address is meant to be read.
    text = query.urlencode(safe=",")
    return f"{url}?{text}" if text else url


def _without_columns(query: QueryDict) -> QueryDict:
    rest = query.copy()
    rest.pop("columns", None)
    return rest
