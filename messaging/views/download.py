"""The page where a customer fetches a file that was bought. No sign-in: the link is the key."""

from typing import BinaryIO

from django.http import FileResponse, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt

from backoffice.access import public
from backoffice.limits import is_too_often
from backoffice.network import client_ip
from messaging.models import Download
from messaging.services.digital import LinkRefused, count_fetch, download_of
from orders.status_page import language_of

TRIES_A_MINUTE = 60


@csrf_exempt
@public
def show(request: HttpRequest, token: str) -> HttpResponse:
    """A button, because programs that look at links in mails must not use up a fetch; pressing it is the POST.

    No cookie is read, so there is nothing a forged form could misuse.
    """
    if is_too_often("download", client_ip(request) or "", limit=TRIES_A_MINUTE, seconds=60):
        return _answer({"is_too_often": True}, status=429)
    try:
        download = download_of(token)
        if request.method == "POST":
            return FileResponse(
                _fetched(download), as_attachment=True, filename=download.name, content_type="application/octet-stream"
            )
    except (LinkRefused, FileNotFoundError):
        return _answer({"download": None}, status=404)
    with translation.override(language_of(download.order)):
        zone = download.order.shop.zone
        last_day = download.expires_at.astimezone(zone).date()
        left = download.most_times - download.times
        return _answer({"download": download, "shop": download.order.shop, "last_day": last_day, "left": left})


def _fetched(download: Download) -> BinaryIO:
    """The open file, counted; a file that is gone uses nothing up."""
    content = download.shop_file.file.open("rb")
    try:
        count_fetch(download)
    except LinkRefused:
        content.close()
        raise
    return content


def _answer(context: dict, *, status: int = 200) -> HttpResponse:
    response = HttpResponse(render_to_string("messaging/download.html", context), status=status)
    response["Content-Language"] = translation.get_language()
    response["Cache-Control"] = "no-store, private"
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "no-referrer"
    return response
