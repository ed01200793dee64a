"""The pages of /RPC. They prove identity by themselves and answer XML, whatever is asked and however.

A refusal never says which check failed: one text for all. The reason is in the shop's own call log.
"""

import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, suppress
from http import HTTPStatus
from xml.sax.saxutils import quoteattr

import structlog
from django.db import OperationalError
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.http.request import UnreadablePostError
from django.utils import timezone

from backoffice.access import public
from backoffice.network import client_ip
from orderpull.calls import (
    PARAMETERS,
    UPDATE_PARAMETERS,
    ListCall,
    PullRefused,
    SignedCall,
    UpdateCall,
    malformed,
    read_query,
    shop_meant,
    shop_number_of,
)
from orderpull.models import Outcome, PullCall
from orderpull.reasons import Reason
from orderpull.services import (
    WINDOW,
    Pull,
    answer,
    check_for_nothing,
    check_signature,
    check_updates_accepted,
    count_answer,
    enter,
    issue_rpc_id,
    update_order,
    write_down,
)
from orders.exports.xml import CONTENT_TYPE, SCHEMA

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
REFUSAL = f"{DECLARATION}<error>invalid request</error>\n"
BUSY = f"{DECLARATION}<error>busy, try again later</error>\n"
BUSY_SECONDS = 10
FAULT = f"{DECLARATION}<error>fault here, try again later</error>\n"
READING = ("GET", "HEAD")
FORM = "application/x-www-form-urlencoded"
MOST_BODY = 40_000
# Level 1 makes a tenth of order XML; the default takes four times as long for a little more.
QUICK = 1
# What a partner asks for, by the address it calls.
LIST_MODULE, COUNT_MODULE, UPDATE_MODULE = "orders_get", "orders_count", "orders_update"
READERS: dict[str, Callable[[dict[str, str]], SignedCall]] = {
    PullCall.Step.LIST: ListCall.read,
    PullCall.Step.COUNT: ListCall.since,
    PullCall.Step.UPDATE: UpdateCall.read,
}
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
def orders_count(request: HttpRequest) -> HttpResponseBase:
    """Our own addition: orders and a checksum per day, for a nightly comparison."""
    return _answer(request, PullCall.Step.COUNT, _count_orders)


@public
def orders_update(request: HttpRequest) -> HttpResponseBase:
    """Our own addition: a business system tells of an order."""
    return _answer(request, PullCall.Step.UPDATE, _update_order)


