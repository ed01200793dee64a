"""What people type in or press at orders, checked before a service sees it."""

from django import forms
from django.utils.translation import gettext_lazy as _

from backoffice.models import Shop
from orders.bulk import LONGEST_REASON
from orders.models import Folder, OrderNote, SavedView, Tag
from orders.services.acceptance import ILLEGAL_CHARACTERS


class StatusForm(forms.Form):
    """A status to set and the one the person saw; without `seen` nobody looked. Services know which codes there are."""

    status = forms.CharField(max_length=40, required=False)
    seen = forms.CharField(max_length=40, required=False)

    def clean_seen(self) -> str | None:
        return self.cleaned_data["seen"] if "seen" in self.data else None


class LineStatusForm(StatusForm):
    """For the line at that place in the cart, or without one for all lines."""

    line = forms.IntegerField(min_value=1, max_value=10**9, required=False)


class WordsForm(forms.Form):
    """Words of staff at an order."""

    text = forms.CharField(
        label=_("Note"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 2, "data-key": "n"}),
        error_messages={"required": _("Write something first.")},
    )

    def clean_text(self) -> str:
        text = self.cleaned_data["text"]
        if ILLEGAL_CHARACTERS.search(text):
            raise forms.ValidationError(_("Contains a character that no document can carry."))
        return text


class NoteForm(WordsForm):
    """A new note."""

    audience = forms.ChoiceField(
        label=_("For whom"), choices=OrderNote.Audience.choices, initial=OrderNote.Audience.INTERNAL
    )


class NoteTextForm(WordsForm):
    """A note written anew, and the text that was there when the person began."""

    seen = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)

    def again(self, *, seen: str) -> "NoteTextForm":
        """The same form, to be sent again by somebody who has now seen another text."""
        data = self.data.copy()
        data["seen"] = seen
        return NoteTextForm(data)


class HoldForm(forms.Form):
    """Why an order has to wait."""

    reason = forms.CharField(
        label=_("Reason (shown to staff)"),
        max_length=LONGEST_REASON,
        error_messages={"required": _("Say why, so that a colleague knows what to wait for.")},
    )

    def clean_reason(self) -> str:
        reason = self.cleaned_data["reason"]
        if ILLEGAL_CHARACTERS.search(reason):
            raise forms.ValidationError(_("Contains a character that no document can carry."))
        return reason


class UndoForm(forms.Form):
    """One user action to take back, in all orders it touched or in the one with that number."""

    act = forms.UUIDField()
    order = forms.RegexField("^[0-9]{1,18}$", required=False)


class ViewForm(forms.ModelForm):
    """What a view is called and who sees it."""

    class Meta:
        model = SavedView
        fields = ["name", "is_shared"]


class FilingForm(forms.ModelForm):
    """A folder or tag of one shop: a name that no other has, and a colour."""

    def __init__(self, *args, shop: Shop, **kwargs):
        super().__init__(*args, **kwargs)
        self.instance.shop = shop

    def clean_name(self) -> str:
        name = self.cleaned_data["name"]
        others = self._meta.model.objects.for_shop(self.instance.shop).kept().exclude(pk=self.instance.pk)
        if others.filter(name__iexact=name).exists():
            raise forms.ValidationError(_("There is one with this name already."))
        return name


class FolderForm(FilingForm):
    class Meta:
        model = Folder
        fields = ["name", "colour"]


class TagForm(FilingForm):
    class Meta:
        model = Tag
        fields = ["name", "colour"]

    def clean_name(self) -> str:
        if "," in self.cleaned_data["name"]:
            raise forms.ValidationError(_("A tag has no commas in its name."))
        return super().clean_name()


class StepForm(forms.Form):
    """Moving a row one place up or down."""

    step = forms.TypedChoiceField(choices=[("-1", _("up")), ("1", _("down"))], coerce=int)


class ArrangeForm(forms.Form):
    """The keys of rows in the order in which they shall stand."""

    row = forms.TypedMultipleChoiceField(coerce=int)

    def __init__(self, data):
        super().__init__(data)
        keys = [key for key in data.getlist("row") if key.isascii() and key.isdecimal() and len(key) <= 18]
        self.fields["row"].choices = [(key, key) for key in keys[:500]]
