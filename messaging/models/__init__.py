from messaging.models.address import LINE_BREAKS, DoNotMail, validate_one_address, validate_one_line
from messaging.models.digital import DigitalProduct, Download, GiftCard
from messaging.models.follow_up import FollowUps, Supplier
from messaging.models.outbox import OPEN_STATES, MailAttachment, MailState, Origin, OutboxMail
from messaging.models.settings import MailLane, MailSettings, Security
from messaging.models.shop_file import ShopFile
from messaging.models.template import MailTemplate, MailTemplateTranslation, MailTemplateVersion, Purpose
from messaging.models.trigger import Recipient, Trigger, TriggerEvent

__all__ = [
    "LINE_BREAKS",
    "OPEN_STATES",
    "DigitalProduct",
    "DoNotMail",
    "Download",
    "FollowUps",
    "GiftCard",
    "MailAttachment",
    "MailLane",
    "MailSettings",
    "MailState",
    "MailTemplate",
    "MailTemplateTranslation",
    "MailTemplateVersion",
    "Origin",
    "OutboxMail",
    "Purpose",
    "Recipient",
    "Security",
    "ShopFile",
    "Supplier",
    "Trigger",
    "TriggerEvent",
    "validate_one_address",
    "validate_one_line",
]
