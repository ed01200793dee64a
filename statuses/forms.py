"""What people type in at statuses, checked before a service sees it."""

import re
import unicodedata
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from statuses.catalogue import Catalogue
from statuses.kinds import WORDS, Kind
from statuses.models import LANGUAGES, ShopStatus
from statuses.services import ChangedMeanwhile, describe
from statuses.transitions import may_follow

# Markup, and what no document can carry.
NOT_IN_A_NAME = re.compile("[<>\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
NAMES = [f"name_{language}" for language in LANGUAGES]
CUSTOMER_NAMES = [f"customer_name_{language}" for language in LANGUAGES]


class StatusForm(forms.ModelForm):
    """An own status, or a built-in one's words and colours; fields that mean nothing for its kind are left out.

    `number_of_orders` is how many carry an own status: while there are any, what it stands for stays.
    """

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = ShopStatus
        fields = [
            *NAMES, "stands_for", "colour", "shape", "row_look", "is_todo", "is_shown_to_customer", *CUSTOMER_NAMES,
        ]  # fmt: skip
        widgets = {
            "stands_for": forms.Select,
            "colour": forms.RadioSelect,
            "shape": forms.RadioSelect,
            "row_look": forms.RadioSelect,
        }
        labels = {
            "name_en": gettext_lazy("Name in English"),
            "name_nl": gettext_lazy("Name in Dutch"),
            "name_sv": gettext_lazy("Name in Swedish"),
            "stands_for": gettext_lazy("Stands for"),
            "colour": gettext_lazy("Colour"),
            "shape": gettext_lazy("Dot"),
            "row_look": gettext_lazy("Look of its rows in the order list"),
            "is_todo": gettext_lazy("Orders with this status count as to do"),
            "is_shown_to_customer": gettext_lazy("The customer sees this status"),
            "customer_name_en": gettext_lazy("Customer reads, in English"),
            "customer_name_nl": gettext_lazy("Customer reads, in Dutch"),
            "customer_name_sv": gettext_lazy("Customer reads, in Swedish"),
        }

    def __init__(self, data=None, *, status: ShopStatus, catalogue: Catalogue, number_of_orders: int = 0):
        self.catalogue, self.number_of_orders = catalogue, number_of_orders
        super().__init__(data, instance=status, initial={"version": status.version})
        self.kind = Kind(status.kind)
        self._leave_out_what_means_nothing(status)
        for name in CUSTOMER_NAMES:
            if name in self.fields:
                self.fields[name].help_text = _("Empty: the name itself.")
        self._explain_names(status)

    def _leave_out_what_means_nothing(self, status: ShopStatus) -> None:
        gone = []
        if self.kind != Kind.FULFILMENT:
            gone += ["row_look", "is_todo"]
        if self.kind == Kind.INTERNAL:
            gone += ["is_shown_to_customer", *CUSTOMER_NAMES]
        if self.kind == Kind.INTERNAL or status.is_builtin:
            gone.append("stands_for")
        else:
            self._offer_words()
        for name in gone:
            del self.fields[name]

    def _offer_words(self) -> None:
        words = [(code, str(self.catalogue.look(self.kind, code).label)) for code in WORDS[self.kind].values]
        field = forms.ChoiceField(choices=[("", "–"), *words], label=self.fields["stands_for"].label)
        field.help_text = _("The built-in status that rules, reports and marketplaces go by.")
        if self.number_of_orders:
            field.help_text = self._why_it_stays()
        self.fields["stands_for"] = field

    def _explain_names(self, status: ShopStatus) -> None:
        for language in LANGUAGES:
            field = self.fields[f"name_{language}"]
            if status.is_builtin:
                field.help_text = _("Empty: “%(word)s”, the usual word.") % {"word": _usual_word(status, language)}
            elif status.code and not getattr(status, f"name_{language}"):
                field.help_text = _("Missing: “%(name)s” is shown.") % {"name": status.name_in(language)}

    def _why_it_stays(self) -> str:
        text = ngettext(
            "%(number)d order has this status and is counted, reported and pulled as what it stands for. To change "
            "that, make a new status and remove this one: its order then moves and its log says so.",
            "%(number)d orders have this status and are counted, reported and pulled as what it stands for. To "
            "change that, make a new status and remove this one: its orders then move and their logs say so.",
            self.number_of_orders,
        )
        return text % {"number": self.number_of_orders}

    def clean_stands_for(self) -> str:
        word = self.cleaned_data["stands_for"]
        if self.number_of_orders and word != self.instance.stands_for:
            raise forms.ValidationError(self._why_it_stays())
        return word

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        for name in [*NAMES, *CUSTOMER_NAMES]:
            if text := cleaned.get(name):
                self._check_name(name, text)
        if not self.instance.is_builtin and not any(self.data.get(name, "").strip() for name in NAMES):
            self.add_error("name_en", _("Give the status a name in at least one language."))
        if not any(name in self.errors for name in NAMES):
            self._refuse_doubles(cleaned)
        return cleaned

    def _check_name(self, name: str, text: str) -> None:
        if NOT_IN_A_NAME.search(text):
            self.add_error(name, _("A name is plain text, without < and > or control characters."))
        elif all(unicodedata.category(letter)[0] in "CZ" for letter in text):
            self.add_error(name, _("A name needs something that can be seen."))

    def _refuse_doubles(self, cleaned: dict[str, Any]) -> None:
        """Two statuses of a kind that read the same in a language could not be told apart in a menu."""
        mine = ShopStatus(kind=self.kind, code=self.instance.code, is_builtin=self.instance.is_builtin)
        for name in NAMES:
            setattr(mine, name, cleaned[name])
        others = [each for each in self.catalogue.listed(self.kind) if each.code != self.instance.code]
        for language in LANGUAGES:
            label = mine.name_in(language).casefold()
            if any(other.name_in(language).casefold() == label for other in others):
                name = (
                    f"name_{language}" if cleaned[f"name_{language}"] else next(filter(cleaned.get, NAMES), "name_en")
                )
                self.add_error(name, _("There is another status with this name."))
                return

    def _post_clean(self) -> None:
        """The row is made by the service, so the instance stays as it was."""

    @property
    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.fields if name != "version"}

    def refuse_stale(self, meanwhile: ChangedMeanwhile) -> None:
        """Say what somebody else saved; sending the form again then means "use mine"."""
        self.data = self.data.copy()
        self.data["version"] = meanwhile.current.version
        text = _(
            "%(who)s saved this status meanwhile: %(status)s. Save again to use yours, or open it anew to keep theirs."
        )
        current = meanwhile.current
        self.add_error(None, text % {"who": current.changed_by, "status": describe(current)})


