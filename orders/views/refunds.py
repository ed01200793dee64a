"""Giving money back: the form, its live total, the confirmation, the refund."""

from dataclasses import dataclass
from decimal import Decimal

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from backoffice.access import requires
from backoffice.roles import Permission
from orders import display, selection, services
from orders.mail_forecast import OrderForecast
from orders.models import Order, RefundState, Return, ReturnState
from orders.refund_form import RefundForm, confirmation_of
from orders.services import ChangeRefused, Refundable
from orders.views.one_order import order_or_404, order_url, to_order

SHOW_TOTAL, CHECK, REFUND = "total", "check", "refund"
# A page of orders to go through one by one; more of them are a filter's work.
MOST_SELECTED = 100


@dataclass(frozen=True)
class RefundableOrder:
    """An order in the list of those to refund; without `refund_url` nothing of it can go back."""

    number: str
    url: str
    customer: str
    total: str
    left: str
    refund_url: str


@require_safe
@requires(Permission.CHANGE_PAYMENTS)
def selected(request: HttpRequest) -> HttpResponse:
    """Refunds of the orders that are ticked in the list: the one at once, of several what each could give back."""
    chosen = selection.load(request).orders(request.shop).order_by("-placed_at", "-id")
    orders = list(chosen[: MOST_SELECTED + 1])
    if len(orders) == 1:
        return redirect("orders:refund", request.shop.number, orders[0].number)
    rows = [_refundable_row(request, order) for order in orders[:MOST_SELECTED]]
    context = {"rows": rows, "most": MOST_SELECTED if len(orders) > MOST_SELECTED else 0}
    return render(request, "orders/refunds.html", context)


def _refundable_row(request: HttpRequest, order: Order) -> RefundableOrder:
    left = order.paid_total - order.refunded_total
    can_be_refunded = left > 0 and order.deleted_at is None
    place = [request.shop.number, order.display_number]
    return RefundableOrder(
        number=order.display_number,
        url=reverse("orders:detail", args=place),
        customer=order.customer_name or order.customer_email,
        total=display.money(order.total, order.currency),
        left=display.money(left, order.currency),
        refund_url=reverse("orders:refund", args=place) if can_be_refunded else "",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.CHANGE_PAYMENTS)
def refund(request: HttpRequest, number: int) -> HttpResponse:
    """One address for all steps; which one, the button says."""
    order = order_or_404(request, number)
    form = _form(request, services.refundable(order))
    step = request.POST.get("step")
    if step == SHOW_TOTAL and request.htmx:
        form.full_clean()
        return _vary(render(request, "orders/_refund_total.html", _context(request, form)))
    if step == REFUND:
        return _refund(request, form)
    if step == CHECK and form.is_valid():
        context = {
            "order": order,
            "confirmation": confirmation_of(form),
            "mails": OrderForecast(order).mails_if_refunded(form.result),
            "back": order_url(request, order),
        }
        return _vary(render(request, "orders/refund_confirm.html", context))
    return _page(request, form)


def _refund(request: HttpRequest, form: RefundForm) -> HttpResponse:
    order = form.of.order
    if not form.is_valid() and not order.refunds.filter(key=form.plan().key).exists():
        return _page(request, form)
    # Sent a second time it finds nothing left to refund, and the service says what was made the first time.
    try:
        made = services.refund_order(order, form.plan(), by=request.actor)
    except ChangeRefused as refusal:
        fresh = _form(request, services.refundable(order_or_404(request, order.number)))
        fresh.full_clean()
        if not fresh.errors:
            fresh.add_error(None, str(refusal))
        return _page(request, fresh)
    _tell(request, order, made)
    return to_order(request, order, "#h-payment")


def _tell(request: HttpRequest, order: Order, made: services.Refunded) -> None:
    amount = display.money(sum(part.amount for part in made.parts), order.currency)
    if not made.is_new:
        messages.info(request, _("This refund of %(amount)s was made already.") % {"amount": amount})
        return
    messages.success(request, _("Refund of %(amount)s made.") % {"amount": amount})
    if order.refunds.filter(key=made.parts[0].key, state=RefundState.TO_PAY_OUT).exists():
        messages.warning(request, _("It must still be paid out: see the payment card."))


def _form(request: HttpRequest, of: Refundable) -> RefundForm:
    """What was typed, else a fresh form: for a return with what came, or with all that is left, or with what the
    customer paid too much."""
    if request.method == "POST":
        return RefundForm(request.POST, of=of)
    if of_return := _return(request, of.order):
        rows = of_return.lines.select_related("line")
        quantities = {row.line.position: row.quantity_received for row in rows}
        initial = {"of_return": of_return.pk, "reason": of_return.get_reason_display(), "restocks": True}
        return RefundForm(of=of, quantities=quantities, initial=initial)
    if "all" in request.GET:
        quantities = {line.line.position: line.quantity for line in of.lines}
        return RefundForm(of=of, quantities=quantities, initial={"shipping": _typed(of.shipping)})
    if "owed" in request.GET:
        owed = min(max(-of.order.open_amount, Decimal(0)), of.left)
        return RefundForm(of=of, initial={"free": _typed(owed)})
    return RefundForm(of=of)


def _return(request: HttpRequest, order: Order) -> Return | None:
    key = request.GET.get("return", "")
    if not (key.isascii() and key.isdigit() and len(key) <= 18):
        return None
    return order.returns.filter(pk=int(key), state=ReturnState.RECEIVED).first()


def _typed(amount: Decimal) -> str:
    return f"{amount}" if amount else ""


def _page(request: HttpRequest, form: RefundForm) -> HttpResponse:
    status = 422 if form.errors else 200
    return _vary(render(request, "orders/refund.html", _context(request, form), status=status))


def _context(request: HttpRequest, form: RefundForm) -> dict:
    order = form.of.order
    return {
        "form": form,
        "order": order,
        # Not as it was sent: whoever reads this page has now seen what is true.
        "seen": str(order.refunded_total),
        "lines": form.line_rows(),
        "payments": form.payment_rows(),
        "total": display.money(form.result.total, order.currency),
        "left": display.money(form.of.left, order.currency),
        "is_too_much": form.result.total > form.of.left,
        "has_anything": form.of.left > 0,
        "back": order_url(request, order),
        "payment_url": reverse("orders:record-payment", args=[request.shop.number, order.display_number]),
    }


def _vary(response: HttpResponse) -> HttpResponse:
    patch_vary_headers(response, ["HX-Request"])
    return response
