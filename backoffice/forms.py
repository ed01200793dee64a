from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from backoffice.models import User


class ThemeForm(forms.Form):
    theme = forms.ChoiceField(choices=User.Theme.choices)


class LanguageForm(forms.Form):
    language = forms.ChoiceField(choices=settings.LANGUAGES)


class ProfileForm(forms.ModelForm):
    """A person's own settings."""

    class Meta:
        model = User
        fields = ["name", "language", "theme", "density", "shortcuts_enabled", "keep_selection"]
        help_texts = {
            "shortcuts_enabled": _("Keys such as / for search and j, k for the next and previous order."),
            "keep_selection": _("Selected orders stay selected once an action has run."),
        }
