"""The page where a customer sees how far an order is. No sign-in: the link is the key."""

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import translation
from django.views.decorators.http import require_safe

from backoffice.access import public
from backoffice.limits import is_too_often
from backoffice.network import client_ip
from orders.status_page import LinkRefused, language_of, order_of, status_page

TRIES_A_MINUTE = 60


@require_safe
@public
def show(request: HttpRequest, token: str) -> HttpResponse:
    """The order's status; one and the same page for every link that does not work."""
    if is_too_often("order-status", client_ip(request) or "", limit=TRIES_A_MINUTE, seconds=60):
        response = _answer("orders/status_page.html", {"is_too_often": True}, status=429)
        response["Retry-After"] = "60"
        return response
    try:
        order = order_of(token)
    except LinkRefused:
        return _answer("orders/status_page.html", {"page": None}, status=404)
    with translation.override(language_of(order)):
        return _answer("orders/status_page.html", {"page": status_page(order)})


def _answer(template: str, context: dict, *, status: int = 200) -> HttpResponse:
    """Rendered without the request: no session is read and no cookie set. Nobody keeps, lists or passes it on."""
    response = HttpResponse(render_to_string(template, context), status=status)
    response["Content-Language"] = translation.get_language()
    response["Cache-Control"] = "no-store, private"
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "no-referrer"
    return response
