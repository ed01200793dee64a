"""What staff types in about order pull."""

from datetime import datetime, timedelta

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.models import Shop
from orderpull.addresses import listed
from orderpull.models import PullPartner, PullSettings

MOST_ADDRESSES = 100
LONGEST_URL = 8000


class SettingsForm(forms.ModelForm):
    """The switches and the addresses; keys are never in a form."""

    class Meta:
        model = PullSettings
        fields = ["is_on", "allowed_addresses", "include_aborted", "accepts_updates"]
        labels = {"is_on": _("Order pull is on")}
        widgets = {"allowed_addresses": forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "class": "mono"})}

    def clean_allowed_addresses(self) -> str:
        entries = listed(self.cleaned_data["allowed_addresses"])
        if len(entries) > MOST_ADDRESSES:
            raise forms.ValidationError(_("At most %(number)d addresses.") % {"number": MOST_ADDRESSES})
        return "\n".join(dict.fromkeys(entries))

    @property
    def values(self) -> dict:
        return {name: self.cleaned_data[name] for name in self.Meta.fields}


class RotateForm(forms.Form):
    """Whether the key before the new one stays good for a while."""

    old_key = forms.ChoiceField(
        label=_("The old key"),
        choices=[("day", _("stays valid for 24 hours")), ("now", _("ends at once"))],
        widget=forms.RadioSelect,
        initial="day",
    )


class PartnerForm(forms.ModelForm):
    class Meta:
        model = PullPartner
        fields = ["name"]
        help_texts = {"name": _("As the partner's program sends it, capitals included.")}


class TestForm(forms.Form):
    """Since when the test asks; on the clock of the shop."""

    since = forms.DateTimeField(
        label=_("Changed since"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    )

    def __init__(self, *args, shop: Shop, **kwargs):
        self.shop = shop
        super().__init__(*args, **kwargs)
        yesterday = timezone.now().astimezone(shop.zone) - timedelta(days=1)
        self.initial.setdefault("since", yesterday.replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0))

    def clean_since(self) -> datetime:
        """A wall time: which moment it is, the call itself decides."""
        return self.cleaned_data["since"].replace(tzinfo=None)


class TesterForm(forms.Form):
    address = forms.CharField(
        label=_("The address your program called"),
        max_length=LONGEST_URL,
        strip=True,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "class": "mono"}),
        help_text=_("Whole, as it went out, with all parameters. It is looked at here and kept nowhere."),
    )
