"""The outbox: what waits, what left, what did not, and what can be done about it."""

import uuid
from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from backoffice.access import requires
from backoffice.roles import Permission
from messaging import mailbox, previews
from messaging.models import MailState, OutboxMail
from messaging.previews import Look
from messaging.services import outbox
from messaging.services.triggers import is_silent

LOOKS = (Look.DESKTOP, Look.PHONE, Look.DARK, Look.TEXT)


@requires(Permission.VIEW_ORDERS)
def listing(request: HttpRequest) -> HttpResponse:
    before = request.GET.get("before", "")
    words = request.GET.get("q", "")[:200]
    box = mailbox.mailbox(
        request.shop,
        tab=request.GET.get("tab", ""),
        words=words,
        before=int(before) if before.isascii() and before.isdigit() and len(before) <= 18 else None,
    )
    context = {
        "box": box,
        "q": words,
        "is_newest": not before,
        "at_once": mailbox.plan_words(request.shop),
        "is_silent": is_silent(request.shop),
        "may_send": request.staff.may(Permission.SEND_MESSAGES),
    }
    return render(request, "messaging/outbox.html", context)


@requires(Permission.VIEW_ORDERS)
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """One mail as it was sent, or as it will be."""
    mail = _mail_or_404(request, pk)
    return _mail_page(request, mail)


@previews.in_a_frame
@requires(Permission.VIEW_ORDERS)
def body(request: HttpRequest, pk: int) -> HttpResponse:
    """The text of a mail, for the frame of its page."""
    mail = _mail_or_404(request, pk)
    look = Look.of(request.GET.get("look", ""))
    if look == Look.TEXT or not mail.html:
        return HttpResponse(previews.text_document(mail.text, mail.language or "en"))
    return HttpResponse(previews.html_document(mail.html, dark=look == Look.DARK))


@require_POST
@requires(Permission.SEND_MESSAGES)
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    return _do(request, pk, outbox.cancel, _("The mail is cancelled."))


@require_POST
@requires(Permission.SEND_MESSAGES)
def send_now(request: HttpRequest, pk: int) -> HttpResponse:
    return _do(request, pk, outbox.send_now, _("The mail leaves now."))


@require_POST
@requires(Permission.SEND_MESSAGES)
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Once more, to another address where one is given."""
    mail = _mail_or_404(request, pk)
    address = request.POST.get("address")
    address = address.strip() if address is not None else None
    try:
        outbox.retry(mail, address=address)
    except ValidationError as refusal:
        return _mail_page(request, mail, address=address or "", problem=" ".join(refusal.messages), status=422)
    except outbox.MailRefused as refused:
        messages.error(request, _refusal(refused))
    else:
        messages.success(request, _("The mail is tried again."))
    return _back(request, mail)


@require_POST
@requires(Permission.SEND_MESSAGES)
def retry_failed(request: HttpRequest) -> HttpResponse:
    """Every failed mail once more; those that came back stay where they are."""
    number = outbox.retry_all_failed(request.shop)
    if number:
        text = ngettext("%(number)d mail is tried again.", "%(number)d mails are tried again.", number)
        messages.success(request, text % {"number": number})
    else:
        messages.info(request, _("No mail failed."))
    return redirect("messaging:outbox", request.shop.number)


@require_POST
@requires(Permission.SEND_MESSAGES)
def resend(request: HttpRequest, pk: int) -> HttpResponse:
    """The same text again, word for word."""
    mail = _mail_or_404(request, pk)
    try:
        token = uuid.UUID(request.POST.get("token", ""))
    except ValueError:
        token = uuid.uuid4()
    try:
        again = outbox.resend(mail, by=request.actor, token=token)
    except outbox.MailRefused:
        messages.error(request, _("This mail has no text that could be sent again, or its address is not valid."))
        return _back(request, mail)
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
        return _back(request, mail)
    text = _("“%(subject)s” goes out once more, as it was.") % {"subject": mail.subject}
    messages.success(request, text, extra_tags=undo_tag(request, again))
    return redirect("messaging:mail", request.shop.number, again.pk)


def undo_tag(request: HttpRequest, mail: OutboxMail) -> str:
    """What makes a message carry an Undo button that recalls a mail while it is held."""
    if mail.state != MailState.HELD:
        return ""
    return f"undo:{reverse('messaging:cancel-mail', args=[request.shop.number, mail.pk])}"


def _do(request: HttpRequest, pk: int, deed: Callable[[OutboxMail], None], done: str) -> HttpResponse:
    mail = _mail_or_404(request, pk)
    try:
        deed(mail)
    except outbox.MailRefused as refused:
        messages.error(request, _refusal(refused))
    else:
        messages.success(request, done)
    return _back(request, mail)


def _refusal(refused: outbox.MailRefused) -> str:
    state = str(MailState(refused.state).label).lower()
    return _("That is not possible any more: the mail is %(state)s.") % {"state": state}


def _back(request: HttpRequest, mail: OutboxMail) -> HttpResponse:
    """The posted `next` when it is a page of ours, else the mail."""
    wanted = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        return redirect(wanted)
    return redirect("messaging:mail", request.shop.number, mail.pk)


def _mail_page(
    request: HttpRequest, mail: OutboxMail, *, address: str | None = None, problem: str = "", status: int = 200
) -> HttpResponse:
    context = {
        "mail": mail,
        "row": mailbox.row_of(mail, request.shop),
        "facts": mailbox.facts_of(mail, request.shop),
        "attachments": list(mail.attachments.defer("content")),
        "looks": [(look.value, look.label) for look in LOOKS],
        "look": Look.of(request.GET.get("look", "")).value,
        "address": mail.recipient if address is None else address,
        "problem": problem,
        "token": uuid.uuid4(),
        "may_send": request.staff.may(Permission.SEND_MESSAGES),
    }
    return render(request, "messaging/mail.html", context, status=status)


def _mail_or_404(request: HttpRequest, pk: int) -> OutboxMail:
    return get_object_or_404(OutboxMail.objects.for_shop(request.shop).select_related("order", "shop"), pk=pk)
