"""Recording money that came in, and that a refund went out."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from backoffice.access import requires
from backoffice.roles import Permission
from orders import display, services
from orders.mail_forecast import OrderForecast
from orders.models import Refund, RefundState
from orders.payment_forms import PaidOutForm, PaymentForm
from orders.services import ChangeRefused, InputRefused
from orders.services.status import values_of_status
from orders.views.one_order import order_or_404, order_url, to_order
from statuses.kinds import Kind, PaymentStatus


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.CHANGE_PAYMENTS)
def record(request: HttpRequest, number: int) -> HttpResponse:
    """Record a payment by hand."""
    order = order_or_404(request, number)
    form = PaymentForm(request.POST or None, order=order, zone=request.shop.zone)
    if form.is_valid():
        told = {name: form.cleaned_data[name] for name in ("amount", "method", "reference", "key", "may_exceed")}
        try:
            payment = services.record_payment(order, **told, paid_at=form.moment(), by=request.actor)
        except InputRefused as refusal:
            form.take(refusal.errors)
        except ChangeRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            amount = display.money(payment.amount, order.currency)
            messages.success(request, _("Payment of %(amount)s recorded.") % {"amount": amount})
            return to_order(request, order, "#h-payment")
    mails = OrderForecast(order).mails_if(
        *(values_of_status(Kind.PAYMENT, code, None) for code in (PaymentStatus.PAID, PaymentStatus.PARTLY_PAID))
    )
    context = {"form": form, "order": order, "back": order_url(request, order), "mails": mails}
    return render(request, "orders/payment.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.CHANGE_PAYMENTS)
def paid_out(request: HttpRequest, number: int, refund: int) -> HttpResponse:
    """Mark a refund as paid out."""
    order = order_or_404(request, number)
    found = get_object_or_404(Refund.objects.select_related("payment"), order=order, pk=refund)
    found.order = order
    form = PaidOutForm(request.POST or None, zone=request.shop.zone)
    if form.is_valid():
        at, reference = form.moment(), form.cleaned_data["reference"]
        try:
            services.mark_paid_out(found, by=request.actor, paid_out_at=at, reference=reference)
        except InputRefused as refusal:
            form.take(refusal.errors)
        else:
            amount = display.money(found.amount, order.currency)
            messages.success(request, _("Refund of %(amount)s is marked as paid out.") % {"amount": amount})
            return to_order(request, order, "#h-payment")
    context = {
        "form": form,
        "order": order,
        "refund": found,
        "amount": display.money(found.amount, order.currency),
        "is_done": found.state == RefundState.PAID_OUT,
        "back": order_url(request, order),
    }
    return render(request, "orders/paid_out.html", context, status=422 if form.errors else 200)


@require_POST
@requires(Permission.CHANGE_PAYMENTS)
def pay_out(request: HttpRequest, number: int, refund: int) -> HttpResponse:
    """Ask the provider once more to pay a refund out."""
    order = order_or_404(request, number)
    found = get_object_or_404(Refund.objects.select_related("payment"), order=order, pk=refund)
    found.order = order
    amount = {"amount": display.money(found.amount, order.currency)}
    if services.pay_out(found, by=request.actor):
        messages.success(request, _("Refund of %(amount)s is paid out.") % amount)
    else:
        messages.error(request, _("Refund of %(amount)s is not paid out. The timeline says why.") % amount)
    return to_order(request, order, "#h-payment")
