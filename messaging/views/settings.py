"""Who a shop's mails are from, which server takes them, and how it is doing."""

import uuid

from django.conf import settings as installation
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from backoffice.access import PermissionMissing, requires
from backoffice.roles import Permission
from messaging.demo_mailbox import letters_in
from messaging.models import MailLane, Origin
from messaging.post.route import uses_mailbox
from messaging.reasons import words_for
from messaging.sender_domain import sender_domain
from messaging.services.outbox import try_server_again
from messaging.services.queue import Letter, queue_mail
from messaging.services.settings import bounce_secret_of, save_mail_settings, settings_in
from messaging.settings_form import MailSettingsForm


@requires(Permission.VIEW_ORDERS)
def show(request: HttpRequest) -> HttpResponse:
    """How mails leave, and for whoever may, saving it."""
    may_change = request.staff.may(Permission.MANAGE_SETTINGS)
    if request.method == "POST" and not may_change:
        raise PermissionMissing(Permission.MANAGE_SETTINGS)
    own = settings_in(request.shop)
    has_own_server, has_password = bool(own.host), bool(own.password)
    form = MailSettingsForm(request.POST or None, instance=own)
    if request.method == "POST" and form.is_valid():
        save_mail_settings(request.shop, form.values)
        messages.success(request, _("Saved. Send a test to see that mails arrive."))
        return redirect("messaging:settings", request.shop.number)
    lane = MailLane.objects.filter(shop=request.shop).first()
    code, _space, answer = (lane.last_problem if lane else "").partition(" ")
    context = {
        "form": form,
        "sender_fields": [form[name] for name in form.sender_fields],
        "server_fields": [form[name] for name in form.server_fields],
        "may_change": may_change,
        "has_password": has_password,
        "has_own_server": has_own_server,
        "uses_mailbox": uses_mailbox() and not has_own_server,
        "installation_sender": installation.DEFAULT_FROM_EMAIL,
        "lane": lane,
        "problem": words_for(code),
        "answer": answer,
        "report_url": installation.SITE_URL + reverse("mail-reports", args=[request.shop.number]),
        "sender": sender_domain(request.shop),
        "has_secret": bool(own.bounce_secret),
    }
    return render(request, "messaging/settings.html", context, status=422 if form.is_bound else 200)


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def send_test(request: HttpRequest) -> HttpResponse:
    """A mail to whoever presses, through the outbox as all others."""
    letter = Letter(
        event="test",
        origin=Origin.TEST,
        recipient=request.user.email,
        who="test",
        language=request.user.language or request.shop.language,
        subject=_("Test from %(shop)s") % {"shop": "{{ shop.name }}"},
        html="<p>" + _("This mail shows that mails of %(shop)s arrive.") % {"shop": "{{ shop.name }}"} + "</p>",
    )
    mail = queue_mail(request.shop, letter, by=request.actor, token=uuid.uuid4(), hold=False)
    messages.success(request, _("A test is on its way to %(address)s.") % {"address": mail.recipient})
    return redirect("messaging:mail", request.shop.number, mail.pk)


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def try_again(request: HttpRequest) -> HttpResponse:
    """Try a server that failed again at once."""
    try_server_again(request.shop)
    messages.success(request, _("The mail server is tried again."))
    return redirect("messaging:settings", request.shop.number)


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def report_secret(request: HttpRequest) -> HttpResponse:
    """The secret for reports of bounces, on a page of its own that is not kept."""
    return render(request, "messaging/report_secret.html", {"secret": bounce_secret_of(request.shop)})


@requires(Permission.VIEW_ORDERS)
def mailbox(request: HttpRequest) -> HttpResponse:
    """What landed in the folder where there is no mail server, newest first."""
    if not uses_mailbox():
        raise Http404("Mails leave by a server here.")
    return render(request, "messaging/mailbox.html", {"letters": letters_in(request.shop)})
