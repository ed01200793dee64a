"""Invoices and credit notes: the list, one of them, its papers, and the page that proves the numbers."""

import io

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from backoffice.access import requires
from backoffice.roles import Permission
from layouts.rendering import RenderFailed
from orders.einvoice.cii import cii
from orders.einvoice.document import einvoice_of
from orders.einvoice.ubl import ubl
from orders.exports.csv import CsvWriter
from orders.exports.xlsx import XlsxWriter
from orders.invoice_forms import InvoiceFilterForm
from orders.invoicing.audit import audit, broken_links
from orders.invoicing.listing import invoice_list
from orders.invoicing.page import invoice_page
from orders.invoicing.report import HEADINGS, report_rows, series_rows
from orders.models import Invoice, InvoiceDue
from orders.papers.invoice_files import file_name, invoice_pdf, try_again
from orders.services.errors import ChangeRefused
from orders.services.invoices import issue_invoice
from orders.views.one_order import order_or_404, order_url, to_order

SYNTAXES = {"ubl": ubl, "cii": cii}


@require_safe
@requires(Permission.VIEW_ORDERS)
def listing(request: HttpRequest) -> HttpResponse:
    form = InvoiceFilterForm(request.GET)
    wanted = form.wanted()
    refused = InvoiceDue.objects.filter(order__shop=request.shop).exclude(refusal="").select_related("order")
    context = {
        "form": form,
        "invoices": invoice_list(request.shop, wanted),
        "is_narrowed": wanted.is_narrowed,
        "is_newest": wanted.before is None,
        "refused": list(refused[:20]),
        "may_set": request.staff.may(Permission.MANAGE_SETTINGS),
    }
    return render(request, "invoices/list.html", context)


@require_safe
@requires(Permission.VIEW_ORDERS)
def show(request: HttpRequest, pk: int) -> HttpResponse:
    invoice = invoice_or_404(request, pk)
    context = {
        "invoice": invoice,
        "page": invoice_page(invoice),
        "corrections": list(invoice.corrections.defer("data").order_by("pk")),
        "may_issue": request.staff.may(Permission.ISSUE_INVOICES),
    }
    return render(request, "invoices/show.html", context)


@require_safe
@requires(Permission.VIEW_ORDERS)
def pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """The kept bytes; made now where they were not made yet."""
    invoice = invoice_or_404(request, pk)
    try:
        content = invoice_pdf(invoice)
    except RenderFailed as failure:
        messages.error(request, _("The paper could not be made: %(problem)s") % {"problem": failure})
        return redirect("invoices:show", request.shop.number, pk)
    return _file(content, "application/pdf", file_name(invoice), shown="download" not in request.GET)


@require_POST
@requires(Permission.ISSUE_INVOICES)
def make(request: HttpRequest, pk: int) -> HttpResponse:
    """Try again to make the bytes, after somebody has seen to what was wrong."""
    invoice = invoice_or_404(request, pk)
    try_again(invoice)
    try:
        invoice_pdf(invoice)
    except RenderFailed as failure:
        messages.error(request, _("The paper could not be made: %(problem)s") % {"problem": failure})
    else:
        messages.success(request, _("The paper is made."))
    return redirect("invoices:show", request.shop.number, pk)


@require_safe
@requires(Permission.VIEW_ORDERS)
def einvoice(request: HttpRequest, pk: int, syntax: str) -> HttpResponse:
    if syntax not in SYNTAXES:
        raise Http404
    invoice = invoice_or_404(request, pk)
    name = file_name(invoice).replace(".pdf", f"-{syntax}.xml")
    return _file(SYNTAXES[syntax](einvoice_of(invoice)), "application/xml", name, shown=False)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.ISSUE_INVOICES)
def issue(request: HttpRequest, number: int) -> HttpResponse:
    """Ask, then issue the invoice of an order; one that is invoiced leads to its invoice."""
    order = order_or_404(request, number)
    standing = Invoice.objects.standing().filter(order=order).only("pk").first()
    if standing is not None:
        return redirect("invoices:show", request.shop.number, standing.pk)
    refusal = ""
    if request.method == "POST":
        try:
            invoice = issue_invoice(order, by=request.actor)
        except ChangeRefused as why:
            refusal = str(why)
        else:
            messages.success(request, _("%(number)s is issued.") % {"number": invoice.number})
            return to_order(request, order)
    context = {"order": order, "back": order_url(request, order), "refusal": refusal}
    return render(request, "invoices/issue.html", context, status=422 if refusal else 200)


@require_safe
@requires(Permission.VIEW_ORDERS)
def numbers(request: HttpRequest) -> HttpResponse:
    return render(request, "invoices/numbers.html", {"series": series_rows(audit(request.shop)), "checked": None})


@require_POST
@requires(Permission.VIEW_ORDERS)
def verify(request: HttpRequest) -> HttpResponse:
    """As the page of numbers, after reading every document and its digest."""
    context = {
        "series": series_rows(audit(request.shop)),
        "checked": {"number": Invoice.objects.for_shop(request.shop).count(), "broken": broken_links(request.shop)},
    }
    return render(request, "invoices/numbers.html", context)


@require_safe
@requires(Permission.EXPORT_ORDERS)
def report(request: HttpRequest, ending: str) -> HttpResponse:
    """The page of numbers as a table: `csv` or `xlsx`."""
    file = io.BytesIO()
    rows = report_rows(audit(request.shop))
    if ending == "csv":
        with CsvWriter(file, HEADINGS(), zone=request.shop.zone) as csv:
            csv.write(rows)
        return _file(file.getvalue(), "text/csv; charset=utf-8", "invoice-numbers.csv", shown=False)
    if ending == "xlsx":
        with XlsxWriter(file, HEADINGS(), title=_("Numbers"), zone=request.shop.zone) as xlsx:
            xlsx.write(rows)
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        return _file(file.getvalue(), kind, "invoice-numbers.xlsx", shown=False)
    raise Http404


def invoice_or_404(request: HttpRequest, pk: int) -> Invoice:
    if pk >= 2**63:
        raise Http404
    rows = Invoice.objects.for_shop(request.shop).select_related("order", "corrects")
    invoice = get_object_or_404(rows, pk=pk)
    invoice.shop = request.shop
    return invoice


def _file(content: bytes, content_type: str, name: str, *, shown: bool) -> HttpResponse:
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = f'{"inline" if shown else "attachment"}; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response
