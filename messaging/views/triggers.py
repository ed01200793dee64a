"""Which mail goes out when: the shop's table, its rows one by one, and the usual ones to begin with."""

import structlog
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from backoffice.access import requires
from backoffice.roles import Permission
from messaging.models import Trigger
from messaging.services.usual import begin_with_usual_mails
from messaging.trigger_forms import TriggerForm, trigger_groups

log = structlog.get_logger("messaging.triggers")


@requires(Permission.VIEW_ORDERS)
def listing(request: HttpRequest) -> HttpResponse:
    context = {
        "groups": trigger_groups(request.shop),
        "may_change": request.staff.may(Permission.MANAGE_SETTINGS),
    }
    return render(request, "messaging/triggers.html", context)


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def begin(request: HttpRequest) -> HttpResponse:
    """The usual mails at their statuses; pressed twice, or with others there, it does nothing."""
    number = len(begin_with_usual_mails(request.shop))
    if number:
        text = ngettext(
            "%(number)d mail is tied to its status.", "%(number)d mails are tied to their statuses.", number
        )
        messages.success(request, text % {"number": number})
    else:
        messages.info(request, _("There are mails already, so nothing was added."))
    return redirect("messaging:triggers", request.shop.number)


@requires(Permission.MANAGE_SETTINGS)
def create(request: HttpRequest) -> HttpResponse:
    return _form_page(request, Trigger(shop=request.shop))


@requires(Permission.MANAGE_SETTINGS)
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    return _form_page(request, _trigger_or_404(request, pk))


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def switch(request: HttpRequest, pk: int) -> HttpResponse:
    """On, or off."""
    trigger = _trigger_or_404(request, pk)
    is_on = request.POST.get("on") == "1"
    Trigger.objects.filter(pk=trigger.pk).update(is_on=is_on)
    log.info("mail trigger switched", shop=request.shop.number, trigger=pk, is_on=is_on, by=request.actor.name)
    text = _("“%(name)s” is sent again.") if is_on else _("“%(name)s” is not sent any more.")
    messages.success(request, text % {"name": trigger.template.name})
    return redirect("messaging:triggers", request.shop.number)


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    trigger = _trigger_or_404(request, pk)
    trigger.delete()
    log.info("mail trigger deleted", shop=request.shop.number, trigger=pk, by=request.actor.name)
    messages.success(request, _("“%(name)s” is not sent there any more.") % {"name": trigger.template.name})
    return redirect("messaging:triggers", request.shop.number)


def _form_page(request: HttpRequest, trigger: Trigger) -> HttpResponse:
    form = TriggerForm(request.POST or None, instance=trigger, shop=request.shop)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            saved = form.save()
        log.info("mail trigger saved", shop=request.shop.number, trigger=saved.pk, by=request.actor.name)
        messages.success(request, _("Saved."))
        return redirect("messaging:triggers", request.shop.number)
    context = {"form": form, "trigger": trigger}
    return render(request, "messaging/trigger.html", context, status=422 if form.errors else 200)


def _trigger_or_404(request: HttpRequest, pk: int) -> Trigger:
    return get_object_or_404(Trigger.objects.for_shop(request.shop).select_related("template"), pk=pk)
