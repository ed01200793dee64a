"""The documents of a series as a chain: each carries a digest of all that it says and of the one before it.

Whoever changes or removes one afterwards breaks the chain there. The bytes have a digest of their own, in
`InvoiceFile.sha256`, because they are made a moment later.
"""

import hashlib
import json
from datetime import UTC

from orders.models import Invoice


def digest_of(invoice: Invoice) -> str:
    """SHA-256 over everything that an invoice says, as 64 hexadecimal digits."""
    said = [
        invoice.previous_digest,
        invoice.shop_id,
        invoice.order_id,
        str(invoice.kind),
        invoice.series,
        invoice.sequence,
        invoice.number,
        invoice.issued_at.astimezone(UTC).isoformat(timespec="microseconds"),
        invoice.issued_on.isoformat(),
        invoice.issued_by,
        invoice.customer_name,
        invoice.language,
        invoice.currency,
        f"{invoice.total_ex:.2f}",
        f"{invoice.total_vat:.2f}",
        f"{invoice.total:.2f}",
        invoice.corrects_id,
        invoice.reason,
        invoice.refund_id,
        invoice.data,
    ]
    return hashlib.sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def seal(invoice: Invoice) -> None:
    """Chain an invoice that is about to be stored; its series must be locked."""
    before = Invoice.objects.filter(shop=invoice.shop_id, series=invoice.series, sequence__lt=invoice.sequence)
    invoice.previous_digest = before.order_by("-sequence").values_list("digest", flat=True).first() or ""
    invoice.digest = digest_of(invoice)
