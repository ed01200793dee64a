"""What only some mails say: codes, downloads, a supplier's lines. Kept with the mail as JSON, revived for its text."""

from datetime import date
from decimal import Decimal
from typing import Any

from messaging.fields import without_extras
from messaging.models import OutboxMail
from messaging.previews import data_of
from orders.models import Order

# The key of the order that a test mail is made of: it stays out of that order's log.
ABOUT = "about"


def add_extras(mail: OutboxMail, data: dict[str, Any], language: str) -> None:
    """Fill in every name of `MAIL_FIELDS` that the order's own data does not have."""
    if ABOUT in mail.extra:
        order = Order.objects.for_shop(mail.shop).select_related("target_shop").filter(pk=mail.extra[ABOUT]).first()
        data |= data_of(order, mail.shop, language)
        return
    data |= without_extras()
    data["gift_cards"] = [_gift_card(each) for each in mail.extra.get("gift_cards", [])]
    data["downloads"] = [_download(each) for each in mail.extra.get("downloads", [])]
    supplier = mail.extra.get("supplier")
    if supplier:
        lines = data.get("order", {}).get("lines", [])
        wanted = set(supplier["positions"])
        data["supplier"] = {
            "name": supplier["name"],
            "lines": [line for line in lines if line["position"] in wanted],
        }


def _gift_card(kept: dict[str, Any]) -> dict[str, Any]:
    return {**kept, "amount": Decimal(kept["amount"])}


def _download(kept: dict[str, Any]) -> dict[str, Any]:
    return {**kept, "expires_on": date.fromisoformat(kept["expires_on"])}
