"""What people type in at mail texts, checked before a service sees it."""

from django import forms
from django.utils.translation import gettext_lazy as _

from messaging.models import MailTemplate, Purpose, validate_one_line
from messaging.models.template import LONGEST_HTML, LONGEST_SUBJECT


class TextForm(forms.Form):
    """A mail in one language. Markup is the point, so only the sources' own problems are refused."""

    subject = forms.CharField(label=_("Subject"), max_length=LONGEST_SUBJECT, validators=[validate_one_line])
    html = forms.CharField(
        label=_("Text"),
        max_length=LONGEST_HTML,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 22, "spellcheck": "true", "class": "mono source"}),
    )
    note = forms.CharField(
        label=_("What changed"), max_length=120, required=False, help_text=_("For the list of versions.")
    )
    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=2**31 - 1)


class TemplateForm(forms.ModelForm):
    """A template's name, and what a new one begins with."""

    begin_with = forms.ChoiceField(label=_("Begin with"), required=False)

    class Meta:
        model = MailTemplate
        fields = ["name"]
        help_texts = {"name": _("For your own eyes; customers never see it.")}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            del self.fields["begin_with"]
        else:
            self.fields["begin_with"].choices = [("", _("An empty page")), *Purpose.choices]
