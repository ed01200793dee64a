"""One version: what it says, what changed, and the ways back to it."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from backoffice.access import requires
from backoffice.roles import Permission
from layouts.comparing import file_changes, text_difference
from layouts.models import LayoutVersion
from layouts.places import Place, place_or_404
from layouts.services.drafts import begin_draft_of
from layouts.services.publishing import print_with as go_live


@requires(Permission.VIEW_ORDERS)
def show(request: HttpRequest, kind: str, number: str, version: int) -> HttpResponse:
    """A version with what changed since another one, by default the one before."""
    place = place_or_404(request, kind, number)
    shown = place.version_or_404(version)
    others = list(place.layout.versions.exclude(pk=shown.pk).defer("html", "css"))
    other = _other(request, place, shown, others)
    context = {
        "place": place,
        "version": shown,
        "others": others,
        "other": other,
        "html": text_difference(other.html, shown.html) if other else None,
        "css": text_difference(other.css, shown.css) if other else None,
        "files": file_changes(other, shown) if other else [],
        "may_change": request.staff.may(Permission.MANAGE_SETTINGS),
    }
    return render(request, "layouts/version.html", context)


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def restore(request: HttpRequest, kind: str, number: str, version: int) -> HttpResponse:
    """A copy of the version becomes the draft."""
    place = place_or_404(request, kind, number)
    replaced = place.draft
    begin_draft_of(place.version_or_404(version), by=request.actor, note=_("From version %d") % version)
    text = _("The draft is a copy of version %d now.") % version
    if replaced is not None:
        text = f"{text} {_('The draft that was here is kept in the history as number %d.') % replaced.number}"
    messages.success(request, text)
    return redirect(place.url("edit"))


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def print_with(request: HttpRequest, kind: str, number: str, version: int) -> HttpResponse:
    """Print with a version that was published before; undo goes back to what was."""
    place = place_or_404(request, kind, number)
    before = place.live
    try:
        go_live(place.version_or_404(version), by=request.actor)
    except LayoutVersion.DoesNotExist:
        raise Http404("Never published.") from None
    undo = place.url("print-with", before.number) if before else place.url("standard")
    text = _("%(kind)s of %(shop)s is printed with version %(number)d.")
    values = {"kind": place.kind.label, "shop": place.shop.name, "number": version}
    messages.success(request, text % values, extra_tags=f"undo:{undo}")
    return redirect(place.url("show"))


def _other(
    request: HttpRequest, place: Place, shown: LayoutVersion, others: list[LayoutVersion]
) -> LayoutVersion | None:
    """The version to compare with: the one asked for, else the newest before this one."""
    asked = request.GET.get("with", "")
    for each in others:
        if str(each.number) == asked or (not asked and each.number < shown.number):
            return place.version_or_404(each.number)
    return None
