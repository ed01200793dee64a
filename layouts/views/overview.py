"""Layouts at a glance, and one of them with its history."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from backoffice.access import requires
from backoffice.roles import Permission
from layouts.forms import BeginForm
from layouts.overview import overview
from layouts.places import Place, place_or_404, shops_of
from layouts.services.drafts import begin_draft, begin_draft_of
from layouts.services.publishing import back_to_standard as go_back
from layouts.source import Source
from layouts.standard import standard

SHOWN_VERSIONS = 100


@requires(Permission.VIEW_ORDERS)
def listing(request: HttpRequest) -> HttpResponse:
    """A table for the base shop and each target shop."""
    tables = overview(request.shop, shops_of(request.shop))
    may_change = request.staff.may(Permission.MANAGE_SETTINGS)
    return render(request, "layouts/list.html", {"tables": tables, "may_change": may_change})


@requires(Permission.VIEW_ORDERS)
def show(request: HttpRequest, kind: str, number: str) -> HttpResponse:
    """What a paper is printed with, and every version there was."""
    place = place_or_404(request, kind, number)
    versions = place.layout.versions.defer("html", "css")[:SHOWN_VERSIONS] if place.layout else []
    may_change = request.staff.may(Permission.MANAGE_SETTINGS)
    return render(request, "layouts/show.html", {"place": place, "versions": versions, "may_change": may_change})


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def begin(request: HttpRequest, kind: str, number: str) -> HttpResponse:
    """A draft that begins with the built-in layout, the base shop's or the one that is live."""
    place = place_or_404(request, kind, number)
    form = BeginForm(request.POST)
    if not form.is_valid():
        return redirect(place.url("show"))
    replaced = place.draft
    if form.cleaned_data["source"] == "live" and place.live is not None:
        place.live.layout = place.layout
        begin_draft_of(place.live, by=request.actor)
    else:
        begin_draft(place.shop, place.kind, _source(place, form.cleaned_data["source"]), by=request.actor)
    if replaced is not None:
        messages.info(request, _("The draft that was here is kept in the history as number %d.") % replaced.number)
    return redirect(place.url("edit"))


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def back_to_standard(request: HttpRequest, kind: str, number: str) -> HttpResponse:
    """Print with the base shop's or the built-in layout again; undo prints with the version that was live."""
    place = place_or_404(request, kind, number)
    before = go_back(place.shop, place.kind, by=request.actor)
    text = _("%(kind)s of %(shop)s: the shop's own layout is no longer used.")
    undo = f"undo:{place.url('print-with', before.number)}" if before else ""
    messages.success(request, text % {"kind": place.kind.label, "shop": place.shop.name}, extra_tags=undo)
    return redirect(place.url("show"))


def _source(place: Place, chosen: str) -> Source:
    return place.inherited if chosen == "base" else standard(place.kind)
