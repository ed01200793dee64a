"""Papers to look at: a saved version for whoever may see orders, typed texts for whoever may change them."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.text import slugify
from django.views.decorators.http import require_POST

from backoffice.access import requires
from backoffice.roles import Permission
from layouts.editor import subject_of
from layouts.forms import PreviewForm
from layouts.places import Place, place_or_404
from layouts.previews import pdf_of, preview_of
from layouts.published import layout_for, source_of
from layouts.rendering import RenderFailed
from layouts.source import Source
from layouts.subjects import choices_for


@requires(Permission.VIEW_ORDERS)
def picture(request: HttpRequest, kind: str, number: str) -> HttpResponse:
    """A page of what is printed with now, or of the `version` asked for; for htmx the picture alone."""
    place = place_or_404(request, kind, number)
    asked = PreviewForm(request.GET)
    subject, missing = subject_of(place, asked)
    context = {
        "place": place,
        "version": request.GET.get("version", ""),
        "asked": asked,
        "subject": subject,
        "missing": missing,
        "choices": choices_for(place.shop),
        "preview": preview_of(_source(request, place), subject, page=asked.wanted_page),
    }
    return render(request, "layouts/_look.html" if request.htmx else "layouts/look.html", context)


@requires(Permission.VIEW_ORDERS)
def pdf(request: HttpRequest, kind: str, number: str) -> HttpResponse:
    """The document as PDF."""
    place = place_or_404(request, kind, number)
    return _pdf(request, place, _source(request, place), PreviewForm(request.GET))


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def typed_pdf(request: HttpRequest, kind: str, number: str) -> HttpResponse:
    """What is typed, as PDF; nothing is saved."""
    place = place_or_404(request, kind, number)
    if place.draft is None:
        raise Http404("No draft.")
    typed = Source(request.POST.get("html", ""), request.POST.get("css", ""), source_of(place.draft).files, "draft")
    return _pdf(request, place, typed, PreviewForm(request.POST))


def _source(request: HttpRequest, place: Place) -> Source:
    asked = request.GET.get("version", "")
    if not asked:
        return layout_for(place.shop, place.kind)
    if not (asked.isascii() and asked.isdigit()):
        raise Http404("No such version.")
    return source_of(place.version_or_404(int(asked[:10])))


def _pdf(request: HttpRequest, place: Place, source: Source, asked: PreviewForm) -> HttpResponse:
    subject, _missing = subject_of(place, asked)
    try:
        made = pdf_of(source, subject)
    except RenderFailed as failed:
        context = {"place": place, "problems": failed.problems}
        return render(request, "layouts/pdf_failed.html", context, status=422)
    name = slugify(f"{place.kind}-{subject.number or 'sample'}")
    response = HttpResponse(made.pdf, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    return response
