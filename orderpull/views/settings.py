"""The page of order pull: switches, key, partners, programs to begin with, the last calls."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from backoffice.access import requires
from backoffice.network import client_ip
from backoffice.roles import Permission
from orderpull import clients, selectors
from orderpull.addresses import is_allowed, listed
from orderpull.forms import PartnerForm, SettingsForm
from orderpull.models import PullSettings
from orderpull.services import save_settings, settings_of
from orders.exports.schema import elements_of, version_of
from orders.exports.xml import SCHEMA
from orders.exports.xml_orders import export_orders
from orders.models import Order

CALLS_SHOWN = 10


@requires(Permission.VIEW_ORDERS)
def show(request: HttpRequest) -> HttpResponse:
    settings = settings_of(request.shop)
    return page(request, settings, SettingsForm(instance=settings))


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def save(request: HttpRequest) -> HttpResponse:
    """Save the form; with `add_address` only put the person's own address into it."""
    form = SettingsForm(_with_own_address(request), instance=settings_of(request.shop))
    if "add_address" in request.POST or not form.is_valid():
        status = 200 if "add_address" in request.POST else 422
        return page(request, settings_of(request.shop), form, status=status)
    settings = save_settings(request.shop, form.values, by=request.actor)
    messages.success(request, _("Saved. Order pull is on.") if settings.is_on else _("Saved. Order pull is off."))
    return redirect("pull:settings", request.shop.number)


def _with_own_address(request: HttpRequest) -> dict:
    values = request.POST.dict()
    own = client_ip(request)
    entries = listed(values.get("allowed_addresses", ""))
    if "add_address" in values and own and own not in entries:
        values["allowed_addresses"] = "\n".join([*entries, own])
    return values


def page(
    request: HttpRequest,
    settings: PullSettings,
    form: SettingsForm,
    *,
    partner_form: PartnerForm | None = None,
    status: int = 200,
) -> HttpResponse:
    shop, own = request.shop, client_ip(request)
    used = selectors.last_used(shop)
    host = f"{request.scheme}://{request.get_host()}"
    context = {
        "settings": settings,
        "form": form,
        "partner_form": partner_form or PartnerForm(),
        "may_change": request.staff.may(Permission.MANAGE_SETTINGS),
        "key_used_at": used.get(""),
        "partners": [(each, used.get(each.name)) for each in _partners(settings)],
        "own_address": own,
        "own_is_allowed": is_allowed(own, settings.allowed_addresses),
        "last_day": selectors.last_day(shop),
        "calls": selectors.call_page(shop, size=CALLS_SHOWN),
        "events": selectors.event_rows(shop),
        "addresses": [f"{host}/RPC/id?shop={shop.number}", f"{host}/RPC/orders/list"],
        "programs": [
            (language, clients.program(language, address=host, shop_number=shop.number))
            for language in clients.LANGUAGES
        ],
    }
    return render(request, "orderpull/settings.html", context, status=status)


def _partners(settings: PullSettings) -> list:
    return list(settings.partners.all()) if settings.key or settings.is_on or settings.pk else []


@requires(Permission.VIEW_ORDERS)
def order_format(request: HttpRequest) -> HttpResponse:
    """The order XML, element by element as its schema has it, and the shop's newest order in it."""
    newest = Order.objects.for_shop(request.shop).visible().newest_first()[:1]
    example = b"".join(export_orders(newest, request.shop)).decode()
    context = {
        "elements": elements_of(SCHEMA),
        "version": version_of(SCHEMA),
        "example": example,
        "has_example": ' count="0"' not in example,
    }
    return render(request, "orderpull/format.html", context)
