"""The pages on which orders are taken apart and put together."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from backoffice.access import requires
from backoffice.roles import Permission
from orders import services
from orders.merge_page import MergeForm, candidates_of
from orders.models import Order
from orders.services import MergeRefused, SplitRefused
from orders.split_form import SHIPMENT, SplitForm
from orders.views.detail import undo_tag
from orders.views.one_order import order_or_404, order_url, to_order

SPLIT, LOOK, MORE = "split", "look", "more"


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.CHANGE_ORDERS)
def split(request: HttpRequest, number: int) -> HttpResponse:
    """One address for looking and doing; which, the button says."""
    order = order_or_404(request, number)
    if request.method != "POST":
        return _split_page(request, SplitForm(order=order, backordered="backordered" in request.GET))
    step = request.POST.get("step")
    data = request.POST.copy()
    if step == MORE:
        data["columns"] = str(SplitForm(data, order=order).number_of_columns + 1)
    form = SplitForm(data, order=order)
    is_valid = form.is_valid()
    if step == LOOK and request.htmx:
        return _vary(render(request, "orders/_split_result.html", {"result": form.result(), "errors": form.errors}))
    if step != SPLIT:
        return _split_page(request, form)
    if not is_valid:
        return _split_page(request, _looked_again(form, order))
    if form.cleaned_data["to"] == SHIPMENT:
        return redirect(_ship_url(request, order, form))
    return _split(request, order, form)


def _split(request: HttpRequest, order: Order, form: SplitForm) -> HttpResponse:
    try:
        parts = services.split_order(order, form.wishes(), by=request.actor, seen_version=form.cleaned_data["seen"])
    except SplitRefused as refusal:
        again = _looked_again(form, order_or_404(request, order.number))
        again.add_error(None, str(refusal))
        return _split_page(request, again)
    numbers = ", ".join(part.display_number for part in parts)
    words = ngettext("Order %(numbers)s was split off.", "Orders %(numbers)s were split off.", len(parts))
    act = order.log.order_by("-id").values_list("act", flat=True).first()
    messages.success(request, words % {"numbers": numbers}, extra_tags=undo_tag(request, act))
    return to_order(request, order)


def _looked_again(form: SplitForm, order: Order) -> SplitForm:
    """What was typed for the order as it is now: whoever reads the page that follows has seen what is true."""
    data = form.data.copy()
    data["seen"] = str(order.version)
    again = SplitForm(data, order=order)
    again.full_clean()
    return again


def _ship_url(request: HttpRequest, order: Order, form: SplitForm) -> str:
    quantities = {f"quantity-{position}": f"{number:f}" for position, number in form.quantities_to_ship().items()}
    return reverse("orders:ship", args=[request.shop.number, order.display_number]) + f"?{urlencode(quantities)}"


def _split_page(request: HttpRequest, form: SplitForm) -> HttpResponse:
    context = {
        "form": form,
        "order": form.order,
        "rows": form.rows(),
        "columns": range(1, form.number_of_columns + 1),
        "result": form.result(),
        "back": order_url(request, form.order),
    }
    is_wrong = form.is_bound and form.errors and request.POST.get("step") == SPLIT
    return _vary(render(request, "orders/split.html", context, status=422 if is_wrong else 200))


@require_POST
@requires(Permission.CHANGE_ORDERS)
def merge_back(request: HttpRequest, number: int) -> HttpResponse:
    """Bring back everything that was split off and has not left."""
    order = order_or_404(request, number)
    try:
        parts = services.merge_back(order, by=request.actor)
    except MergeRefused as refusal:
        messages.error(request, str(refusal))
    else:
        numbers = ", ".join(part.display_number for part in parts)
        messages.success(request, _("Merged back: %(numbers)s.") % {"numbers": numbers})
    return to_order(request, order)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.CHANGE_ORDERS)
def merge(request: HttpRequest, number: int) -> HttpResponse:
    """Which orders of the customer come to this one."""
    order = order_or_404(request, number)
    form = MergeForm(request.POST if request.method == "POST" else None, order=order, shop=request.shop)
    if request.method == "POST" and form.is_valid():
        others = form.cleaned_data["others"]
        try:
            act = services.merge_orders(order, others, by=request.actor)
        except MergeRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            numbers = ", ".join(other.display_number for other in others)
            text = _("Merged with %(numbers)s.") % {"numbers": numbers}
            messages.success(request, text, extra_tags=undo_tag(request, act))
            return to_order(request, order)
    context = {
        "form": form,
        "order": order,
        "candidates": candidates_of(order, request.shop, chosen=form.chosen()),
        "back": order_url(request, order),
    }
    return render(request, "orders/merge.html", context, status=422 if form.errors else 200)


def _vary(response: HttpResponse) -> HttpResponse:
    patch_vary_headers(response, ["HX-Request"])
    return response
