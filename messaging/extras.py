"""What only some mails say: codes, downloads, a supplier's lines; found, or made, as the mail is written."""

from typing import Any

from messaging.fields import without_extras
from messaging.models import Download, GiftCard, OutboxMail, TriggerEvent
from messaging.previews import data_of
from messaging.services.digital import downloads_of, gift_cards_of, link_of
from orders.models import Order, OrderLine

# The key of the order that a test mail is made of: it stays out of that order's log.
ABOUT = "about"


def add_extras(mail: OutboxMail, data: dict[str, Any], language: str) -> None:
    """Fill in every name of `MAIL_FIELDS` that the order's own data does not have."""
    if ABOUT in mail.extra:
        order = Order.objects.for_shop(mail.shop).select_related("target_shop").filter(pk=mail.extra[ABOUT]).first()
        data |= data_of(order, mail.shop, language)
        return
    data |= without_extras()
    # Each of the two has its own mail, so that a download that lacks its file keeps no gift card back.
    if mail.order is not None and mail.event.startswith(f"{TriggerEvent.DIGITAL}:{OrderLine.Kind.GIFT_CARD}"):
        data["gift_cards"] = [_gift_card(each) for each in gift_cards_of(mail.order)]
    elif mail.order is not None and mail.event.startswith(TriggerEvent.DIGITAL):
        data["downloads"] = [_download(each, mail) for each in downloads_of(mail.order)]
    supplier = mail.extra.get("supplier")
    if supplier:
        lines = data.get("order", {}).get("lines", [])
        wanted = set(supplier["positions"])
        data["supplier"] = {
            "name": supplier["name"],
            "lines": [line for line in lines if line["position"] in wanted],
        }


def _gift_card(card: GiftCard) -> dict[str, Any]:
    return {"name": card.name, "code": card.code, "amount": card.amount}


def _download(download: Download, mail: OutboxMail) -> dict[str, Any]:
    return {
        "name": download.name,
        "url": link_of(download),
        "expires_on": download.expires_at.astimezone(mail.shop.zone).date(),
        "times_left": max(download.most_times - download.times, 0),
    }
