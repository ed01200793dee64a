"""How a shop invoices, and who it is on its papers."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from backoffice.access import requires
from backoffice.models import Shop
from backoffice.roles import Permission
from orders.invoice_forms import CompanyForm, InvoiceSettingsForm
from orders.models import InvoiceKind, NumberSeries
from orders.papers.seller import seller_data
from orders.services.invoices import settings_of

NUMBERS_SHOWN = 3


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.MANAGE_SETTINGS)
def settings(request: HttpRequest) -> HttpResponse:
    stored = settings_of(request.shop)
    year = timezone.localdate(timezone=request.shop.zone).year
    form = InvoiceSettingsForm(request.POST or None, instance=stored, year=year)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("invoices:settings", request.shop.number)
    context = {"form": form, "upcoming": _upcoming(request.shop, year), "missing": _missing(request.shop)}
    return render(request, "invoices/settings.html", context, status=422 if form.errors else 200)


def _upcoming(shop: Shop, year: int) -> list[tuple[str, list[str]]]:
    """The next numbers of each kind as they are stored now."""
    stored = settings_of(shop)
    upcoming = []
    for kind in InvoiceKind:
        series = NumberSeries.objects.filter(shop=shop, name=stored.series_of(kind, year)).first()
        start = series.next_number if series else 1
        numbers = [stored.number_of(kind, start + step, year) for step in range(NUMBERS_SHOWN)]
        upcoming.append((str(kind.label), numbers))
    return upcoming


def _missing(shop: Shop) -> list[str]:
    """What the law wants on an invoice and the shop has not filled in."""
    seller = seller_data(shop)
    said = {
        _("company"): seller["company"],
        _("street"): seller["address"]["street"],
        _("city"): seller["address"]["city"],
        _("VAT number"): seller["vat_number"] or settings_of(shop).is_small_business,
    }
    return [name for name, value in said.items() if not value]


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.MANAGE_SETTINGS)
def company(request: HttpRequest, number: str = "") -> HttpResponse:
    """The shop's own details, or those of a target shop, which leaves empty what is its base shop's."""
    shop = _shop(request, number)
    form = CompanyForm(request.POST or None, request.FILES or None, instance=Shop.objects.get(pk=shop.pk))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect(request.path)
    context = {
        "form": form,
        "which": shop,
        "is_target": bool(number),
        "targets": request.shop.targets(),
        "logo": seller_data(shop)["logo"],
    }
    return render(request, "invoices/company.html", context, status=422 if form.errors else 200)


def _shop(request: HttpRequest, number: str) -> Shop:
    if not number:
        return request.shop
    for target in request.shop.targets():
        if target.number == number:
            target.base_shop = request.shop
            return target
    raise Http404
