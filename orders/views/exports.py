"""Exports: asking for one, and the list of downloads. What they hold is made by a job."""

from dataclasses import replace

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from backoffice import job_files
from backoffice.access import requires
from backoffice.models import Job
from backoffice.roles import Permission
from orders import display, selection
from orders.exports.downloads import downloads_of
from orders.exports.forms import ExportForm
from orders.exports.jobs import EXPORT, ExportRequest, start_export
from orders.list_query import default_columns, from_text

# Counting on would take longer than anybody wants to wait for a form.
COUNT_CAP = 100_000


@requires(Permission.EXPORT_ORDERS)
def show(request: HttpRequest) -> HttpResponse:
    """The form, filled from the list's query, above the downloads; for htmx the downloads alone."""
    is_part = request.htmx and not request.htmx.history_restore_request
    if is_part:
        response = render(request, "orders/_downloads.html", _downloads(request))
    else:
        form = _form(request, None, request.GET)
        response = render(request, "orders/exports.html", _page(request, form))
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_POST
@requires(Permission.EXPORT_ORDERS)
def start(request: HttpRequest) -> HttpResponse:
    form = _form(request, request.POST, from_text(request.POST.get("query", "")))
    if not form.is_valid():
        return render(request, "orders/exports.html", _page(request, form), status=422)
    asked = replace(form.request(), language=request.LANGUAGE_CODE)
    start_export(asked, shop=request.shop, by=request.actor, token=form.cleaned_data["token"])
    messages.success(request, _("The export has begun. It appears below as soon as it is ready."))
    return redirect("exports:list", request.shop.number)


@require_POST
@requires(Permission.EXPORT_ORDERS)
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """The same export once more, of the orders that match now."""
    job = _export_or_404(request, pk)
    asked = replace(ExportRequest.of(job), language=request.LANGUAGE_CODE)
    start_export(asked, shop=request.shop, by=request.actor)
    messages.success(request, _("The export has begun again."))
    return redirect("exports:list", request.shop.number)


@require_POST
@requires(Permission.EXPORT_ORDERS)
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    job = _export_or_404(request, pk)
    if job.is_open:
        messages.warning(request, _("The export is still at work. Stop it first."))
    else:
        job_files.delete(job)
        messages.success(request, _("The download is deleted."))
    return redirect("exports:list", request.shop.number)


def _export_or_404(request: HttpRequest, pk: int) -> Job:
    return get_object_or_404(Job.objects.for_shop(request.shop), kind=EXPORT, pk=pk)


def _form(request: HttpRequest, data: QueryDict | None, view: QueryDict) -> ExportForm:
    return ExportForm(
        data,
        shop=request.shop,
        view=view,
        selection=selection.load(request),
        default_columns=default_columns(request.staff),
    )


def _page(request: HttpRequest, form: ExportForm) -> dict:
    number = form.view.orders.order_by().values("pk")[:COUNT_CAP].count()
    return _downloads(request) | {
        "form": form,
        "has_view": bool(form.view.asked()),
        "count": _about(number),
    }


def _about(number: int) -> str:
    if number == COUNT_CAP:
        return _("More than %(number)s orders") % {"number": display.integer(number)}
    text = ngettext("About %(number)s order", "About %(number)s orders", number)
    return text % {"number": display.integer(number)}


def _downloads(request: HttpRequest) -> dict:
    downloads = downloads_of(request.shop)
    return {"downloads": downloads, "is_busy": any(download.job.is_open for download in downloads)}
