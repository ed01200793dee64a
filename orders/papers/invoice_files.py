"""The bytes of invoices: made once from the frozen data, then kept; every reprint is those bytes.

Making them may fail (a layout with an error, a machine without memory) and is tried again; the number and what the
invoice says stand whatever happens here.
"""

import hashlib
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from django.utils import timezone, translation
from lxml.etree import DocumentInvalid

from backoffice.models import Shop
from layouts.engine import Problem
from layouts.kinds import Kind
from layouts.published import layout_for
from layouts.rendering import Attachment, Page, Rendered, RenderFailed, render_pdf
from orders.einvoice import facturx
from orders.invoicing.stored import from_json
from orders.models import Invoice, InvoiceFile
from orders.papers.seller import seller_data

log = structlog.get_logger("orders.invoices")

# After so many minutes it is tried again; after the last one it waits for a person.
TRIED_AFTER = (1, 5, 30, 120, 720)
LONGEST_PROBLEM = 500
AT_ONCE = 50
# While one worker is at it another leaves it alone; made twice, the first one is kept.
AT_WORK = timedelta(minutes=5)


def invoice_pdf(invoice: Invoice) -> bytes:
    """The PDF of an issued invoice or credit note, made now when it was not made yet.

    Raises RenderFailed, also for bytes that are not those that were made: what is damaged is not handed out.
    """
    file = InvoiceFile.objects.get(invoice=invoice.pk)
    if file.pdf is None:
        return _make(file)
    pdf = bytes(file.pdf)
    if hashlib.sha256(pdf).hexdigest() != file.sha256:
        log.error("invoice file damaged", invoice=invoice.pk, number=invoice.number)
        words = translation.gettext(
            "The kept file has other bytes than those that were made. Restore it from a backup."
        )
        raise RenderFailed([Problem(0, 0, words)])
    return pdf


def file_name(invoice: Invoice) -> str:
    """`invoice-2026-00012.pdf`, of letters, digits and dashes whatever the number is made of."""
    number = "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in invoice.number)
    return f"{invoice.kind.replace('_', '-')}-{number}.pdf"


def make_file(invoice_id: int) -> bool:
    """Make the bytes of an invoice and keep them; False when they were there or could not be made."""
    file = InvoiceFile.objects.filter(invoice=invoice_id, pdf=None).first()
    if file is None:
        return False
    try:
        _make(file)
    except RenderFailed:
        return False
    return True


def make_due_files() -> int:
    """Make what a lost bell or an earlier failure left; returns how many were made."""
    now = timezone.now()
    due = InvoiceFile.objects.filter(due_at__lte=now - timedelta(seconds=20), pdf=None).order_by("due_at")
    made = 0
    for invoice_id in list(due.values_list("invoice", flat=True)[:AT_ONCE]):
        claimed = InvoiceFile.objects.filter(invoice=invoice_id, pdf=None, due_at__lte=now)
        if not claimed.update(due_at=now + AT_WORK):
            continue
        try:
            made += make_file(invoice_id)
        except Exception as problem:  # the edge: one document must not keep the others waiting
            log.exception("invoice file not made", invoice=invoice_id)
            _put_off(InvoiceFile.objects.get(invoice=invoice_id), type(problem).__name__)
    return made


def try_again(invoice: Invoice) -> None:
    """Somebody has seen to it: make the bytes with the next sweep, as if nothing had been tried yet."""
    InvoiceFile.objects.filter(invoice=invoice.pk, pdf=None).update(attempts=0, due_at=timezone.now())


def _make(file: InvoiceFile) -> bytes:
    invoice = Invoice.objects.select_related("order__target_shop__base_shop", "shop").get(pk=file.invoice_id)
    shop = invoice.order.target_shop or invoice.shop
    source = layout_for(shop, Kind.CREDIT_NOTE if invoice.is_credit_note else Kind.INVOICE)
    attachments, problem = _attachments(invoice)
    data = _of_layouts(from_json(invoice.data))
    page = Page(source, data, invoice.language)
    try:
        rendered = _rendered(page, data, shop, attachments)
    except RenderFailed as failure:
        _put_off(file, str(failure))
        raise
    made = {
        "pdf": rendered.pdf,
        "sha256": hashlib.sha256(rendered.pdf).hexdigest(),
        "layout": source.label[:80],
        "number_of_pages": rendered.number_of_pages,
        "made_at": timezone.now(),
        "due_at": None,
        "problem": problem,
    }
    # Of two that made it at once the first one's bytes are kept, and both hand those out.
    InvoiceFile.objects.filter(pk=file.pk, pdf=None).update(**made)
    file.refresh_from_db()
    return bytes(file.pdf)


def _rendered(page: Page, data: dict[str, Any], shop: Shop, attachments: list[Attachment]) -> Rendered:
    """With the logo of the day it was issued, and where that cannot be printed, with the one there is now."""
    manner = partial(
        render_pdf, attachments=attachments, pdf_variant=facturx.PDF_VARIANT, metadata=_metadata(attachments)
    )
    try:
        return manner([page])
    except RenderFailed:
        logo = seller_data(shop)["logo"]
        if logo == data["shop"]["logo"]:
            raise
        # A damaged logo lies in the data of what was issued with it; the shop has uploaded a whole one since.
        return manner([replace(page, data={**data, "shop": {**data["shop"], "logo": logo}})])


def _of_layouts(data: dict) -> dict:
    """Without what is for books and e-invoices alone."""
    return {name: value for name, value in data.items() if name != "ledger"}


def _attachments(invoice: Invoice) -> tuple[list[Attachment], str]:
    """The e-invoice inside, and why there is none: a paper without it is better than no paper."""
    try:
        return [facturx.attachment(invoice)], ""
    except DocumentInvalid as refusal:
        log.warning("no e-invoice", invoice=invoice.pk, problem=str(refusal)[:LONGEST_PROBLEM])
        with translation.override(invoice.shop.language):
            words = translation.gettext("Without the e-invoice inside: %(problem)s")
        return [], (words % {"problem": refusal})[:LONGEST_PROBLEM]


def _metadata(attachments: list[Attachment]) -> list[bytes]:
    return facturx.metadata() if attachments else []


def _put_off(file: InvoiceFile, problem: str) -> None:
    later = TRIED_AFTER[file.attempts] if file.attempts < len(TRIED_AFTER) else None
    InvoiceFile.objects.filter(pk=file.pk, pdf=None).update(
        attempts=file.attempts + 1,
        due_at=timezone.now() + timedelta(minutes=later) if later is not None else None,
        problem=problem[:LONGEST_PROBLEM],
    )
