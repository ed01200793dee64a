"""A shop's mail settings, or what holds where it never opened that page."""

import secrets
from typing import Any

from django.db import transaction

from backoffice.models import Shop
from messaging.models import MailSettings
from messaging.services.lanes import clear_lane


def settings_in(shop: Shop) -> MailSettings:
    """The settings that came with the shop (`select_related`), else the defaults; at most one query."""
    try:
        return shop.mail_settings
    except MailSettings.DoesNotExist:
        return MailSettings(shop=shop)


@transaction.atomic
def save_mail_settings(shop: Shop, values: dict[str, Any]) -> MailSettings:
    """Store fields of the settings; what waited for a server that failed is tried again with the new ones."""
    own, _is_new = MailSettings.objects.update_or_create(shop=shop, defaults=values)
    clear_lane(shop.pk)
    return own


def bounce_secret_of(shop: Shop) -> str:
    """The secret that signs reports of bounces; made when it is asked for first."""
    own, _is_new = MailSettings.objects.get_or_create(shop=shop)
    if not own.bounce_secret:
        own.bounce_secret = secrets.token_urlsafe(32)
        own.save(update_fields=["bounce_secret"])
    return own.bounce_secret
