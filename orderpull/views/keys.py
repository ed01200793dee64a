"""Private keys: shown for half a minute to whoever has just proved again who they are, and replaced."""

from functools import wraps
from urllib.parse import urlencode

# The package's decorator would keep the whole POST and repeat it past our own guards.
from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from backoffice.access import View, requires
from backoffice.roles import Permission
from orderpull import services
from orderpull.forms import PartnerForm, RotateForm, SettingsForm
from orderpull.models import PullPartner
from orderpull.views import settings as settings_page

SECONDS_SHOWN = 30


def confirmed(view: View) -> View:
    """Let a POST through only from someone who gave password or second step in the last minutes.

    Others are asked for it and come back to the page they pressed the button on. Nothing of the request is kept
    meanwhile: what a key is needed for is asked again.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if request.method == "POST" and not did_recently_reauthenticate(request):
            back = urlencode({"next": request.path})
            return redirect(f"{reverse('account_reauthenticate')}?{back}")
        return view(request, *args, **kwargs)

    return guarded


@requires(Permission.MANAGE_SETTINGS)
@confirmed
def show(request: HttpRequest) -> HttpResponse:
    """Ask, then show the shop's key."""
    if not services.settings_of(request.shop).key:
        messages.info(request, _("There is no key yet. It is made when order pull is turned on."))
        return _to_settings(request)
    if request.method == "POST":
        return _key_page(request, services.show_key(request.shop, by=request.actor))
    return _ask_to_show(request)


@requires(Permission.MANAGE_SETTINGS)
@confirmed
def partner_key(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then show a partner's key."""
    partner = _partner_or_404(request, pk)
    if request.method == "POST":
        key = services.show_key(request.shop, by=request.actor, partner=partner)
        return _key_page(request, key, partner)
    return _ask_to_show(request, partner)


@requires(Permission.MANAGE_SETTINGS)
@confirmed
def rotate(request: HttpRequest) -> HttpResponse:
    """Ask when the old key shall end, then make a new one and show it."""
    form = RotateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        is_overlapping = form.cleaned_data["old_key"] == "day"
        key = services.rotate_key(request.shop, by=request.actor, is_overlapping=is_overlapping)
        return _key_page(request, key)
    context = {"form": form, "partner": None}
    return render(request, "orderpull/rotate.html", context, status=422 if form.errors else 200)


@requires(Permission.MANAGE_SETTINGS)
@confirmed
def rotate_partner(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then make a partner's new key and show it."""
    partner = _partner_or_404(request, pk)
    if request.method == "POST":
        return _key_page(request, services.replace_partner_key(partner, by=request.actor), partner)
    return render(request, "orderpull/rotate.html", {"form": None, "partner": partner})


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def add_partner(request: HttpRequest) -> HttpResponse:
    """A partner with a key of its own, which is then shown from the list."""
    form = PartnerForm(request.POST)
    if form.is_valid():
        try:
            partner = services.add_partner(request.shop, form.cleaned_data["name"], by=request.actor)
        except services.PartnerExists:
            form.add_error("name", _("There is a partner of this name already."))
        except services.TooManyPartners:
            form.add_error("name", _("There are too many partners; remove one first."))
        else:
            messages.success(request, _("Partner %(name)s is added.") % {"name": partner.name})
            return _to_settings(request, "#partners")
    settings = services.settings_of(request.shop)
    return settings_page.page(request, settings, SettingsForm(instance=settings), partner_form=form, status=422)


@requires(Permission.MANAGE_SETTINGS)
def remove_partner(request: HttpRequest, pk: int) -> HttpResponse:
    partner = _partner_or_404(request, pk)
    if request.method == "POST":
        services.remove_partner(partner, by=request.actor)
        messages.success(request, _("Partner %(name)s is removed.") % {"name": partner.name})
        return _to_settings(request, "#partners")
    return render(request, "orderpull/remove_partner.html", {"partner": partner})


def _partner_or_404(request: HttpRequest, pk: int) -> PullPartner:
    partners = PullPartner.objects.select_related("settings").filter(settings__shop=request.shop)
    partner = get_object_or_404(partners, pk=pk)
    partner.settings.shop = request.shop
    return partner


def _ask_to_show(request: HttpRequest, partner: PullPartner | None = None) -> HttpResponse:
    return render(request, "orderpull/key.html", {"partner": partner, "seconds": SECONDS_SHOWN})


def _key_page(request: HttpRequest, key: str, partner: PullPartner | None = None) -> HttpResponse:
    """The key itself. The browser leaves the page by itself and keeps no copy."""
    context = {"partner": partner, "seconds": SECONDS_SHOWN, "key": key}
    response = render(request, "orderpull/key.html", context)
    response["Refresh"] = f"{SECONDS_SHOWN}; url={reverse('pull:settings', args=[request.shop.number])}"
    response["Cache-Control"] = "no-store, private"
    return response


def _to_settings(request: HttpRequest, anchor: str = "") -> HttpResponse:
    return redirect(reverse("pull:settings", args=[request.shop.number]) + anchor)
