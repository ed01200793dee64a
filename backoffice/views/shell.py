"""Pages around the work: choosing a shop, the phone's menu, help, and the person's own settings."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_POST

from backoffice.access import public, requires, signed_in
from backoffice.forms import LanguageForm, ProfileForm, ThemeForm
from backoffice.roles import Permission


@signed_in
def shops(request: HttpRequest) -> HttpResponse:
    """The shops this person works in; with only one, straight to its orders."""
    memberships = (
        request.user.memberships.filter(is_active=True, shop__base_shop=None)
        .select_related("shop")
        .prefetch_related("shop__target_shops")
        .order_by("shop__name")
    )
    if len(memberships) == 1 and "all" not in request.GET:
        return redirect("orders:list", memberships[0].shop.number)
    wanted = request.GET.get("q", "").strip()
    shown = [each for each in memberships if wanted.lower() in f"{each.shop.name} {each.shop.number}".lower()]
    return render(request, "backoffice/shops.html", {"memberships": shown, "total": len(memberships), "wanted": wanted})


@requires(Permission.VIEW_ORDERS)
def shop_home(request: HttpRequest) -> HttpResponse:
    return redirect("orders:list", request.shop.number)


@requires(Permission.VIEW_ORDERS)
def menu(request: HttpRequest) -> HttpResponse:
    """The navigation as a page of its own, for phones without script."""
    return render(request, "backoffice/menu.html")


@signed_in
def help_page(request: HttpRequest) -> HttpResponse:
    return render(request, "backoffice/help.html")


@signed_in
def profile(request: HttpRequest) -> HttpResponse:
    form = ProfileForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        with override(form.instance.language or request.LANGUAGE_CODE):
            messages.success(request, _("Your settings are saved."))
        return redirect("profile")
    return render(request, "backoffice/profile.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
@signed_in
def set_theme(request: HttpRequest) -> HttpResponse:
    form = ThemeForm(request.POST)
    if form.is_valid():
        request.user.theme = form.cleaned_data["theme"]
        request.user.save(update_fields=["theme"])
    return redirect(_page_to_return_to(request))


@require_POST
@public
def set_language(request: HttpRequest) -> HttpResponse:
    """Keep the language with the person, or before sign-in in a cookie."""
    form = LanguageForm(request.POST)
    response = redirect(_page_to_return_to(request))
    if not form.is_valid():
        return response
    language = form.cleaned_data["language"]
    if request.user.is_authenticated:
        request.user.language = language
        request.user.save(update_fields=["language"])
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=365 * 24 * 3600,
        secure=settings.PRODUCTION,
        httponly=True,
        samesite="Lax",
    )
    return response


def _page_to_return_to(request: HttpRequest) -> str:
    """The posted `next` when it is a page of ours, else the start page."""
    wanted = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        return wanted
    return reverse("shops")