@public
def schema(request: HttpRequest) -> HttpResponseBase:
    """The schema of the order XML, for whoever wants to check what comes."""
    if request.method not in READING:
        return _xml(REFUSAL, status=HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": ", ".join(READING)})
    if request.method == "HEAD":
        return HttpResponse(content_type=CONTENT_TYPE, headers={"Content-Length": SCHEMA.stat().st_size})
    return FileResponse(SCHEMA.open("rb"), content_type=CONTENT_TYPE, filename=SCHEMA.name)


@public
def unknown(request: HttpRequest) -> HttpResponseBase:
    """Everything else under /RPC is refused like any other call."""
    return _answer(request, PullCall.Step.OTHER, _refuse_address)


def _answer(request: HttpRequest, kind: str, step: Step) -> HttpResponseBase:
    record = PullCall(step=kind, address=client_ip(request), at=timezone.now())
    try:
        try:
            parameters = _parameters_of(request, kind, record)
            pull = _enter(kind, parameters, record)
            return step(request, parameters, pull, record)
        except PullRefused as refusal:
            if refusal.is_noted:
                write_down(record, refusal.outcome, refusal.reason)
            return _refusal(refusal)
    except OperationalError:
        # Another transaction holds the database longer than we wait: a machine can wait, it must not get a page.
        log.exception("database busy", step=kind)
        return _xml(BUSY, status=HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": BUSY_SECONDS})
    except Exception:
        log.exception("fault", step=kind)
        return _xml(FAULT, status=HTTPStatus.INTERNAL_SERVER_ERROR)


def _enter(kind: str, parameters: Parameters, record: PullCall) -> Pull:
    """Let the caller in. Raises PullRefused, in the time that refusing a wrong signature takes."""
    try:
        return enter(shop_number_of(parameters), record)
    except PullRefused as refusal:
        if kind in READERS and refusal.outcome != Outcome.TOO_MANY:
            with suppress(PullRefused):  # malformed besides: then nobody's signature is looked at
                check_for_nothing(READERS[kind](parameters))
        raise


def _parameters_of(request: HttpRequest, kind: str, record: PullCall) -> Parameters:
    """What the caller sent: in the address to read, in the body to update. Raises PullRefused."""
    is_update = kind == PullCall.Step.UPDATE
    sent = request.META.get("QUERY_STRING", "")
    try:
        if request.method not in (("POST",) if is_update else READING):
            raise malformed(Reason.METHOD)
        sent = _body_of(request) if is_update else sent
        return read_query(sent, UPDATE_PARAMETERS if is_update else PARAMETERS)
    except PullRefused:
        _note_whose_it_was_meant_to_be(sent, record)
        raise


def _note_whose_it_was_meant_to_be(sent: str, record: PullCall) -> None:
    """So that a shop reads in its log of calls that cannot even be read. Raises PullRefused for one too many."""
    if not (number := shop_meant(sent)):
        return
    try:
        enter(number, record)
    except PullRefused as refusal:
        if refusal.outcome == Outcome.TOO_MANY:
            raise


def _body_of(request: HttpRequest) -> str:
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        raise malformed(Reason.BODY) from None
    if request.content_type != FORM or not 0 < length <= MOST_BODY:
        raise malformed(Reason.BODY)
    try:
        return request.body.decode("latin-1")  # read_query refuses what is not ASCII
    except UnreadablePostError:
        raise malformed(Reason.BODY) from None


def _give_id(request: HttpRequest, parameters: Parameters, pull: Pull, record: PullCall) -> HttpResponse:
    body = ""
    if request.method == "GET":
        # Clients read the first child of the root: nothing may stand between the tag and the digits.
        body = f"{DECLARATION}<rpc_id>{issue_rpc_id(pull.shop, at=record.at)}</rpc_id>"
    write_down(record, Outcome.ANSWERED)
    return _xml(body)


def _list_orders(request: HttpRequest, parameters: Parameters, pull: Pull, record: PullCall) -> HttpResponseBase:
    _note_what_is_asked(record, parameters)
    call = ListCall.read(parameters)
    check_signature(call, pull, record, module=LIST_MODULE)
    headers = {"Content-Encoding": "gzip"} if _takes_gzip(request) else None
    if request.method == "HEAD":
        write_down(record, Outcome.ANSWERED)
        return _dressed(HttpResponse(content_type=CONTENT_TYPE, headers=headers))
    pieces = answer(call, pull, record)
    return _dressed(
        StreamingHttpResponse(_gzipped(pieces) if headers else pieces, content_type=CONTENT_TYPE, headers=headers)
    )


def _count_orders(request: HttpRequest, parameters: Parameters, pull: Pull, record: PullCall) -> HttpResponseBase:
    _note_what_is_asked(record, parameters)
    call = ListCall.since(parameters)
    check_signature(call, pull, record, module=COUNT_MODULE)
    body = b"" if request.method == "HEAD" else count_answer(call, pull, record)
    write_down(record, Outcome.ANSWERED)
    return _dressed(HttpResponse(body, content_type=CONTENT_TYPE))


def _update_order(request: HttpRequest, parameters: Parameters, pull: Pull, record: PullCall) -> HttpResponseBase:
    _note_what_is_asked(record, parameters)
    call = UpdateCall.read(parameters)
    check_signature(call, pull, record, module=UPDATE_MODULE)
    check_updates_accepted(pull)
    updated = update_order(call, pull, record)
    record.number_of_orders = int(updated.is_changed)
    write_down(record, Outcome.NOT_DONE if updated.refusal else Outcome.ANSWERED)
    if updated.refusal:
        body = f'{DECLARATION}<update result="refused" reason={quoteattr(updated.refusal)}/>\n'
        return _xml(body, status=HTTPStatus.CONFLICT)
    result = "changed" if updated.is_changed else "unchanged"
    return _xml(f'{DECLARATION}<update result="{result}" version="{updated.version}"/>\n')


def _note_what_is_asked(record: PullCall, parameters: Parameters) -> None:
    record.partner = parameters.get("partner", "")[:60]
    record.asked_for = (parameters.get("change_time") or parameters.get("order_id", ""))[:40]


def _refuse_address(request: HttpRequest, parameters: Parameters, pull: Pull, record: PullCall) -> HttpResponse:
    raise malformed(Reason.ADDRESS)


def _refusal(refusal: PullRefused) -> HttpResponse:
    status = STATUS_OF.get(refusal.outcome, HTTPStatus.FORBIDDEN)
    headers = {"Retry-After": WINDOW.seconds} if refusal.outcome == Outcome.TOO_MANY else None
    return _xml(REFUSAL, status=status, headers=headers)


def _xml(body: str, *, status: int = HTTPStatus.OK, headers: dict | None = None) -> HttpResponse:
    return _dressed(HttpResponse(body, content_type=CONTENT_TYPE, status=status, headers=headers))


def _dressed(response: HttpResponseBase) -> HttpResponseBase:
    response["Cache-Control"] = "no-store"
    response["Vary"] = "Accept-Encoding"
    return response


def _takes_gzip(request: HttpRequest) -> bool:
    for offer in request.headers.get("Accept-Encoding", "").lower().split(","):
        coding, *weights = offer.replace(" ", "").split(";")
        if coding == "gzip":
            return not any(weight.removeprefix("q=").strip("0.") == "" for weight in weights)
    return False


def _gzipped(pieces: Generator[bytes, None, None]) -> Iterator[bytes]:
    """The pieces compressed; closing this closes them too, so that an ended call is written down at once."""
    with closing(pieces):
        squeeze = zlib.compressobj(QUICK, wbits=zlib.MAX_WBITS | 16)
        for piece in pieces:
            if squeezed := squeeze.compress(piece):
                yield squeezed
        yield squeeze.flush()
