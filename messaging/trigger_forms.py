"""What ties a mail to something that happens: typed in, and shown as a row."""

from collections import defaultdict
from dataclasses import dataclass

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.models import Shop
from layouts.kinds import Kind as Paper
from messaging import catalogue
from messaging.file_field import FilesField
from messaging.models import MailTemplate, Purpose, Recipient, Trigger, TriggerEvent, validate_one_address
from messaging.services.usual import template_for
from orders.models import OrderLine
from statuses.catalogue import Catalogue, catalogue_of
from statuses.kinds import Kind

STATUS_EVENTS = {
    TriggerEvent.FULFILMENT: Kind.FULFILMENT,
    TriggerEvent.PAYMENT: Kind.PAYMENT,
    TriggerEvent.INTERNAL: Kind.INTERNAL,
    TriggerEvent.LINE: Kind.LINE,
}
# Papers that belong to one order and to its customer.
PAPERS = (Paper.INVOICE, Paper.ORDER_CONFIRMATION, Paper.PACKING_SLIP, Paper.CREDIT_NOTE, Paper.RETURN_SLIP)
LONGEST_DELAY = 60 * 24 * 365


class TriggerForm(forms.ModelForm):
    """When, which mail, to whom, how late and with what; choices are those of the shop."""

    when = forms.ChoiceField(label=gettext_lazy("When"))
    mail = forms.ChoiceField(label=gettext_lazy("Template"))
    delay_minutes = forms.IntegerField(
        label=gettext_lazy("Delay in minutes"),
        min_value=0,
        max_value=LONGEST_DELAY,
        required=False,
        help_text=gettext_lazy("0 sends it after the shop's hold time; 1440 is a day."),
    )
    papers = forms.MultipleChoiceField(
        label=gettext_lazy("Documents"), required=False, widget=forms.CheckboxSelectMultiple
    )
    address = forms.CharField(label=gettext_lazy("Address"), required=False, max_length=254)
    files = FilesField()

    class Meta:
        model = Trigger
        fields = [
            "target_shop", "recipient", "address", "delay_minutes", "each_time", "papers", "copy_to_shop", "is_on",
        ]  # fmt: skip
        labels = {
            "target_shop": gettext_lazy("Orders of"),
            "each_time": gettext_lazy("Each time, not only the first"),
            "copy_to_shop": gettext_lazy("Send the shop a copy"),
            "is_on": gettext_lazy("On"),
        }
        help_texts = {
            "target_shop": gettext_lazy("What is set for one shop takes the place of what is set for all."),
        }

    field_order = [
        "when",
        "target_shop",
        "mail",
        "recipient",
        "address",
        "delay_minutes",
        "each_time",
        "papers",
        "files",
    ]

    def __init__(self, *args, shop: Shop, **kwargs):
        super().__init__(*args, **kwargs)
        self.shop = shop
        self.fields["when"].choices = when_choices(shop)
        self.fields["mail"].choices = mail_choices(shop)
        self.fields["papers"].choices = [(paper.value, paper.label) for paper in PAPERS]
        self.fields["files"].offer(shop)
        self.fields["target_shop"].queryset = shop.target_shops.all()
        self.fields["target_shop"].empty_label = _("All shops")
        if not shop.targets():
            del self.fields["target_shop"]
        if not self.fields["files"].choices:
            del self.fields["files"]
        if self.instance.pk is not None:
            self.initial["when"] = when_key(self.instance)
            self.initial["mail"] = catalogue.key_of(self.instance.template)
            self.initial["files"] = [str(file.pk) for file in self.instance.files.all()]

    def clean_delay_minutes(self) -> int:
        return self.cleaned_data["delay_minutes"] or 0

    def clean_address(self) -> str:
        address = self.cleaned_data["address"].strip()
        if address:
            validate_one_address(address)
        return address

    def clean(self) -> dict:
        cleaned = super().clean()
        if cleaned.get("recipient") == Recipient.ADDRESS:
            if not cleaned.get("address") and "address" not in self.errors:
                self.add_error("address", _("Enter the address it goes to."))
        else:
            cleaned["address"] = ""
        return cleaned

    def save(self, commit: bool = True) -> Trigger:
        trigger: Trigger = self.instance
        trigger.shop = self.shop
        event, _colon, rest = self.cleaned_data["when"].partition(":")
        trigger.event = event
        own = rest.removeprefix("own-")
        trigger.own_status_id = int(own) if own != rest else None
        trigger.code = "" if own != rest else rest
        trigger.template = template_chosen(self.shop, self.cleaned_data["mail"])
        saved = super().save(commit)
        saved.files.set(self.cleaned_data.get("files", []))
        return saved


