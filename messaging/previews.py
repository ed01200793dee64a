"""A mail as it would read: on a real order, in a frame that can do nothing, light, dark, narrow or as plain text."""

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.clickjacking import xframe_options_exempt

from backoffice.actor import Actor
from backoffice.models import Shop
from layouts.engine import Problem, TemplateRefused, render_text
from messaging.fields import MAIL_FIELDS, sample_extras
from messaging.frame import framed
from messaging.models import MailTemplate, Origin, OutboxMail, Purpose
from messaging.sanitise import plain_text, sanitised
from messaging.services.queue import Letter, queue_mail
from orders.documents import order_documents
from orders.models import Order
from orders.papers.data import paper_data
from orders.papers.seller import seller_data

# Each language in its own words, so that everybody finds theirs.
LANGUAGE_NAMES = {"nl": "Nederlands", "sv": "Svenska", "en": "English"}
SHIPPING = {Purpose.SHIPPED, Purpose.PARTLY_SHIPPED, Purpose.DELIVERED}
_DARK = re.compile(r"@media\s*\(prefers-color-scheme:\s*dark\)")
# Pictures may come from anywhere, as in a mail program; nothing runs, nothing is sent, nobody else may frame it.
FRAME_POLICY = (
    "sandbox; default-src 'none'; img-src https: data:; style-src 'unsafe-inline'; frame-ancestors 'self'; "
    "base-uri 'none'; form-action 'none'"
)


class Look(models.TextChoices):
    """How a preview is shown."""

    DESKTOP = "desktop", gettext_lazy("Desktop")
    PHONE = "phone", gettext_lazy("Phone")
    DARK = "dark", gettext_lazy("Dark")
    TEXT = "text", gettext_lazy("Plain text")

    @classmethod
    def of(cls, value: str) -> "Look":
        return cls(value) if value in cls.values else cls.DESKTOP


@dataclass(frozen=True)
class Preview:
    """A mail that is shown, not sent; with problems it has no text."""

    language: str
    subject: str = ""
    html: str = ""
    text: str = ""
    problems: list[Problem] = field(default_factory=list)


def order_named(shop: Shop, number: str) -> Order | None:
    """The order a preview is made of: the one of that number, else the newest, else None."""
    orders = Order.objects.for_shop(shop).filter(deleted_at=None).select_related("target_shop")
    number = number.strip().lstrip("#")
    if number.isascii() and number.isdigit() and len(number) <= 18:
        found = orders.filter(number=int(number)).first()
        if found is not None:
            return found
    return orders.order_by("-placed_at", "-id").first()


def data_of(order: Order | None, shop: Shop, language: str) -> dict[str, Any]:
    """What a text reads: of the order, with samples for what only some mails have; all samples without an order."""
    if order is None:
        return MAIL_FIELDS.sample() | {"shop": seller_data(shop)}
    voice = order.target_shop or shop
    document = next(order_documents([order.pk], shop=shop))
    with translation.override(language):
        return paper_data(document, voice, language=language) | sample_extras()


def preview_of(subject: str, html: str, *, order: Order | None, shop: Shop, language: str) -> Preview:
    """The mail of these sources, made as it is when it is sent."""
    data = data_of(order, shop, language)
    voice = (order.target_shop if order else None) or shop
    try:
        with translation.override(language):
            shown_subject = render_text(subject, data, language=language, html=False)
            content = sanitised(render_text(html, data, language=language))
    except TemplateRefused as refused:
        return Preview(language, problems=list(refused.problems))
    whole = framed(content, seller=data["shop"], colour=voice.colour, subject=shown_subject, language=language)
    return Preview(language, " ".join(shown_subject.split()), whole, plain_text(content))


def document(preview: Preview, look: Look) -> str:
    """A whole document for the frame."""
    if preview.problems:
        return _note_document(preview)
    if look == Look.TEXT:
        return text_document(preview.text, preview.language)
    return html_document(preview.html, dark=look == Look.DARK)


def html_document(html: str, *, dark: bool) -> str:
    """The mail with its rules for dark screens always on, or never, whatever the reader's own screen is."""
    return _DARK.sub("@media all" if dark else "@media not all", html)


def text_document(text: str, language: str) -> str:
    page = '<!doctype html><html lang="{}"><head><meta charset="utf-8"><title>{}</title><style>{}</style></head>'
    style = "body{margin:0;padding:20px;background:#fff;color:#142026}pre{font:14px/1.5 monospace;white-space:pre-wrap}"
    return format_html(page, language, _("Plain text"), style) + format_html("<body><pre>{}</pre></body></html>", text)


def _note_document(preview: Preview) -> str:
    rows = format_html_join("", "<li>{}</li>", ((sentence_of(problem),) for problem in preview.problems))
    style = "body{margin:0;padding:20px;font:15px/1.5 sans-serif;background:#fff;color:#712826}"
    page = '<!doctype html><html><head><meta charset="utf-8"><title>{}</title><style>{}</style></head>'
    head = _("This text cannot be shown yet")
    return format_html(page, head, style) + format_html("<body><h1>{}</h1><ul>{}</ul></body></html>", head, rows)


def sentence_of(problem: Problem) -> str:
    """`Line 3: there is no field “order.nmber”. Did you mean “order.number”?`"""
    where = _("Line %(line)d: ") % {"line": problem.line} if problem.line else ""
    return f"{where}{problem.message} {problem.hint}".strip()


def warnings_for(template: MailTemplate, subject: str, html: str) -> list[str]:
    """What is possible but hardly meant."""
    found = []
    if template.purpose in SHIPPING and "tracking_" not in html:
        found.append(_("This mail tells that something was shipped but names no tracking code or link."))
    if template.purpose == Purpose.GIFT_CARD and "gift_cards" not in html:
        found.append(_("This mail brings gift cards but never names their codes."))
    if template.purpose == Purpose.DOWNLOAD and "downloads" not in html:
        found.append(_("This mail brings downloads but has no link to them."))
    return found


def send_test(
    shop: Shop, subject: str, html: str, *, order: Order | None, language: str, to: str, by: Actor
) -> OutboxMail:
    """Mail what is typed to the person who typed it, made of a real order, kept out of that order's log."""
    letter = Letter(
        event=f"test@{uuid.uuid4().hex}",
        origin=Origin.TEST,
        recipient=to,
        who=to,
        language=language,
        subject=subject,
        html=html,
        extra={"about": order.pk} if order else {},
    )
    return queue_mail(shop, letter, by=by, hold=False)


def in_a_frame(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let our own pages show the answer in a frame, in which nothing runs."""

    @wraps(view)
    def framed_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        if response.status_code == 200:
            response._csp_exempt = True
            response["Content-Security-Policy"] = FRAME_POLICY
            response["Referrer-Policy"] = "no-referrer"
        return response

    return xframe_options_exempt(framed_view)
