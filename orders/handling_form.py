"""How a shop handles its orders."""

from django import forms
from django.utils.translation import gettext_lazy as _

from backoffice.models import Shop


class HandlingForm(forms.ModelForm):
    class Meta:
        model = Shop
        fields = ("line_order", "ready_rule")
        widgets = {"line_order": forms.RadioSelect}
        help_texts = {"line_order": _("On the page of an order and on all its papers.")}

    def save(self, commit: bool = True) -> Shop:
        # Only these fields: somebody may be at the other settings of the shop.
        self.instance.save(update_fields=self.Meta.fields)
        return self.instance
