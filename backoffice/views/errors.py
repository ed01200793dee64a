"""Error pages keep the shell, name the cause and one next step. They never show a trace."""

import re
import sys

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from backoffice.access import PermissionMissing, public
from backoffice.job_files import NO_ROOM
from backoffice.middleware import membership_or_404

PATH_OF_A_SHOP = re.compile("/s/([1-9][0-9]*)/")


@public
def bad_request(request: HttpRequest, exception=None) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        return too_large(request, settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    return render(request, "400.html", {"request_id": request.id}, status=400)


@public
def too_large(request: HttpRequest, most: int) -> HttpResponse:
    """More than `most` bytes were sent, or announced."""
    _enter_the_shop_of_the_path(request)
    return render(request, "413.html", {"most": most // 1_000_000, "request_id": request.id}, status=413)


@public
def permission_denied(request: HttpRequest, exception=None) -> HttpResponse:
    missing = exception if isinstance(exception, PermissionMissing) else None
    return render(request, "403.html", {"missing": missing, "request_id": request.id}, status=403)


@public
def page_not_found(request: HttpRequest, exception=None) -> HttpResponse:
    _enter_the_shop_of_the_path(request)
    last_part = request.path.rstrip("/").rsplit("/", 1)[-1][:60]
    return render(request, "404.html", {"search_for": last_part, "request_id": request.id}, status=404)


@public
def server_error(request: HttpRequest) -> HttpResponse:
    """Also what could not be written because the disk is full: an upload lies there while it arrives."""
    problem = sys.exception()
    is_full = isinstance(problem, OSError) and problem.errno in NO_ROOM
    # Without the request: its context asks the database for the shop and the person, and that may be what failed.
    context = {"request_id": getattr(request, "id", ""), "is_full": is_full}
    return HttpResponse(render_to_string("500.html", context), status=507 if is_full else 500)


@public
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "403_csrf.html", {"request_id": getattr(request, "id", "")}, status=403)


def _enter_the_shop_of_the_path(request: HttpRequest) -> None:
    """No view was found, so ShopMiddleware was not asked: set what the shell needs if this person works there."""
    user = getattr(request, "user", None)
    found = PATH_OF_A_SHOP.match(request.path_info)
    if found is None or user is None or not user.is_authenticated or request.shop is not None:
        return
    try:
        request.shop, request.staff = membership_or_404(user, found[1])
    except Http404:
        return
