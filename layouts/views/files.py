"""Images and fonts of a draft."""

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import content_disposition_header

from backoffice.access import requires
from backoffice.roles import Permission
from layouts.places import place_or_404


@requires(Permission.VIEW_ORDERS)
def download(request: HttpRequest, kind: str, number: str, pk: int) -> HttpResponse:
    """A file as an attachment: whatever is in it, no browser shows it as a page of ours."""
    place = place_or_404(request, kind, number)
    file = place.layout.files.filter(pk=pk).first() if place.layout else None
    if file is None:
        raise Http404("No such file.")
    response = HttpResponse(bytes(file.content), content_type="application/octet-stream")
    response["Content-Disposition"] = content_disposition_header(True, file.name)
    response["X-Content-Type-Options"] = "nosniff"
    return response
