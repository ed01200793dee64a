"""Which orders can be merged with one: what the page offers, what is typed in, and the card on the order page."""

from dataclasses import dataclass

from django import forms
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.models import Shop
from orders import display
from orders.models import Order
from orders.order_page.panels import OrderPanel
from orders.services.edit import REGROUPS
from orders.services.merging import merge_suggestions, open_orders_of_customer, reason_against
from orders.timeline import Log
from orders.waiting import WORK

MOST_RELATIVES = 20


@dataclass(frozen=True)
class Candidate:
    """An open order of the same customer; `reason` says why it cannot come, empty when it can."""

    number: str
    url: str
    about: str
    reason: str
    is_chosen: bool


def candidates_of(order: Order, shop: Shop, *, chosen: set[str]) -> list[Candidate]:
    """The customer's other open orders, newest first; those to the same address are chosen unless somebody chose."""
    same_address = {other.pk for other in merge_suggestions(order, shop)}
    return [
        Candidate(
            number=other.display_number,
            url=_url(shop, other),
            about=_about(other, shop),
            reason=reason_against(order, other),
            is_chosen=other.display_number in chosen if chosen else other.pk in same_address,
        )
        for other in open_orders_of_customer(order, shop)
    ]


class MergeForm(forms.Form):
    """Orders by their numbers: ticked ones, and one that is typed in."""

    other = forms.CharField(
        label=gettext_lazy("Another order"),
        required=False,
        max_length=40,
        help_text=gettext_lazy("Its number; it has to be of the same customer."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
    )

    def __init__(self, data=None, *, order: Order, shop: Shop):
        super().__init__(data)
        self.order, self.shop = order, shop

    def chosen(self) -> set[str]:
        return set(self.data.getlist("order")) if self.is_bound else set()

    def clean_other(self) -> Order | None:
        text = self.cleaned_data["other"].strip()
        if not text:
            return None
        found = self._orders([text])
        if not found:
            raise forms.ValidationError(_("There is no such order."))
        return found[0]

    def clean(self) -> dict:
        cleaned = super().clean()
        others = self._orders(self.chosen())
        typed = cleaned.get("other")
        cleaned["others"] = list(dict.fromkeys([*others, *([typed] if typed else [])]))
        if not cleaned["others"] and not self.errors:
            self.add_error(None, _("Choose at least one other order."))
        return cleaned

    def _orders(self, texts) -> list[Order]:
        numbers = [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) <= 18]
        return list(Order.objects.for_shop(self.shop).filter(number__in=numbers).order_by("number")) if numbers else []


@dataclass(frozen=True)
class Relative:
    number: str
    url: str
    about: str


@dataclass(frozen=True)
class Relatives:
    """Where an order came from and went to, and what could come along."""

    split_from: Relative | None
    parts: list[Relative]
    merged: list[Relative]
    suggestions: list[Relative]
    can_come_back: bool
    merge_url: str
    merge_back_url: str


def relatives_panel(order: Order, shop: Shop, log: Log) -> OrderPanel | None:
    """The card of orders that belong together: one query for an open order, one for one that was ever regrouped."""
    others = _relatives(order, shop) if log.newest(*REGROUPS, most=1) else []
    by_key = {other.pk: other for other in others}
    parts = [other for other in others if other.split_from_id == order.pk and other.merged_into_id != order.pk]
    merged = [other for other in others if other.merged_into_id == order.pk]
    suggestions = [other for other in merge_suggestions(order, shop) if other.pk not in by_key]
    if not (others or suggestions):
        return None

    def relative(other: Order | None) -> Relative | None:
        return Relative(other.display_number, _url(shop, other), _about(other, shop)) if other else None

    def relatives(found: list[Order]) -> list[Relative]:
        return [each for each in map(relative, found) if each]

    content = Relatives(
        split_from=relative(by_key.get(order.split_from_id)),
        parts=relatives(parts),
        merged=relatives(merged),
        suggestions=relatives(suggestions),
        can_come_back=order.fulfilment_status in WORK and any(part.fulfilment_status in WORK for part in parts),
        merge_url=reverse("orders:merge", args=[shop.number, order.display_number]),
        merge_back_url=reverse("orders:merge-back", args=[shop.number, order.display_number]),
    )
    return OrderPanel("orders/_relatives.html", content)


def _relatives(order: Order, shop: Shop) -> list[Order]:
    """Where the order came from, what was split off from it and what was merged into it."""
    related = Q(split_from=order) | Q(merged_into=order) | Q(pk=order.split_from_id)
    return list(Order.objects.for_shop(shop).filter(related).order_by("pk")[:MOST_RELATIVES])


def _url(shop: Shop, order: Order) -> str:
    return reverse("orders:detail", args=[shop.number, order.display_number])


def _about(order: Order, shop: Shop) -> str:
    day = display.day(order.placed_at.astimezone(shop.zone).date())
    return f"{day} · {display.money(order.total, order.currency)}"
