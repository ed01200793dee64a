"""What is sent later by itself, who gets a supplier's copy, what is sold as a download; feedback by hand."""

import structlog
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from backoffice.access import requires
from backoffice.plans import Feature
from backoffice.roles import Permission
from messaging.follow_up_forms import DigitalProductForm, FollowUpsForm, SupplierForm
from messaging.models import DigitalProduct, MailState, OutboxMail, Supplier
from messaging.services.follow_ups import FEEDBACK, feedback_letter, follow_ups_of
from messaging.services.queue import queue_mail
from messaging.views.compose import order_or_404
from messaging.views.outbox import undo_tag

log = structlog.get_logger("messaging.follow_ups")


@requires(Permission.MANAGE_SETTINGS)
def settings(request: HttpRequest) -> HttpResponse:
    row = follow_ups_of(request.shop)
    was = row.reminds, row.asks_feedback
    form = FollowUpsForm(request.POST or None, instance=row, shop=request.shop)
    if request.method == "POST" and form.is_valid():
        # Turned on now: what was due before is not made up for.
        if row.reminds and not was[0]:
            row.reminds_since = timezone.now()
        if row.asks_feedback and not was[1]:
            row.feedback_since = timezone.now()
        form.save()
        log.info("follow-ups saved", shop=request.shop.number, by=request.actor.name)
        messages.success(request, _("Saved."))
        return redirect("messaging:follow-ups", request.shop.number)
    return _page(request, form=form)


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def add_supplier(request: HttpRequest) -> HttpResponse:
    form = SupplierForm(request.POST, instance=Supplier(shop=request.shop))
    return _added(request, form, "supplier_form", "sku_prefix")


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def remove_supplier(request: HttpRequest, pk: int) -> HttpResponse:
    get_object_or_404(Supplier.objects.for_shop(request.shop), pk=pk).delete()
    return redirect("messaging:follow-ups", request.shop.number)


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def add_product(request: HttpRequest) -> HttpResponse:
    form = DigitalProductForm(request.POST, instance=DigitalProduct(shop=request.shop), shop=request.shop)
    return _added(request, form, "product_form", "sku")


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def remove_product(request: HttpRequest, pk: int) -> HttpResponse:
    """New orders get no file for it; what customers have still works."""
    get_object_or_404(DigitalProduct.objects.for_shop(request.shop), pk=pk).delete()
    return redirect("messaging:follow-ups", request.shop.number)


@requires(Permission.SEND_MESSAGES)
def feedback(request: HttpRequest, number: int) -> HttpResponse:
    """Ask the customer of one order for feedback now; once, whoever asks."""
    order = order_or_404(request, number)
    row = follow_ups_of(request.shop)
    asked = OutboxMail.objects.filter(order=order, event=FEEDBACK).exclude(state=MailState.CANCELLED).first()
    allowed = request.shop.plan.allows(Feature.FEEDBACK_MAIL)
    may_send = allowed and row.feedback_template is not None and asked is None
    if request.method == "POST" and may_send:
        try:
            mail = queue_mail(request.shop, feedback_letter(row, order), by=request.actor)
        except ValidationError as refusal:
            messages.error(request, " ".join(refusal.messages))
        else:
            text = _("The request for feedback to %(address)s is in the outbox.") % {"address": mail.recipient}
            messages.success(request, text, extra_tags=undo_tag(request, mail))
        return redirect("orders:detail", request.shop.number, order.display_number)
    context = {"order": order, "row": row, "asked": asked, "is_allowed": allowed, "may_send": may_send}
    return render(request, "messaging/feedback.html", context)


def _added(request: HttpRequest, form: ModelForm, name: str, unique: str) -> HttpResponse:
    """Save what a small form adds; a second one of the same product number is refused beside its field."""
    if form.is_valid():
        try:
            form.instance.validate_constraints()
        except ValidationError:
            form.add_error(unique, _("There is one already."))
        else:
            form.save()
            messages.success(request, _("Saved."))
            return redirect("messaging:follow-ups", request.shop.number)
    return _page(request, **{name: form})


def _page(
    request: HttpRequest,
    *,
    form: FollowUpsForm | None = None,
    supplier_form: SupplierForm | None = None,
    product_form: DigitalProductForm | None = None,
) -> HttpResponse:
    forms = {
        "form": form or FollowUpsForm(instance=follow_ups_of(request.shop), shop=request.shop),
        "supplier_form": supplier_form or SupplierForm(),
        "product_form": product_form or DigitalProductForm(shop=request.shop),
    }
    context = forms | {
        "suppliers": Supplier.objects.for_shop(request.shop),
        "products": DigitalProduct.objects.for_shop(request.shop).select_related("shop_file"),
        "has_errors": any(each.errors for each in forms.values()),
    }
    return render(request, "messaging/follow_ups.html", context, status=422 if context["has_errors"] else 200)
