"""What staff types in about the sender and the mail server. The password goes in and never comes out again."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from messaging.models import MailSettings, Security


class MailSettingsForm(forms.ModelForm):
    """An empty password keeps the one that is stored; without a user name there is none."""

    new_password = forms.CharField(
        label=_("Password"),
        max_length=200,
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Leave it empty to keep the one that is stored."),
    )

    class Meta:
        model = MailSettings
        fields = [
            "sender_name",
            "sender_address",
            "reply_to",
            "copy_address",
            "hold_seconds",
            "mails_marketplace_customers",
            "host",
            "port",
            "security",
            "username",
        ]
        widgets = {"security": forms.RadioSelect}

    sender_fields = ("sender_name", "sender_address", "reply_to", "copy_address", "hold_seconds")
    server_fields = ("host", "port", "security", "username", "new_password")

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if values.get("host") and not values.get("sender_address") and not self.instance.shop.email:
            self.add_error("sender_address", _("A mail server of your own needs an address to send from."))
        if values.get("username") and values.get("security") == Security.NONE:
            self.add_error("security", _("A password is only sent over an encrypted connection."))
        return values

    @property
    def values(self) -> dict[str, Any]:
        """What is to be stored; the password only when it changes."""
        stored = {name: self.cleaned_data[name] for name in self.Meta.fields}
        if not stored["username"]:
            return stored | {"password": ""}
        typed = self.cleaned_data["new_password"]
        return stored | {"password": typed} if typed else stored
