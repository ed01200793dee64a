"""The call log, and what was answered."""

import gzip

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from backoffice.access import requires
from backoffice.roles import Permission
from orderpull import selectors
from orderpull.models import PullCall
from orders.exports.xml import CONTENT_TYPE

LARGEST_KEY = 2**63 - 1


@require_safe
@requires(Permission.VIEW_ORDERS)
def listing(request: HttpRequest) -> HttpResponse:
    only_refused = request.GET.get("only") == "refused"
    before = request.GET.get("before", "")
    is_key = before.isascii() and before.isdigit() and int(before[:20]) <= LARGEST_KEY
    page = selectors.call_page(request.shop, only_refused=only_refused, before=int(before) if is_key else None)
    context = {"calls": page, "only_refused": only_refused, "is_newest": not is_key}
    return render(request, "orderpull/calls.html", context)


@require_safe
@requires(Permission.VIEW_ORDERS)
def show(request: HttpRequest, pk: int) -> HttpResponse:
    call = _call_or_404(request, pk)
    context = {
        "call": call,
        "row": selectors.call_row(call, request.shop),
        "size": selectors.size_of(call),
        "may_replay": request.staff.may(Permission.EXPORT_ORDERS),
    }
    return render(request, "orderpull/call.html", context)


@require_safe
@requires(Permission.EXPORT_ORDERS)
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """The document as it was sent, byte for byte."""
    call = _call_or_404(request, pk)
    if call.answer is None:
        raise Http404("This answer is not kept, or not any more.")
    response = HttpResponse(gzip.decompress(call.answer), content_type=CONTENT_TYPE)
    response["Content-Disposition"] = f'attachment; filename="orders-{call.at:%Y%m%d%H%M%S}-{call.pk}.xml"'
    return response


def _call_or_404(request: HttpRequest, pk: int) -> PullCall:
    if pk > LARGEST_KEY:
        raise Http404("No key is so large.")
    return get_object_or_404(PullCall.objects.for_shop(request.shop), pk=pk)
