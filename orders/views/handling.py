"""How a shop handles its orders: the order of lines, where new orders start."""

from typing import NamedTuple

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from backoffice.access import requires
from backoffice.models import Shop
from backoffice.roles import Permission
from orders.handling_form import HandlingForm
from orders.models import Order, OrderLine
from orders.papers.data import sorted_lines


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.MANAGE_SETTINGS)
def settings(request: HttpRequest) -> HttpResponse:
    form = HandlingForm(request.POST or None, instance=Shop.objects.get(pk=request.shop.pk))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("handling:settings", request.shop.number)
    context = {"form": form, "sample": _sample(request.shop)}
    return render(request, "orders/handling.html", context, status=422 if form.errors else 200)


class Sample(NamedTuple):
    """A real order, with its lines as the shop's setting puts them."""

    order: Order
    lines: list[OrderLine]


def _sample(shop: Shop) -> Sample | None:
    """The newest order whose lines can be sorted; None where no order has two."""
    several = Order.objects.for_shop(shop).visible().filter(number_of_lines__gt=1)
    order = several.newest_first().first()
    return order and Sample(order, sorted_lines(list(order.lines.all()), shop.line_order))
