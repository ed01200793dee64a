"""Downloads and gift cards: made once when their mail is written, fetched within their limits."""

import secrets
from datetime import timedelta
from decimal import Decimal

from django.conf import settings
from django.core import signing
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from messaging.models import DigitalProduct, Download, GiftCard
from messaging.reasons import Reason
from messaging.services.follow_ups import follow_ups_of
from messaging.services.writing import Unwritable
from orders.models import Order, OrderLine
from statuses.kinds import LineStatus

# No letter that is mistaken for a digit; 12 of 30 signs are more than anybody guesses.
SIGNS = "23456789ABCDEFGHJKLMNPQRSTVWXYZ"
# In one mail.
MOST_CARDS = 100
_signer = signing.Signer(sep=".", salt="messaging.download")


class LinkRefused(LookupError):
    """The link is forged, too old, used up, or its order is gone. Nobody is told which."""


def downloads_of(order: Order) -> list[Download]:
    """The downloads that a paid order brings, made where they are missing.

    Raises Unwritable while no file is named for a product: the mail fails readably and can be tried again.
    """
    lines = _released(order, OrderLine.Kind.DIGITAL)
    rows = DigitalProduct.objects.filter(shop=order.shop_id, sku__in=[line.sku for line in lines])
    files = {row.sku: row.shop_file for row in rows.select_related("shop_file")}
    missing = [line.sku or line.name for line in lines if line.sku not in files]
    if missing:
        raise Unwritable(Reason.NO_FILE, ", ".join(missing))
    limits = follow_ups_of(order.shop)
    for line in lines:
        Download.objects.get_or_create(
            order=order,
            position=line.position,
            defaults={
                "shop_file": files[line.sku],
                "name": files[line.sku].name,
                "expires_at": timezone.now() + timedelta(days=limits.download_days),
                "most_times": limits.download_times,
            },
        )
    return list(Download.objects.filter(order=order).select_related("shop_file"))


def gift_cards_of(order: Order) -> list[GiftCard]:
    """The gift cards that a paid order brings, each with its code, made where they are missing.

    Raises Unwritable for more than one mail can tell: all or none, for whoever paid for 150 must not get 100.
    """
    lines = _released(order, OrderLine.Kind.GIFT_CARD)
    if sum(int(line.quantity) for line in lines) > MOST_CARDS:
        raise Unwritable(Reason.TOO_MANY_CARDS)
    for line in lines:
        for number in range(1, int(line.quantity) + 1):
            GiftCard.objects.get_or_create(
                order=order,
                position=line.position,
                number=number,
                defaults={
                    "name": line.name or line.sku,
                    "code": new_code(),
                    "amount": line.unit_price_incl.quantize(Decimal("0.01")),
                },
            )
    return list(GiftCard.objects.filter(order=order))


def new_code() -> str:
    """Such as `7KQM-XW42-PB9T`."""
    return "-".join("".join(secrets.choice(SIGNS) for _sign in range(4)) for _group in range(3))


def link_of(download: Download) -> str:
    """The whole address of the page on which a customer fetches it."""
    return settings.SITE_URL + reverse("download", args=[_signer.sign(str(download.pk))])


def download_of(token: str) -> Download:
    """The download behind a link, while it works. Raises LinkRefused."""
    try:
        key = _signer.unsign(token)
    except (signing.BadSignature, UnicodeError) as refusal:
        raise LinkRefused from refusal
    rows = Download.objects.select_related("order__shop", "shop_file").filter(
        pk=key, expires_at__gt=timezone.now(), times__lt=F("most_times"), order__deleted_at=None
    )
    found = rows.first()
    if found is None:
        raise LinkRefused
    return found


def count_fetch(download: Download) -> None:
    """Count one more fetch. Raises LinkRefused when somebody used up the last one meanwhile."""
    if not Download.objects.filter(pk=download.pk, times__lt=F("most_times")).update(times=F("times") + 1):
        raise LinkRefused


def _released(order: Order, kind: str) -> list[OrderLine]:
    return list(order.lines.filter(kind=kind, status=LineStatus.SHIPPED).order_by("position"))
