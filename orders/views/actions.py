"""What the list does to many orders, for the one whose page is open."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from backoffice.access import requires
from backoffice.roles import Permission
from orders import bulk
from orders.forms import HoldForm
from orders.mail_forecast import OrderForecast
from orders.models import Order
from orders.services import UnknownStatus
from orders.views.detail import undo_tag
from orders.views.one_order import order_or_404, order_url, to_order
from statuses.kinds import FulfilmentStatus

# What needs no more than a press; the rest of the list's actions has forms of its own on the page.
AT_ONCE = {"release", "folder", "printed"}


@require_POST
@requires(Permission.CHANGE_ORDERS)
def act(request: HttpRequest, number: int) -> HttpResponse:
    """Run an action, `kind:code` as in `folder:12` or `release:`."""
    order = order_or_404(request, number)
    key = request.POST.get("action", "")
    if key.partition(":")[0] not in AT_ONCE:
        messages.error(request, _("There is no such action."))
        return to_order(request, order)
    return _run(request, order, key)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.CHANGE_ORDERS)
def hold(request: HttpRequest, number: int) -> HttpResponse:
    """Put the order on hold, with the reason that everybody will read."""
    order = order_or_404(request, number)
    form = HoldForm(request.POST or None, initial={"reason": order.hold_reason})
    if request.method == "POST" and form.is_valid():
        return _run(request, order, "hold:", form.cleaned_data["reason"])
    held = {"fulfilment_status": FulfilmentStatus.ON_HOLD, "fulfilment_own_status_id": None}
    context = {
        "form": form,
        "order": order,
        "mails": OrderForecast(order).mails_if(held),
        "back": order_url(request, order),
    }
    return render(request, "orders/hold.html", context, status=422 if form.is_bound else 200)


def _run(request: HttpRequest, order: Order, key: str, reason: str = "") -> HttpResponse:
    try:
        action = bulk.action_of(key, request.shop, reason)
    except UnknownStatus as refusal:
        messages.error(request, str(refusal))
        return to_order(request, order)
    result = bulk.run(action, [order.pk], shop=request.shop, by=request.actor)
    if result.refused:
        messages.error(request, str(result.refused[0][1]))
    elif result.changed:
        text = _("Order %(number)s is %(done)s.") % {"number": order.display_number, "done": action.done}
        messages.success(request, text, extra_tags=undo_tag(request, result.act))
    else:
        messages.info(request, _("It was so already."))
    return to_order(request, order)
