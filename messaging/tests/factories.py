"""Dull templates, triggers and mails: what matters to a story is said in the story."""

from datetime import timedelta
from uuid import uuid4

from django.utils import timezone

from messaging.models import MailState, MailTemplate, Origin, OutboxMail, Trigger, TriggerEvent


def make_template(
    shop,
    *,
    name="Shipped",
    subject="Order {{ order.number }} is on its way",
    html="<p>Dear {{ order.customer.name }}</p>",
    language="en",
    **values,
) -> MailTemplate:
    """A template with one text of its own."""
    template = MailTemplate.objects.create(shop=shop, name=name, **values)
    if html:
        template.translations.create(language=language, subject=subject, html=html)
    return template


def make_trigger(shop, template=None, *, event=TriggerEvent.FULFILMENT, code="shipped", **values) -> Trigger:
    """The customer is mailed when an order is shipped."""
    template = template or make_template(shop)
    return Trigger.objects.create(shop=shop, template=template, event=event, code=code, **values)


def make_mail(shop, order=None, **values) -> OutboxMail:
    """A written mail that is due."""
    mail = a_mail(shop, order, **values)
    mail.save(force_insert=True)
    return mail


def make_mails(shop, number) -> None:
    """As many written mails that are due, in few inserts."""
    OutboxMail.objects.bulk_create((a_mail(shop) for _ in range(number)), batch_size=1000)


def a_mail(shop, order=None, *, recipient="anna@example.org", **values) -> OutboxMail:
    """A written mail that is due, not stored."""
    now = timezone.now()
    dull = {
        "origin": Origin.BY_HAND,
        "event": "by_hand",
        "unique_key": f"{order.pk if order else ''}|{uuid4().hex}||customer",
        "message_id": f"<{uuid4().hex}@shop.example>",
        "language": "en",
        "recipient": recipient,
        "sender": "shop@shop.example",
        "sender_name": "The shop",
        "subject": "About your order",
        "html": "<p>Hello</p>",
        "text": "Hello",
        "written_at": now,
        "state": MailState.QUEUED,
        "due_at": now - timedelta(seconds=1),
        "gives_up_at": now + timedelta(days=5),
    }
    return OutboxMail(shop=shop, order=order, **dull | values)
