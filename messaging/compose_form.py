"""A message by hand: what is typed, checked against the order it is about."""

import re
from collections.abc import Mapping
from html import escape
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.models import Shop
from messaging.builtin import LANGUAGES
from messaging.file_field import FilesField
from messaging.models import DoNotMail, validate_one_address, validate_one_line
from messaging.models.template import LONGEST_HTML, LONGEST_SUBJECT
from messaging.previews import LANGUAGE_NAMES, data_of, sentence_of
from messaging.services.templates import problems_in
from messaging.trigger_forms import PAPERS
from orders.models import Order

_LIQUID = re.compile(r"(\{\{.*?\}\}|\{%.*?%\})", re.DOTALL)
_SHOWN = re.compile(r"\{\{-?\s*((?:order|shop)(?:\.\w+)+)")
_ASKED = re.compile(r"\{%-?\s*(?:if|elsif|unless)\s[^%]*?((?:order|shop)(?:\.\w+)+)")
_MARKUP = re.compile(r"<[a-zA-Z!/]")
CUSTOMER, OTHER = "customer", "other"


class ComposeForm(forms.Form):
    """To whom, in which language, subject and text; attachments from the archive or made as the mail leaves."""

    to = forms.ChoiceField(label=gettext_lazy("To"), widget=forms.RadioSelect)
    address = forms.CharField(label=gettext_lazy("Other address"), required=False, max_length=254)
    language = forms.ChoiceField(
        label=gettext_lazy("Language"), choices=[(code, LANGUAGE_NAMES[code]) for code in LANGUAGE_NAMES]
    )
    subject = forms.CharField(label=gettext_lazy("Subject"), max_length=LONGEST_SUBJECT, validators=[validate_one_line])
    html = forms.CharField(
        label=gettext_lazy("Text"),
        max_length=LONGEST_HTML,
        strip=False,
        help_text=gettext_lazy("Plain text, or HTML. Fields such as {{ order.number }} are filled in."),
        widget=forms.Textarea(attrs={"rows": 14, "class": "source"}),
    )
    papers = forms.MultipleChoiceField(
        label=gettext_lazy("Documents"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[(paper.value, paper.label) for paper in PAPERS],
    )
    files = FilesField()
    with_gaps = forms.BooleanField(label=gettext_lazy("Send it with these gaps"), required=False)
    template = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)
    token = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args, order: Order, shop: Shop, **kwargs):
        super().__init__(*args, **kwargs)
        self.order, self.shop = order, shop
        self.gaps: list[str] = []
        customer = order.customer_email.strip()
        choices = [(CUSTOMER, _("The customer, %(address)s") % {"address": customer})] if customer else []
        self.fields["to"].choices = [*choices, (OTHER, _("Another address"))]
        self.initial.setdefault("to", CUSTOMER if customer else OTHER)
        self.fields["files"].offer(shop)
        if not self.fields["files"].choices:
            self.fields["files"].help_text = _("The archive is empty; files are added under Messages, Files.")

    def clean_html(self) -> str:
        return as_html(self.cleaned_data["html"])

    def clean(self) -> dict:
        cleaned = super().clean()
        self._clean_recipient(cleaned)
        if "subject" in cleaned and "html" in cleaned:
            self._clean_text(cleaned)
        return cleaned

    def _clean_recipient(self, cleaned: dict) -> None:
        name = "to" if cleaned.get("to") == CUSTOMER else "address"
        address = self.order.customer_email if name == "to" else cleaned.get("address", "")
        try:
            cleaned["recipient"] = _checked(address.strip(), self.shop)
        except forms.ValidationError as refusal:
            self.add_error(name, refusal)

    def _clean_text(self, cleaned: dict) -> None:
        problems = problems_in(cleaned["subject"], cleaned["html"])
        for name, found in problems.items():
            for problem in found:
                self.add_error(name, sentence_of(problem))
        if problems or cleaned.get("with_gaps"):
            return
        data = data_of(self.order, self.shop, cleaned.get("language", "en"))
        self.gaps = gaps_in(cleaned["subject"] + cleaned["html"], data)
        if self.gaps:
            text = _("This order has nothing for: %(names)s. Change the text, or send it as it is.")
            self.add_error("html", text % {"names": ", ".join(self.gaps)})


def _checked(address: str, shop: Shop) -> str:
    if not address:
        raise forms.ValidationError(_("Enter an e-mail address."))
    validate_one_address(address)
    if DoNotMail.objects.for_shop(shop).filter(address=address.lower()).exists():
        raise forms.ValidationError(_("This address is marked “do not mail”."))
    return address


def as_html(text: str) -> str:
    """What is typed, as HTML: markup as it is, plain text with its paragraphs and line breaks. Liquid stays Liquid."""
    text = text.replace("\r\n", "\n").strip()
    if _MARKUP.search(text):
        return text
    pieces = [piece if number % 2 else escape(piece, quote=False) for number, piece in enumerate(_LIQUID.split(text))]
    paragraphs = re.split(r"\n{2,}", "".join(pieces))
    return "\n".join(f"<p>{paragraph.replace(chr(10), '<br>')}</p>" for paragraph in paragraphs)


def gaps_in(source: str, data: Mapping[str, Any]) -> list[str]:
    """The fields a text shows for which there is nothing, unless the text itself asks about them first."""
    asked = set(_ASKED.findall(source))
    shown = [path for path in dict.fromkeys(_SHOWN.findall(source)) if path not in asked]
    return [path for path in shown if _at(data, path) in (None, "")]


def _at(data: Mapping[str, Any], path: str) -> Any:
    value: Any = data
    for name in path.split("."):
        if not isinstance(value, Mapping):
            return value
        value = value.get(name)
    return value


def language_of(order: Order, shop: Shop) -> str:
    """The customer's language where mails speak it, else the shop's."""
    wanted = order.customer_language[:2].lower()
    return wanted if wanted in LANGUAGES else shop.language
