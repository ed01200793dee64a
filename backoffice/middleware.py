"""Around every request: its id and log line, the bare `/RPC` answers, language, shop and privacy of pages."""

import re
import time
import uuid
from collections.abc import Callable

import structlog
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import resolve
from django.utils import translation

from backoffice.models import Shop, StaffMember
from backoffice.network import client_ip
from backoffice.seldom import absent_for, questions

GetResponse = Callable[[HttpRequest], HttpResponse]
log = structlog.get_logger("backoffice.request")
REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
# Addresses that are a key by themselves: whoever reads a log must not be able to use it.
SECRET_PATH = re.compile(r"^(/status/).+")


class RequestLogMiddleware:
    """One structured line per request with an id that the answer carries too. Query strings are never logged:
    they hold search words and signatures."""

    def __init__(self, get_response: GetResponse):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        offered = request.headers.get("X-Request-ID", "")
        request.id = offered if REQUEST_ID.fullmatch(offered) else uuid.uuid4().hex
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request.id)
        started = time.perf_counter()
        response = self.get_response(request)
        response["X-Request-ID"] = request.id
        log.info(
            "request",
            method=request.method,
            path=SECRET_PATH.sub(r"\1…", request.path),
            status=response.status_code,
            ms=round((time.perf_counter() - started) * 1000, 1),
        )
        return response


class BareRpcMiddleware:
    """`/RPC` answers machines: no session, no cookie, no CSRF, no sign-in page, no redirect.

    It stands before the session middleware and, for `/RPC` and what is below it only, goes straight to the view.
    """

    def __init__(self, get_response: GetResponse):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Without its slash too: elsewhere that is asked for by a redirect.
        path = "/RPC/" if request.path_info == "/RPC" else request.path_info
        if not path.startswith("/RPC/"):
            return self.get_response(request)
        match = resolve(path)
        return match.func(request, *match.args, **match.kwargs)


class UserLanguageMiddleware:
    """A signed-in person's own language; before sign-in the cookie, then what the browser asks for."""

    def __init__(self, get_response: GetResponse):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = getattr(request.user, "language", "") or request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        if language not in dict(settings.LANGUAGES):
            language = translation.get_language_from_request(request)
        translation.activate(language)
        request.LANGUAGE_CODE = language
        response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        return response


class ShopMiddleware:
    """Find the URL's shop and the person's role in it, or answer 404: another shop does not exist here."""

    def __init__(self, get_response: GetResponse):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.shop = request.staff = request.actor = None
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view, args, kwargs) -> None:
        if any("\0" in value for value in kwargs.values() if isinstance(value, str)):
            raise Http404("No number holds a NUL, and PostgreSQL refuses to look for one.")
        number = kwargs.pop("shop_number", None)
        if number is None or not request.user.is_authenticated:
            return
        request.shop, request.staff = membership_or_404(request.user, number)
        request.shop.request_cache = {}
        if request.method == "GET":
            # Pages that only show things need not ask for what is not there.
            request.shop.request_cache |= absent_for(request.staff)
        # "Do not notify" stands beside every action that would mail, so it is read in one place for all of them.
        is_quiet = request.method == "POST" and request.POST.get("quiet") == "1"
        request.actor = request.staff.as_actor(client_ip(request), is_quiet=is_quiet)


def membership_or_404(user, number: str) -> tuple[Shop, StaffMember]:
    """The shop with that number and the user's active role in it, which knows what is seldom there."""
    staff = (
        StaffMember.objects.select_related("shop", "user")
        .annotate(**questions())
        .filter(user=user, shop__number=number, shop__base_shop=None, is_active=True)
        .first()
    )
    if staff is None:
        raise Http404("No such shop.")
    return staff.shop, staff


class PrivatePagesMiddleware:
    """Signed-in pages are kept by no cache, neither shared nor the browser's own after signing out."""

    def __init__(self, get_response: GetResponse):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.user.is_authenticated or request.method == "POST":
            response["Cache-Control"] = "no-store, private"
        return response
