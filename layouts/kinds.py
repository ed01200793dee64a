"""The kinds of paper there are."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    INVOICE = "invoice", _("Invoice")
    CREDIT_NOTE = "credit_note", _("Credit note")
    PACKING_SLIP = "packing_slip", _("Packing slip")
    PICK_LIST = "pick_list", _("Pick list")
    ORDER_CONFIRMATION = "order_confirmation", _("Order confirmation")
    ADDRESS_LABEL = "address_label", _("Address label")
    RETURN_SLIP = "return_slip", _("Return slip")


# Papers a law has something to say about: what they must carry is checked before they go live.
LEGAL_KINDS = frozenset({Kind.INVOICE, Kind.CREDIT_NOTE})
