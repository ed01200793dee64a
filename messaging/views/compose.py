"""A message by hand, about one order: written, previewed, sent with time to take it back."""

import uuid

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from backoffice.access import requires
from backoffice.roles import Permission
from messaging import catalogue, field_list, previews
from messaging.builtin import LANGUAGES
from messaging.compose_form import ComposeForm, as_html, language_of
from messaging.models import MailState, Origin, OutboxMail, Recipient, TriggerEvent
from messaging.previews import Look
from messaging.services import outbox
from messaging.services.queue import Letter, queue_mail
from messaging.views.outbox import undo_tag
from orders.models import Order

EVENT = "by_hand"


@requires(Permission.SEND_MESSAGES)
def compose(request: HttpRequest, number: int) -> HttpResponse:
    """The page of a message; `?template=` begins it with a template in `?language=`."""
    order = order_or_404(request, number)
    if request.method != "POST":
        return _page(request, order, ComposeForm(initial=_initial(request, order), order=order, shop=request.shop))
    form = ComposeForm(request.POST, order=order, shop=request.shop)
    if not form.is_valid():
        return _page(request, order, form, status=422)
    mail = _queue(request, order, form.cleaned_data)
    text = _("The message to %(address)s is in the outbox.") % {"address": mail.recipient}
    messages.success(request, text, extra_tags=undo_tag(request, mail))
    return redirect("orders:detail", request.shop.number, order.display_number)


@previews.in_a_frame
@requires(Permission.SEND_MESSAGES)
def preview(request: HttpRequest, number: int) -> HttpResponse:
    """What is typed (POST), or the template the page began with, as the customer would read it."""
    order = order_or_404(request, number)
    begun = _initial(request, order)
    typed = request.POST if request.method == "POST" else begun
    language = typed.get("language", "")
    shown = previews.preview_of(
        typed.get("subject", ""),
        as_html(typed.get("html", "")),
        order=order,
        shop=request.shop,
        language=language if language in LANGUAGES else request.shop.language,
    )
    return HttpResponse(previews.document(shown, Look.of(typed.get("look", ""))))


@requires(Permission.SEND_MESSAGES)
def resend_confirmation(request: HttpRequest, number: int) -> HttpResponse:
    """The first confirmation once more, word for word, whatever became of the order since."""
    order = order_or_404(request, number)
    mail = first_confirmation(order)
    if request.method == "POST" and mail is not None:
        try:
            again = outbox.resend(mail, by=request.actor, token=_token(request))
        except ValidationError as refusal:
            messages.error(request, " ".join(refusal.messages))
        else:
            text = _("The confirmation goes to %(address)s once more, as it was.") % {"address": again.recipient}
            messages.success(request, text, extra_tags=undo_tag(request, again))
        return redirect("orders:detail", request.shop.number, order.display_number)
    context = {"order": order, "mail": mail, "token": uuid.uuid4(), "now": _template_url(request, order)}
    return render(request, "messaging/resend.html", context)


def first_confirmation(order: Order) -> OutboxMail | None:
    """The confirmation that the customer got, of whichever template, with its text; None where none was written."""
    mails = OutboxMail.objects.filter(order=order, event__startswith=TriggerEvent.PLACED, written_at__isnull=False)
    to_customer = mails.filter(unique_key__endswith=f"|{Recipient.CUSTOMER}").exclude(state=MailState.CANCELLED)
    return to_customer.select_related("shop", "order").order_by("pk").first()


# --- the parts ------------------------------------------------------------------------------------


def _initial(request: HttpRequest, order: Order) -> dict:
    language = request.GET.get("language", "")
    language = language if language in LANGUAGES else language_of(order, request.shop)
    initial = {"language": language, "token": uuid.uuid4()}
    key = request.GET.get("template", "")
    if key:
        text, _is_own = catalogue.source_of(catalogue.template_or_404(request.shop, key), language)
        initial |= {"template": key, "subject": text.subject, "html": text.html}
    return initial


def _queue(request: HttpRequest, order: Order, typed: dict) -> OutboxMail:
    template = catalogue.template_or_404(request.shop, typed["template"]) if typed["template"] else None
    letter = Letter(
        event=EVENT,
        origin=Origin.BY_HAND,
        recipient=typed["recipient"],
        who=typed["recipient"],
        recipient_name=order.customer_name if typed["recipient"] == order.customer_email else "",
        order=order,
        template=template if template and template.pk else None,
        language=typed["language"],
        subject=typed["subject"],
        html=typed["html"],
        papers=tuple(typed["papers"]),
        files=tuple(typed["files"]),
    )
    return queue_mail(request.shop, letter, by=request.actor, token=typed["token"])


def _page(request: HttpRequest, order: Order, form: ComposeForm, *, status: int = 200) -> HttpResponse:
    language = form["language"].value()
    language = language if language in LANGUAGES else request.shop.language
    context = {
        "order": order,
        "form": form,
        "templates": catalogue.template_choices(request.shop),
        "chosen": form["template"].value() or "",
        "language": language,
        "looks": Look,
        "groups": field_list.groups_for(order, request.shop, language),
    }
    return render(request, "messaging/compose.html", context, status=status)


def _template_url(request: HttpRequest, order: Order) -> str:
    url = reverse("messaging:compose", args=[request.shop.number, order.display_number])
    return f"{url}?template=confirmation"


def _token(request: HttpRequest) -> uuid.UUID:
    try:
        return uuid.UUID(request.POST.get("token", ""))
    except ValueError:
        return uuid.uuid4()


def order_or_404(request: HttpRequest, number: int) -> Order:
    orders = Order.objects.for_shop(request.shop).filter(deleted_at=None).select_related("target_shop")
    return get_object_or_404(orders, number=number)
