"""Crediting an invoice: the form, the page that asks once more, the credit note."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from backoffice.access import requires
from backoffice.roles import Permission
from orders import display
from orders.invoice_forms import CreditForm
from orders.invoicing.left import left_of
from orders.models import Invoice
from orders.money import ZERO
from orders.services.credit_notes import CreditedMeanwhile, credit_invoice, credit_parts
from orders.services.errors import InputRefused
from orders.services.invoices import InvoiceRefused
from orders.views.invoices import invoice_or_404

CHECK, CREDIT = "check", "credit"


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.ISSUE_INVOICES)
def credit(request: HttpRequest, pk: int) -> HttpResponse:
    """One address for all steps; which one, the button says."""
    invoice = invoice_or_404(request, pk)
    if invoice.is_credit_note or invoice.reversed_at is not None:
        messages.info(request, _("Nothing of this document is left to credit."))
        return redirect("invoices:show", request.shop.number, pk)
    if request.method != "POST":
        return _page(request, CreditForm(left=left_of(invoice)))
    form = CreditForm(request.POST, left=left_of(invoice))
    if not form.is_valid() or request.POST.get("step") not in {CHECK, CREDIT}:
        return _page(request, form)
    return _credit(request, invoice, form) if request.POST["step"] == CREDIT else _check(request, form)


def _check(request: HttpRequest, form: CreditForm) -> HttpResponse:
    try:
        parts = credit_parts(form.wish(), form.left)
    except InputRefused as refusal:
        form.refuse(refusal.errors)
        return _page(request, form)
    total = sum((part.amount.incl for part in parts), ZERO)
    context = {
        "invoice": form.left.invoice,
        "hidden": form.hidden(),
        "total": display.money(total, form.left.invoice.currency),
        "takes_all": total == form.left.total,
    }
    return render(request, "invoices/credit_confirm.html", context)


def _credit(request: HttpRequest, invoice: Invoice, form: CreditForm) -> HttpResponse:
    try:
        note = credit_invoice(invoice, form.wish(), by=request.actor)
    except InputRefused as refusal:
        form.refuse(refusal.errors)
        return _page(request, form)
    except CreditedMeanwhile as refusal:
        return _look_again(request, invoice, str(refusal))
    except InvoiceRefused as refusal:
        messages.warning(request, str(refusal))
        return redirect("invoices:show", request.shop.number, invoice.pk)
    messages.success(request, _("%(number)s is issued.") % {"number": note.number})
    return redirect("invoices:show", request.shop.number, note.pk)


def _look_again(request: HttpRequest, invoice: Invoice, why: str) -> HttpResponse:
    """The form with what was typed, over what is left now."""
    left = left_of(invoice)
    typed = request.POST.copy()
    typed["seen"] = str(left.total)
    form = CreditForm(typed, left=left)
    form.full_clean()
    form.add_error(None, why)
    return _page(request, form)


def _page(request: HttpRequest, form: CreditForm) -> HttpResponse:
    invoice = form.left.invoice
    context = {
        "form": form,
        "invoice": invoice,
        "rows": form.rows(),
        "left": display.money(form.left.total, invoice.currency),
    }
    return render(request, "invoices/credit.html", context, status=422 if form.errors else 200)
