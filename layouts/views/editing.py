"""The page of a draft: its texts, what is wrong with them, and saving against what others saved."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from backoffice.access import requires
from backoffice.roles import Permission
from layouts.editor import Conflict, Side, conflict_of, side_of
from layouts.forms import DraftForm, PreviewForm
from layouts.models import LayoutVersion
from layouts.places import Place, place_or_404
from layouts.published import source_of
from layouts.services.drafts import (
    ChangedMeanwhile,
    DraftGone,
    begin_draft_of,
    give_up_draft,
    remove_file,
    save_draft,
)
from layouts.services.receiving import receive
from layouts.source import Source
from layouts.uploads import UploadRefused


@requires(Permission.MANAGE_SETTINGS)
def edit(request: HttpRequest, kind: str, number: str) -> HttpResponse:
    """The texts of the draft; saving refuses to overwrite what somebody else saved meanwhile."""
    place = place_or_404(request, kind, number)
    draft = _seen_draft(request, place)
    if draft is None:
        return redirect(place.url("show"))
    form = DraftForm(request.POST or None, draft=draft)
    if request.method == "GET" or "preview" in request.POST or not form.is_valid():
        return _page(request, place, form, draft)
    try:
        saved = _save(request, place, draft, form)
    except ChangedMeanwhile as meanwhile:
        return _page(request, place, form, draft, conflict_of(meanwhile.draft, form.cleaned_data))
    except DraftGone:
        draft.refresh_from_db()
        return _page(request, place, form, draft, conflict_of(draft, form.cleaned_data, is_gone=True))
    return _saved(request, place, _with_files(request, saved))


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def give_up(request: HttpRequest, kind: str, number: str) -> HttpResponse:
    """Put the draft away; undo makes a draft of it again."""
    place = place_or_404(request, kind, number)
    if place.draft is not None:
        give_up_draft(place.draft, by=request.actor)
        undo = f"undo:{place.url('restore', place.draft.number)}"
        messages.success(request, _("The draft is put away; it stays in the history."), extra_tags=undo)
    return redirect(place.url("show"))


# --- the parts ------------------------------------------------------------------------------------


def _seen_draft(request: HttpRequest, place: Place) -> LayoutVersion | None:
    """The draft that was on the screen: published or put away meanwhile, it is found all the same."""
    number = request.POST.get("number", "")
    if place.layout is None or not (number.isascii() and number.isdigit()):
        return place.draft
    seen = place.layout.versions.filter(number=number[:9]).first()
    if seen is not None:
        seen.layout = place.layout
    return seen or place.draft


def _save(request: HttpRequest, place: Place, draft: LayoutVersion, form: DraftForm) -> LayoutVersion:
    """Save what was typed: over the draft seen, over what others saved (`over`), or as a new draft (`again`)."""
    texts = {name: form.cleaned_data[name] for name in ("html", "css", "note")}
    seen = form.cleaned_data["edition"]
    if "again" in request.POST and not draft.is_draft:
        draft = begin_draft_of(draft, by=request.actor)
        seen = draft.edition
    elif request.POST.get("over", "").isdecimal():
        seen = int(request.POST["over"][:9])
    return save_draft(draft, **texts, seen=seen, by=request.actor)


def _with_files(request: HttpRequest, draft: LayoutVersion) -> LayoutVersion:
    """The saved draft with the files of the form, or without the one whose button was pressed."""
    if "upload" in request.POST:
        try:
            after = receive(draft, request.FILES.getlist("files"), by=request.actor)
        except UploadRefused as refusal:
            messages.error(request, refusal.message)
            return draft
        if after.number != draft.number:
            text = _("The upload is the draft now; the one before is kept in the history as number %d.")
            messages.info(request, text % draft.number)
        return after
    if "remove" in request.POST:
        return remove_file(draft, request.POST["remove"].replace("\0", "")[:100], by=request.actor)
    return draft


def _saved(request: HttpRequest, place: Place, draft: LayoutVersion) -> HttpResponse:
    if request.htmx:
        return _page(request, place, DraftForm(draft=draft), draft, said=_("Draft saved"))
    if "publish" in request.POST:
        return redirect(place.url("publish"))
    messages.success(request, _("Draft saved"))
    shown = {name: value for name in ("order", "language", "page") if (value := request.POST.get(name))}
    return redirect(f"{place.url('edit')}?{urlencode({'preview': '', **shown})}")


def _page(
    request: HttpRequest,
    place: Place,
    form: DraftForm,
    draft: LayoutVersion,
    conflict: Conflict | None = None,
    said: str = "",
) -> HttpResponse:
    """The whole page; for htmx the column beside the texts."""
    sent = request.POST if request.method == "POST" else request.GET
    asked = PreviewForm(sent)
    # A script asks for the picture once the page is there; without one it comes with a button, or after saving.
    page = asked.wanted_page if request.htmx or "preview" in sent else None
    files = source_of(draft).files if page else {}
    typed = Source(form["html"].value() or "", form["css"].value() or "", files, label="draft")
    side = side_of(place, typed, asked, page=page)
    context = {
        "place": place,
        "draft": draft,
        "form": form,
        "asked": asked,
        "side": side,
        "conflict": conflict,
        "said": said or _words(side),
        "is_saved": bool(said),
        # A preview that comes later must not wipe away that somebody else was here.
        "is_preview": "preview" in sent,
        "files": draft.files.defer("content"),
    }
    status = 409 if conflict else 422 if form.errors and "preview" not in request.POST else 200
    name = "layouts/_side.html" if request.htmx else "layouts/edit.html"
    return render(request, name, context, status=status)


def _words(side: Side) -> str:
    """What a screen reader hears once the column was made anew."""
    if not side.problems:
        return _("No errors")
    number = len(side.problems)
    return ngettext("%(number)d error", "%(number)d errors", number) % {"number": number}
