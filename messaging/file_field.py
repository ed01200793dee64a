"""The choice of files of the shop's archive, wherever a form offers it."""

from django import forms
from django.utils.translation import gettext_lazy as _

from backoffice.models import Shop
from messaging.models import ShopFile


class FilesField(forms.TypedMultipleChoiceField):
    """Keys of files; choices are texts, so that a key no database can hold is refused and not asked for."""

    def __init__(self, **kwargs):
        super().__init__(coerce=int, required=False, label=_("Files"), widget=forms.CheckboxSelectMultiple, **kwargs)

    def offer(self, shop: Shop) -> None:
        """Let this shop's files be chosen."""
        rows = ShopFile.objects.for_shop(shop).filter(deleted_at=None)
        self.choices = [(str(pk), name) for pk, name in rows.values_list("pk", "name")]
