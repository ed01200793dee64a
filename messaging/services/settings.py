"""A shop's mail settings, or what holds where it never opened that page."""

from backoffice.models import Shop
from messaging.models import MailSettings


def settings_in(shop: Shop) -> MailSettings:
    """The settings that came with the shop (`select_related`), else the defaults; at most one query."""
    try:
        return shop.mail_settings
    except MailSettings.DoesNotExist:
        return MailSettings(shop=shop)
