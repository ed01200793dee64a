"""Goods that come back: announced, received, closed."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from backoffice.access import requires
from backoffice.roles import Permission
from orders import services
from orders.mail_forecast import OrderForecast
from orders.models import Order, Return
from orders.return_form import QuantitiesForm, ReturnForm
from orders.services import ChangeRefused, InputRefused
from orders.views.one_order import order_or_404, order_url, to_order


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.CHANGE_ORDERS)
def announce(request: HttpRequest, number: int) -> HttpResponse:
    order = order_or_404(request, number)
    form = ReturnForm(request.POST or None, lines=list(order.lines.all()), left=services.returnable(order))
    if request.method == "POST" and (form.is_valid() or _was_announced(order, form)):
        told = {name: form.cleaned_data[name] for name in ("quantities", "reason", "remark", "key")}
        answer = _try(request, order, form, lambda: services.announce_return(order, **told, by=request.actor))
        if answer:
            return answer
    return _page(request, order, form, title=_("New return"), button=_("Announce return"))


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.CHANGE_ORDERS)
def receive(request: HttpRequest, number: int, pk: int) -> HttpResponse:
    """Note what came; to begin with, what was announced."""
    order = order_or_404(request, number)
    announced = _return_or_404(order, pk)
    expected = {row.line.position: row.quantity for row in announced.lines.select_related("line")}
    lines = list(order.lines.filter(position__in=expected))
    form = QuantitiesForm(request.POST or None, lines=lines, left=expected, typed=expected)
    if request.method == "POST" and form.is_valid():
        came = form.cleaned_data["quantities"]
        answer = _try(
            request, order, form, lambda: services.receive_return(announced, by=request.actor, quantities=came)
        )
        if answer:
            return answer
    mails = OrderForecast(order).mails_if_received(form.quantities_shown)
    return _page(request, order, form, title=_("Receive return"), button=_("Mark as received"), mails=mails)


@require_POST
@requires(Permission.CHANGE_ORDERS)
def refuse(request: HttpRequest, number: int, pk: int) -> HttpResponse:
    return _close(request, number, pk, services.refuse_return, _("The return is refused."))


@require_POST
@requires(Permission.CHANGE_ORDERS)
def settle(request: HttpRequest, number: int, pk: int) -> HttpResponse:
    """Close a return without money."""
    return _close(request, number, pk, services.settle_return, _("The return is settled without a refund."))


def _was_announced(order: Order, form: ReturnForm) -> bool:
    """Whether this is the same form once more: its lines take nothing any more, and the service says it is done."""
    key = form.cleaned_data.get("key")
    return key is not None and order.returns.filter(key=key).exists()


def _close(request: HttpRequest, number: int, pk: int, close: Callable[..., None], text: str) -> HttpResponse:
    order = order_or_404(request, number)
    try:
        close(_return_or_404(order, pk), by=request.actor)
    except ChangeRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, text)
    return to_order(request, order, "#h-returns")


def _return_or_404(order: Order, pk: int) -> Return:
    found = get_object_or_404(Return, order=order, pk=pk)
    found.order = order
    return found


def _try(request: HttpRequest, order: Order, form: QuantitiesForm, act: Callable[[], object]) -> HttpResponse | None:
    """Do it and go back to the order; None when what was typed has to be put right first."""
    try:
        act()
    except InputRefused as refusal:
        form.take(refusal.errors)
        return None
    except ChangeRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The return is saved."))
    return to_order(request, order, "#h-returns")


def _page(
    request: HttpRequest, order: Order, form: QuantitiesForm, *, title: str, button: str, mails: int | None = None
) -> HttpResponse:
    """With `mails`, how many go out at most, the form has a tick that keeps them back."""
    context = {
        "form": form,
        "order": order,
        "title": title,
        "button": button,
        "rows": form.rows(),
        "may_mail": mails is not None,
        "mails": mails,
        "back": order_url(request, order),
    }
    return render(request, "orders/return.html", context, status=422 if form.errors else 200)