def when_key(trigger: Trigger) -> str:
    """As the form's choice says it: `fulfilment:shipped`, `internal:own-7`, `order.placed`."""
    if trigger.own_status_id is not None:
        return f"{trigger.event}:own-{trigger.own_status_id}"
    return f"{trigger.event}:{trigger.code}" if trigger.code else trigger.event


def when_choices(shop: Shop) -> list:
    """Everything a mail can be tied to, statuses grouped by kind."""
    found = catalogue_of(shop)
    plain = [
        (TriggerEvent.PLACED.value, TriggerEvent.PLACED.label),
        (f"{TriggerEvent.DIGITAL.value}:{OrderLine.Kind.DIGITAL}", _("Downloads released")),
        (f"{TriggerEvent.DIGITAL.value}:{OrderLine.Kind.GIFT_CARD}", _("Gift cards released")),
    ]
    groups = [(str(Kind(kind).label), _statuses(event, kind, found)) for event, kind in STATUS_EVENTS.items()]
    return [(_("Events"), plain), *[group for group in groups if group[1]]]


def _statuses(event: TriggerEvent, kind: str, found: Catalogue) -> list[tuple[str, str]]:
    own = {row.code: row for row in found.own(kind)}
    return [
        (f"{event.value}:own-{own[code].pk}" if code in own else f"{event.value}:{code}", label)
        for code, label in found.choices(kind)
    ]


def mail_choices(shop: Shop) -> list[tuple[str, str]]:
    return catalogue.template_choices(shop)


def template_chosen(shop: Shop, key: str) -> MailTemplate:
    """The row behind a choice of `mail_choices`."""
    return template_for(shop, key) if key in Purpose.values else catalogue.template_or_404(shop, key)


@dataclass(frozen=True)
class TriggerRow:
    trigger: Trigger
    template_key: str
    to: str
    delay: str
    carries: list[str]


@dataclass(frozen=True)
class TriggerGroup:
    """What is sent when one thing happens."""

    label: str
    rows: list[TriggerRow]


def trigger_groups(shop: Shop) -> list[TriggerGroup]:
    """The shop's triggers by what sets them off, in the order of the form's choices; three queries."""
    triggers = Trigger.objects.for_shop(shop).select_related("template", "target_shop", "own_status")
    by_key: dict[str, list[Trigger]] = defaultdict(list)
    for trigger in triggers.prefetch_related("files"):
        by_key[when_key(trigger)].append(trigger)
    groups = []
    for kind, choices in when_choices(shop):
        for key, label in choices:
            if rows := by_key.pop(key, []):
                groups.append(TriggerGroup(f"{kind}: {label}", [_row(each) for each in rows]))
    # A status that was removed meanwhile still says what it sends, until somebody takes it away.
    return [*groups, *(TriggerGroup(key, [_row(each) for each in rows]) for key, rows in by_key.items())]


def _row(trigger: Trigger) -> TriggerRow:
    papers = [str(Paper(paper).label) for paper in trigger.papers if paper in Paper.values]
    to = trigger.address if trigger.recipient == Recipient.ADDRESS else str(trigger.get_recipient_display())
    return TriggerRow(
        trigger,
        catalogue.key_of(trigger.template),
        to,
        delay_words(trigger.delay_minutes),
        papers + [file.name for file in trigger.files.all()],
    )


def delay_words(minutes: int) -> str:
    """Empty for none; whole days and hours where they are whole."""
    if not minutes:
        return ""
    if minutes % 1440 == 0:
        return _("after %(number)d d") % {"number": minutes // 1440}
    if minutes % 60 == 0:
        return _("after %(number)d h") % {"number": minutes // 60}
    return _("after %(number)d min") % {"number": minutes}
