"""The pages on which goods leave, and on which what was said about them is put right."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from backoffice.access import requires
from backoffice.roles import Permission
from orders import services
from orders.mail_forecast import OrderForecast
from orders.models import Order, Shipment
from orders.order_page import PageQuery
from orders.services import ChangeRefused, InputRefused, ShippedMeanwhile
from orders.services.shipping import seen_of
from orders.services.status import values_of_status
from orders.shipment_forms import ChangeForm, LabelForm, ShipForm
from orders.tracking import CARRIERS
from orders.views.one_order import order_or_404, order_url, to_order
from statuses.kinds import FulfilmentStatus, Kind

# Buttons that only look at what was typed: the code, one of its carriers, the code that was meant.
LOOKING = {"check": None, "pick": "carrier", "use": "tracking_code"}


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.CHANGE_ORDERS)
def ship(request: HttpRequest, number: int) -> HttpResponse:
    """Send what is left of an order, or a part of it."""
    order = order_or_404(request, number)
    if (typed := _typed(request)) is not None:
        return _look(request, ShipForm(order=order, initial=typed), "orders/ship.html")
    form = ShipForm(request.POST if request.method == "POST" else None, order=order, initial=_asked(request, order))
    if request.method == "POST" and form.is_valid():
        try:
            shipment = services.add_shipment(
                order, form.dispatch(), by=request.actor, moves_status=form.cleaned_data.get("moves_status", False)
            )
        except InputRefused as refusal:
            form.refuse(refusal.errors)
        except ShippedMeanwhile as refusal:
            form = _seen_again(form, order, refusal)
        except ChangeRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            undo = reverse("orders:remove-shipment", args=[request.shop.number, order.number, shipment.pk]) + _query(
                request
            )
            messages.success(request, _added(shipment), extra_tags=f"undo:{undo}")
            return to_order(request, order)
    return _page(request, form, "orders/ship.html")


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.CHANGE_ORDERS)
def change(request: HttpRequest, number: int, shipment: int) -> HttpResponse:
    """Add or correct the code of a shipment, its carrier, parcels or weight."""
    order = order_or_404(request, number)
    stored = get_object_or_404(Shipment, order=order, pk=shipment)
    stored.order = order
    usual = ChangeForm.initial_of(stored)
    if (typed := _typed(request)) is not None:
        form = ChangeForm(order=order, shipment=stored, initial=usual | typed)
        return _look(request, form, "orders/shipment.html")
    form = ChangeForm(request.POST if request.method == "POST" else None, order=order, shipment=stored, initial=usual)
    if request.method == "POST" and form.is_valid():
        try:
            entry = services.change_shipment(
                stored,
                by=request.actor,
                carrier=form.label.carrier,
                tracking_code=form.cleaned_data["tracking_code"],
                number_of_parcels=form.cleaned_data["number_of_parcels"],
                weight_g=form.weight_g,
                seen=form.seen,
            )
        except ChangeRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Shipment changed.") if entry else _("Nothing was changed."))
            return to_order(request, order)
    return _page(request, form, "orders/shipment.html")


@require_POST
@requires(Permission.CHANGE_ORDERS)
def remove(request: HttpRequest, number: int, shipment: int) -> HttpResponse:
    """Take a shipment back."""
    order = order_or_404(request, number)
    stored = Shipment.objects.filter(order=order, pk=shipment).first()
    try:
        entry = services.remove_shipment(stored, by=request.actor) if stored else None
    except ChangeRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Shipment removed.") if entry else _("This shipment was removed before."))
    return to_order(request, order)


def _typed(request: HttpRequest) -> dict[str, str] | None:
    """What stands in the form when a button was pressed that only looks; None when it is to be kept."""
    pressed = next((name for name in LOOKING if name in request.POST), None)
    if pressed is None:
        return None
    typed = {name: request.POST[name] for name in request.POST}
    if target := LOOKING[pressed]:
        typed[target] = request.POST[pressed]
    # A tick that is not there was taken off.
    return {"moves_status": "", "accepts_doubts": ""} | typed


def _asked(request: HttpRequest, order: Order) -> dict[str, str]:
    """The quantities that a link brings; what it does not name stays."""
    if not any(name.startswith("quantity-") for name in request.GET):
        return {}
    names = [f"quantity-{position}" for position in order.lines.values_list("position", flat=True)]
    return {name: request.GET.get(name, "") for name in names}


def _look(request: HttpRequest, form: LabelForm, template: str) -> HttpResponse:
    """The form as it was filled in, nothing kept; for htmx what there is to say about the code alone."""
    if request.htmx:
        return render(request, "orders/_label.html", {"form": form})
    return _page(request, form, template)


def _page(request: HttpRequest, form: LabelForm, template: str) -> HttpResponse:
    context = {
        "form": form,
        "order": form.order,
        "carriers": CARRIERS,
        "query": _query(request),
        "back": order_url(request, form.order),
    }
    if isinstance(form, ShipForm):
        context["mails"] = _mails_if_shipped(form)
    status = 422 if form.is_bound and form.errors else 200
    response = render(request, template, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _mails_if_shipped(form: ShipForm) -> int:
    """What leaves as it stands in the form, or less of it."""
    forecast = OrderForecast(form.order)
    moves_status = form.moves_status_shown
    shipped = forecast.mails_if_shipped(form.quantities_shown, form.way_shown, moves_status=moves_status)
    part = values_of_status(Kind.FULFILMENT, FulfilmentStatus.PARTLY_SHIPPED, None) if moves_status else {}
    return max(shipped, forecast.mails_if(part))


def _seen_again(form: ShipForm, order: Order, refusal: ShippedMeanwhile) -> ShipForm:
    """The same input beside what is left now; sending it again means it."""
    data = form.data.copy()
    data["seen"] = seen_of(order.shipments.all())
    again = ShipForm(data, order=order)
    again.add_error(None, str(refusal))
    return again


def _added(shipment: Shipment) -> str:
    if shipment.way != Shipment.Way.CARRIER:
        return f"{Shipment.Way(shipment.way).label}."
    code = f"{shipment.carrier} {shipment.tracking_code}".strip()
    return _("Shipment added: %(code)s.") % {"code": code} if code else _("Shipment added.")


def _query(request: HttpRequest) -> str:
    """How the order page was sorted, filtered and reached."""
    return PageQuery.of(request.GET).but()
