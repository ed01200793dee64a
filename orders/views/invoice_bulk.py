"""Invoices of the orders that are ticked in the list: how many, which are refused and why, then the go-ahead."""

import uuid

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from backoffice.access import requires
from backoffice.roles import Permission
from orders import selection
from orders.bulk_invoices import forecast, issue_at_once, start_issuing, told
from orders.jobs import MOST_AT_ONCE
from orders.models import Order


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.ISSUE_INVOICES)
def issue_selected(request: HttpRequest) -> HttpResponse:
    chosen = selection.load(request)
    orders = chosen.orders(request.shop)
    if request.method == "POST":
        return _issue(request, orders)
    said = forecast(orders, request.shop)
    context = {
        "forecast": said,
        "selected": len(chosen),
        "is_job": said.total > MOST_AT_ONCE,
        "token": uuid.uuid4(),
    }
    return render(request, "invoices/issue_selected.html", context)


def _issue(request: HttpRequest, orders: QuerySet[Order]) -> HttpResponse:
    number = orders.order_by()[: MOST_AT_ONCE + 1].count()
    if number > MOST_AT_ONCE:
        job = start_issuing(orders, shop=request.shop, by=request.actor, token=_token(request))
        _forget(request)
        return redirect("job", request.shop.number, job.pk)
    result = issue_at_once(orders, shop=request.shop, by=request.actor)
    tell = messages.success if result.changed else messages.warning
    tell(request, told(result))
    _forget(request)
    return redirect("orders:list", request.shop.number)


def _token(request: HttpRequest) -> uuid.UUID:
    """Of the form, so that pressing twice starts one job."""
    try:
        return uuid.UUID(request.POST.get("token", ""))
    except ValueError:
        return uuid.uuid4()


def _forget(request: HttpRequest) -> None:
    if not request.user.keep_selection:
        selection.clear(request)
