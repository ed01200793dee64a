"""What is typed into the pages of layouts."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from backoffice.models import Shop
from layouts.engine_limits import LARGEST_TEMPLATE
from layouts.models import LayoutVersion
from layouts.uploads import LARGEST_STYLE

CODE = {"wrap": "off", "spellcheck": "false", "autocapitalize": "off", "autocomplete": "off", "data-code": ""}


class CodeField(forms.CharField):
    """A text in lines that end in \\n, kept as it was written: a first line may well be empty."""

    def __init__(self, *, rows: int, **kwargs: Any):
        super().__init__(strip=False, widget=forms.Textarea(attrs={**CODE, "rows": rows}), **kwargs)

    def to_python(self, value: Any) -> str:
        return super().to_python(value).replace("\r\n", "\n").replace("\r", "\n")


class DraftForm(forms.ModelForm):
    """The texts of a draft; `number` and `edition` say which one was seen."""

    html = CodeField(label=_("Template"), rows=30, max_length=LARGEST_TEMPLATE)
    css = CodeField(label=_("Style sheet"), rows=16, max_length=LARGEST_STYLE, required=False)
    number = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=10**6)
    edition = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=10**6)

    class Meta:
        model = LayoutVersion
        fields = ["html", "css", "note"]
        labels = {"note": _("What changed")}
        help_texts = {"note": _("A few words for the history.")}

    def __init__(self, *args: Any, draft: LayoutVersion, **kwargs: Any):
        super().__init__(*args, instance=draft, initial={"number": draft.number, "edition": draft.edition}, **kwargs)


class PreviewForm(forms.Form):
    """Which order, language and page (`preview` is the one a button asks for), and words to find a field by."""

    order = forms.CharField(label=_("Order"), max_length=20, required=False)
    language = forms.ChoiceField(
        label=_("Language"),
        required=False,
        choices=[("", _("As the order")), ("en", "English"), ("nl", "Nederlands"), ("sv", "Svenska")],
    )
    page = forms.IntegerField(min_value=1, max_value=10_000, required=False)
    find = forms.CharField(max_length=60, required=False)
    preview = forms.IntegerField(min_value=1, max_value=10_000, required=False)

    def value(self, name: str) -> Any:
        """A value that makes sense, None otherwise: a preview is no place for complaints."""
        self.is_valid()
        return self.cleaned_data.get(name) or None

    @property
    def wanted_page(self) -> int:
        return self.value("preview") or self.value("page") or 1


class BeginForm(forms.Form):
    """What a new draft begins with."""

    source = forms.ChoiceField(choices=[("standard", ""), ("base", ""), ("live", "")])


class PublishForm(forms.Form):
    """The shops whose papers change, and the words for the history; `edition` is the draft that was seen."""

    edition = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=10**6)
    shops = forms.MultipleChoiceField(label=_("Publish in"), widget=forms.CheckboxSelectMultiple)
    note = forms.CharField(label=_("What changed"), max_length=200, required=False)

    def __init__(self, *args: Any, shops: list[Shop], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["shops"].choices = [(shop.number, shop.name) for shop in shops]