class RemoveForm(forms.Form):
    """Where the orders of a removed status go: statuses that may follow what it stands for."""

    target = forms.ChoiceField(label=gettext_lazy("Its orders get"), required=False)

    def __init__(self, data=None, *, status: ShopStatus, catalogue: Catalogue):
        super().__init__(data, initial={"target": status.stands_for})
        field = self.fields["target"]
        field.required = status.kind != Kind.INTERNAL
        none = [("", _("No internal status"))] if status.kind == Kind.INTERNAL else []
        field.choices = none + [
            (each.code, each.label)
            for each in catalogue.listed(status.kind)
            if each.pk != status.pk and _may_become(status, each)
        ]


class DirectionForm(forms.Form):
    direction = forms.ChoiceField(choices=[("up", "up"), ("down", "down")])


class ArrangeForm(forms.Form):
    """The codes of a list from top to bottom, as dragging left them."""

    codes = forms.CharField(max_length=10_000)

    def clean_codes(self) -> list[str]:
        return self.cleaned_data["codes"].split()


def _may_become(status: ShopStatus, other: ShopStatus) -> bool:
    if status.kind == Kind.INTERNAL:
        return True
    word = other.code if other.is_builtin else other.stands_for
    never_by_hand = word == "aborted" and status.stands_for != word
    return not never_by_hand and may_follow(status.kind, status.stands_for, word)


def _usual_word(status: ShopStatus, language: str) -> str:
    return ShopStatus(kind=status.kind, code=status.code, is_builtin=True).name_in(language)
