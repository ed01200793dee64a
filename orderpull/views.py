"""The pages of /RPC. They prove identity by themselves and answer XML, whatever is asked and however.

A refusal never says which check failed: one text for all. The reason is in the shop's own call log.
"""

import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from http import HTTPStatus

import structlog
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone

from backoffice.access import public
from backoffice.network import client_ip
from orderpull.calls import ListCall, PullRefused, malformed, read_query, shop_number_of
from orderpull.models import Outcome, PullCall
from orderpull.services import WINDOW, Pull, answer, check_signature, enter, issue_rpc_id, write_down
from orders.exports.xml import CONTENT_TYPE

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
REFUSAL = f"{DECLARATION}<error>invalid request</error>\n"
BUSY = f"{DECLARATION}<error>busy, try again later</error>\n"
BUSY_SECONDS = 10
STATUS_OF = {Outcome.MALFORMED: HTTPStatus.BAD_REQUEST, Outcome.TOO_MANY: HTTPStatus.TOO_MANY_REQUESTS}

Parameters = dict[str, str]
Step = Callable[[HttpRequest, Parameters, Pull, PullCall], HttpResponseBase]
log = structlog.get_logger("orderpull")


@public
def rpc_id(request: HttpRequest) -> HttpResponseBase:
    """Step 1: hand out an id."""
    return _answer(request, PullCall.Step.ID, _give_id)


@public
def orders_list(request: HttpRequest) -> HttpResponseBase:
    """Step 2: the orders that changed, for a signed call."""
    return _answer(request, PullCall.Step.LIST, _list_orders)


@public
def unknown(request: HttpRequest) -> HttpResponseBase:
    """Everything else under /RPC is refused like any other call."""
    return _answer(request, PullCall.Step.OTHER, _refuse_address)


def _answer(request: HttpRequest, kind: str, step: Step) -> HttpResponseBase:
    record = PullCall(step=kind, address=_address_of(request), at=timezone.now())
    try:
        try:
            if request.method not in {"GET", "HEAD"}:
                raise malformed("The method is not GET or HEAD.")
            parameters = read_query(request.META.get("QUERY_STRING", ""))
            pull = enter(shop_number_of(parameters), record)
            return step(request, parameters, pull, record)
        except PullRefused as refusal:
            if refusal.is_noted:
                write_down(record, refusal.outcome, refusal.detail)
            return _refusal(refusal)
    except OperationalError:
        # Another transaction holds the database longer than we wait: a machine can wait, it must not get a page.
        log.exception("database busy", step=kind)
        return _xml(BUSY, status=HTTPStatus.SERVICE_UNAVAILABLE, retry_after=BUSY_SECONDS)


def _give_id(request: HttpRequest, parameters: Parameters, pull: Pull, record: PullCall) -> HttpResponse:
    body = ""
    if request.method == "GET":
        # Clients read the first child of the root: nothing may stand between the tag and the digits.
        body = f"{DECLARATION}<rpc_id>{issue_rpc_id(pull.shop, at=record.at)}</rpc_id>"
    write_down(record, Outcome.ANSWERED)
    return _xml(body)


def _list_orders(request: HttpRequest, parameters: Parameters, pull: Pull, record: PullCall) -> HttpResponseBase:
    record.partner = parameters.get("partner", "")[:60]
    record.asked_for = (parameters.get("change_time") or parameters.get("order_id", ""))[:40]
    call = ListCall.read(parameters)
    check_signature(call, pull, at=record.at)
    if request.method == "HEAD":
        write_down(record, Outcome.ANSWERED)
        return _dressed(HttpResponse(content_type=CONTENT_TYPE))
    pieces = answer(call, pull, record)
    if not _takes_gzip(request):
        return _dressed(StreamingHttpResponse(pieces, content_type=CONTENT_TYPE))
    response = StreamingHttpResponse(_gzipped(pieces), content_type=CONTENT_TYPE)
    response["Content-Encoding"] = "gzip"
    return _dressed(response)


def _refuse_address(request: HttpRequest, parameters: Parameters, pull: Pull, record: PullCall) -> HttpResponse:
    raise malformed("There is no such address.")


def _refusal(refusal: PullRefused) -> HttpResponse:
    status = STATUS_OF.get(refusal.outcome, HTTPStatus.FORBIDDEN)
    retry_after = WINDOW.seconds if refusal.outcome == Outcome.TOO_MANY else None
    return _xml(REFUSAL, status=status, retry_after=retry_after)


def _xml(body: str, *, status: int = HTTPStatus.OK, retry_after: int | None = None) -> HttpResponse:
    response = _dressed(HttpResponse(body, content_type=CONTENT_TYPE, status=status))
    if retry_after is not None:
        response["Retry-After"] = str(retry_after)
    return response


def _dressed(response: HttpResponseBase) -> HttpResponseBase:
    response["Cache-Control"] = "no-store"
    response["Vary"] = "Accept-Encoding"
    return response


def _address_of(request: HttpRequest) -> str | None:
    """The caller's address without an IPv6 zone (`fe80::1%eth0`), which no database column takes."""
    address = client_ip(request)
    return address.partition("%")[0] if address else None


def _takes_gzip(request: HttpRequest) -> bool:
    for offer in request.headers.get("Accept-Encoding", "").lower().split(","):
        coding, *weights = offer.replace(" ", "").split(";")
        if coding == "gzip":
            return not any(weight.removeprefix("q=").strip("0.") == "" for weight in weights)
    return False


def _gzipped(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The pieces compressed; closing this closes them too, so that an ended call is written down at once."""
    with closing(pieces):
        squeeze = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
        for piece in pieces:
            if squeezed := squeeze.compress(piece):
                yield squeezed
        yield squeeze.flush()
