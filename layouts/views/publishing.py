"""Publishing: what stands in its way, to which shops, and what became of it."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers

from backoffice.access import requires
from backoffice.models import Job
from backoffice.roles import Permission
from layouts.comparing import file_changes, text_difference
from layouts.engine import problems_of
from layouts.forms import PublishForm
from layouts.jobs import PUBLISH, start_publishing
from layouts.legal import missing_duties
from layouts.places import Place, place_or_404, shops_of
from layouts.subjects import fields_of
from layouts.tracking import lacks_tracking


@requires(Permission.MANAGE_SETTINGS)
def publish(request: HttpRequest, kind: str, number: str) -> HttpResponse:
    """Ask in which shops, then try the hard cases and publish as a job."""
    place = place_or_404(request, kind, number)
    draft = place.draft
    if draft is None:
        return redirect(place.url("show"))
    shops = shops_of(place.base)
    usual = {"shops": [place.shop.number], "note": draft.note, "edition": draft.edition}
    form = PublishForm(request.POST or None, shops=shops, initial=usual)
    problems = problems_of(draft.html, fields_of(place.kind))
    if request.method == "POST" and form.is_valid() and not problems:
        chosen = [shop for shop in shops if shop.number in form.cleaned_data["shops"]]
        job = start_publishing(
            draft,
            chosen,
            base=place.base,
            seen=form.cleaned_data["edition"],
            note=form.cleaned_data["note"],
            by=request.actor,
        )
        return redirect(place.url("publishing", job.pk))
    context = {
        "place": place,
        "draft": draft,
        "form": form,
        "problems": problems,
        "duties": missing_duties(place.kind, draft.html, country=place.shop.country),
        "lacks_tracking": lacks_tracking(place.kind, draft.html),
        "html": text_difference(place.live.html, draft.html) if place.live else None,
        "css": text_difference(place.live.css, draft.css) if place.live else None,
        "files": file_changes(place.live, draft) if place.live else [],
    }
    return render(request, "layouts/publish.html", context, status=422 if request.method == "POST" else 200)


@requires(Permission.MANAGE_SETTINGS)
def publishing(request: HttpRequest, kind: str, number: str, pk: int) -> HttpResponse:
    """How far a publishing is, what failed, or where it is live now; for htmx the part that changes."""
    place = place_or_404(request, kind, number)
    job = Job.objects.for_shop(request.shop).filter(kind=PUBLISH, pk=pk).first()
    if job is None or (job.arguments["kind"], job.arguments["number"]) != (place.kind, place.shop.number):
        raise Http404("No such publishing.")
    context = {"place": place, "job": job, "undos": _undos(place, job)}
    is_part = request.htmx and not request.htmx.history_restore_request
    response = render(request, "layouts/_publishing.html" if is_part else "layouts/publishing.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _undos(place: Place, job: Job) -> list[tuple[str, int, str]]:
    """Where it is live now: the shop's name, the version's number, and the address that takes it back."""
    shops = {shop.number: shop for shop in shops_of(place.base)}
    before = dict(job.result.get("before", []))
    undos = []
    for number, version in job.result.get("published", []):
        back = before.get(number)
        args = [place.base.number, place.kind.value, number]
        url = reverse("layouts:print-with", args=[*args, back]) if back else reverse("layouts:standard", args=args)
        undos.append((shops[number].name if number in shops else number, version, url))
    return undos
