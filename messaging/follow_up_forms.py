"""What is sent later, to whom lines are passed on, which file a product is: typed in."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.models import Shop
from backoffice.plans import Feature
from messaging import catalogue
from messaging.models import DigitalProduct, FollowUps, ShopFile, Supplier
from messaging.trigger_forms import template_chosen


class FollowUpsForm(forms.ModelForm):
    """Reminders, feedback and the limits of downloads."""

    mail = forms.ChoiceField(label=gettext_lazy("Template for feedback"), required=False)

    class Meta:
        model = FollowUps
        fields = [
            "reminds", "first_after_days", "second_after_days", "third_after_days", "asks_feedback",
            "feedback_after_days", "feedback_from", "download_days", "download_times",
        ]  # fmt: skip
        labels = {
            "reminds": gettext_lazy("Send payment reminders by themselves"),
            "first_after_days": gettext_lazy("First, days after the order"),
            "second_after_days": gettext_lazy("Second, days after the order"),
            "third_after_days": gettext_lazy("Third, days after the order"),
            "asks_feedback": gettext_lazy("Ask for feedback by itself"),
            "feedback_after_days": gettext_lazy("Days later"),
            "feedback_from": gettext_lazy("Counted from when"),
            "download_days": gettext_lazy("Downloads work for days"),
            "download_times": gettext_lazy("And so many times"),
        }
        help_texts = {
            "reminds": gettext_lazy("They stop when the order is paid or cancelled. What was due before is not sent."),
        }

    field_order = [
        "reminds", "first_after_days", "second_after_days", "third_after_days", "asks_feedback", "mail",
    ]  # fmt: skip

    def __init__(self, *args, shop: Shop, **kwargs):
        super().__init__(*args, **kwargs)
        self.shop = shop
        rows = catalogue.template_choices(shop)
        self.fields["mail"].choices = [("", _("Choose a template")), *rows]
        if self.instance.feedback_template is not None:
            self.initial["mail"] = catalogue.key_of(self.instance.feedback_template)
        if not shop.plan.allows(Feature.FEEDBACK_MAIL):
            text = _("Your plan, %(plan)s, does not include it.") % {"plan": shop.plan.label}
            self.fields["asks_feedback"].help_text = text

    def clean(self) -> dict:
        cleaned = super().clean()
        days = [cleaned.get(f"{each}_after_days") for each in ("first", "second", "third")]
        if None not in days and not days[0] < days[1] < days[2]:
            self.add_error("second_after_days", _("Each reminder comes later than the one before it."))
        if cleaned.get("asks_feedback"):
            if not self.shop.plan.allows(Feature.FEEDBACK_MAIL):
                self.add_error("asks_feedback", _("Your plan does not include asking for feedback."))
            if not cleaned.get("mail") and "mail" not in self.errors:
                self.add_error("mail", _("Choose the template that asks for feedback."))
        return cleaned

    def save(self, commit: bool = True) -> FollowUps:
        key = self.cleaned_data["mail"]
        self.instance.feedback_template = template_chosen(self.shop, key) if key else None
        return super().save(commit)


class SupplierForm(forms.ModelForm):
    class Meta:
        model = Supplier
        fields = ["name", "email", "sku_prefix"]


class DigitalProductForm(forms.ModelForm):
    file = forms.ChoiceField(label=gettext_lazy("File"))

    class Meta:
        model = DigitalProduct
        fields = ["sku"]

    def __init__(self, *args, shop: Shop, **kwargs):
        super().__init__(*args, **kwargs)
        rows = ShopFile.objects.for_shop(shop).filter(deleted_at=None).values_list("pk", "name")
        self.fields["file"].choices = [(str(pk), name) for pk, name in rows]

    def save(self, commit: bool = True) -> DigitalProduct:
        self.instance.shop_file_id = int(self.cleaned_data["file"])
        return super().save(commit)
