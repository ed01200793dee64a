"""A message or a payment reminder to the customers of the orders selected in the list."""

import uuid

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from backoffice.access import requires
from backoffice.models import Shop
from backoffice.roles import Permission
from messaging import catalogue
from messaging.compose_form import as_html
from messaging.models import MailState, OutboxMail, validate_one_line
from messaging.models.template import LONGEST_HTML, LONGEST_SUBJECT
from messaging.previews import sentence_of
from messaging.reasons import Reason
from messaging.services.queue import cancel_all
from messaging.services.selection import (
    Message,
    Sent,
    TooManyOrders,
    chosen_orders,
    most_at_once,
    recipients_of,
    send_to,
)
from messaging.services.templates import problems_in
from messaging.trigger_forms import template_chosen
from orders import selection
from orders.models import Order
from orders.services import ChangeRefused

REMINDER, OWN = "reminder", "own"
NAMED_AT_MOST = 5


class SelectionForm(forms.Form):
    """What is sent: the next payment reminder, a template, or a text of one's own."""

    what = forms.ChoiceField(label=gettext_lazy("What is sent"))
    subject = forms.CharField(
        label=gettext_lazy("Subject"), max_length=LONGEST_SUBJECT, required=False, validators=[validate_one_line]
    )
    html = forms.CharField(
        label=gettext_lazy("Text"),
        max_length=LONGEST_HTML,
        required=False,
        strip=False,
        help_text=gettext_lazy("Plain text, or HTML. Fields such as {{ order.number }} are filled in."),
        widget=forms.Textarea(attrs={"rows": 10, "class": "source"}),
    )
    token = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args, shop: Shop, **kwargs):
        super().__init__(*args, **kwargs)
        self.shop = shop
        templates = catalogue.template_choices(shop)
        self.fields["what"].choices = [
            (REMINDER, _("Payment reminder: the next one of each order")),
            (OWN, _("A text of your own, below")),
            (_("Templates"), templates),
        ]

    def clean(self) -> dict:
        cleaned = super().clean()
        if cleaned.get("what") == OWN:
            self._clean_own(cleaned)
        return cleaned

    def _clean_own(self, cleaned: dict) -> None:
        for name in ("subject", "html"):
            if not cleaned.get(name, "").strip() and name not in self.errors:
                self.add_error(name, _("Enter the subject and the text."))
        if self.errors:
            return
        cleaned["html"] = as_html(cleaned["html"])
        for name, problems in problems_in(cleaned["subject"], cleaned["html"]).items():
            for problem in problems:
                self.add_error(name, sentence_of(problem))

    def message(self) -> Message:
        typed = self.cleaned_data
        if typed["what"] == REMINDER:
            return Message()
        if typed["what"] == OWN:
            return Message(subject=typed["subject"], html=typed["html"])
        return Message(template=template_chosen(self.shop, typed["what"]))


@requires(Permission.SEND_MESSAGES)
def write(request: HttpRequest) -> HttpResponse:
    """The page: how many are selected, how many the plan allows, what is sent; sending is the POST."""
    if request.method == "POST":
        return _send(request)
    chosen = selection.load(request)
    if not chosen:
        messages.warning(request, _("No order is selected."))
        return redirect("orders:list", request.shop.number)
    limit = most_at_once(request.shop)
    keys = list(chosen.orders(request.shop).order_by().values_list("pk", flat=True)[: limit + 1])
    if len(keys) > limit:
        number = chosen.orders(request.shop).order_by().count()
        return _too_many(request, number, limit)
    form = SelectionForm(initial={"what": REMINDER, "token": uuid.uuid4()}, shop=request.shop)
    return _page(request, form, keys)


@require_POST
@requires(Permission.SEND_MESSAGES)
def recall(request: HttpRequest) -> HttpResponse:
    """Take back what one press sent, as far as it is still held."""
    try:
        act = uuid.UUID(request.GET.get("act", ""))
    except ValueError:
        act = uuid.uuid4()
    held = OutboxMail.objects.for_shop(request.shop).filter(act=act, attempts=0)
    number = cancel_all(held, reason=Reason.BY_HAND)
    if number:
        text = ngettext("%(number)d mail is taken back.", "%(number)d mails are taken back.", number)
        messages.success(request, text % {"number": number})
    else:
        messages.error(request, _("Nothing could be taken back: the mails have left."))
    return redirect("messaging:outbox", request.shop.number)


def _send(request: HttpRequest) -> HttpResponse:
    keys = _keys(request)
    form = SelectionForm(request.POST, shop=request.shop)
    try:
        if not form.is_valid():
            return _page(request, form, keys, status=422)
        sent = send_to(request.shop, keys, form.message(), by=request.actor, token=form.cleaned_data["token"])
    except TooManyOrders as refusal:
        return _too_many(request, refusal.number, refusal.limit)
    except (ValidationError, ChangeRefused) as refusal:
        form.add_error(None, str(refusal) if isinstance(refusal, ChangeRefused) else " ".join(refusal.messages))
        return _page(request, form, keys, status=422)
    _tell(request, sent)
    if not request.user.keep_selection:
        selection.clear(request)
    return redirect("orders:list", request.shop.number)


def _keys(request: HttpRequest) -> list[int]:
    """The keys of the posted order numbers, however often each was sent."""
    numbers = selection.numbers_in(request.POST.getlist("order"))
    rows = Order.objects.for_shop(request.shop).filter(number__in=list(numbers)[: selection.MOST_SINGLE_ORDERS])
    return list(rows.order_by().values_list("pk", flat=True))


def _page(request: HttpRequest, form: SelectionForm, keys: list[int], *, status: int = 200) -> HttpResponse:
    orders = chosen_orders(request.shop, keys)
    reminding = recipients_of(request.shop, orders, is_reminder=True)
    anything = recipients_of(request.shop, orders, is_reminder=False)
    context = {
        "form": form,
        "orders": orders,
        "reminding": reminding,
        "anything": anything,
        "limit": most_at_once(request.shop),
        "back": reverse("orders:list", args=[request.shop.number]),
    }
    return render(request, "messaging/selection.html", context, status=status)


def _too_many(request: HttpRequest, number: int, limit: int) -> HttpResponse:
    context = {"number": number, "limit": limit, "plan": request.shop.plan.label}
    return render(request, "messaging/too_many.html", context, status=422 if request.method == "POST" else 200)


def _tell(request: HttpRequest, sent: Sent) -> None:
    number = len(sent.mails)
    left_out = [f"{order.display_number} ({reason})" for order, reason in sent.left_out[:NAMED_AT_MOST]]
    if len(sent.left_out) > NAMED_AT_MOST:
        left_out.append("…")
    parts = []
    if number:
        text = ngettext("%(number)d message is in the outbox", "%(number)d messages are in the outbox", number)
        parts.append(text % {"number": number})
    if left_out:
        text = ngettext("%(number)d gets none: %(orders)s", "%(number)d get none: %(orders)s", len(sent.left_out))
        parts.append(text % {"number": len(sent.left_out), "orders": ", ".join(left_out)})
    undo = ""
    if any(mail.state == MailState.HELD for mail in sent.mails):
        undo = f"undo:{reverse('messaging:recall', args=[request.shop.number])}?act={sent.act}"
    tell = messages.success if number else messages.warning
    tell(request, "; ".join(parts) + ".", extra_tags=undo)
