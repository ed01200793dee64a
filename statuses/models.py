from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from backoffice.colours import Colour
from backoffice.models import Shop, ShopQuerySet
from statuses.kinds import WORDS, Kind, RowLook, Shape


class ShopStatus(models.Model):
    """How a shop shows a status: an own one, or its words and colours for a built-in one.

    `code` of a built-in one is the built-in word; an own one has a code of its own and, except for internal
    statuses, `stands_for` the built-in word that rules, reports and marketplaces go by.
    """

    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, related_name="statuses")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    code = models.SlugField(max_length=40)
    is_builtin = models.BooleanField(default=False)
    stands_for = models.CharField(max_length=20, blank=True)
    name_en = models.CharField(_("name in English"), max_length=60, blank=True)
    name_nl = models.CharField(_("name in Dutch"), max_length=60, blank=True)
    name_sv = models.CharField(_("name in Swedish"), max_length=60, blank=True)
    colour = models.CharField(_("colour"), max_length=10, choices=Colour.choices, default=Colour.GREY)
    shape = models.CharField(_("dot"), max_length=5, choices=Shape.choices, default=Shape.HALF)
    row_look = models.CharField(_("list look"), max_length=5, choices=RowLook.choices, default=RowLook.NONE)
    is_shown_to_customer = models.BooleanField(_("customer sees it"), default=False)
    is_todo = models.BooleanField(_("counts as to do"), default=False)
    position = models.PositiveSmallIntegerField(default=100)

    objects = ShopQuerySet.as_manager()

    class Meta:
        ordering = ["kind", "position", "id"]
        constraints = [models.UniqueConstraint(fields=["shop", "kind", "code"], name="one_status_per_code")]

    def __str__(self) -> str:
        return self.label

    def clean(self) -> None:
        words = WORDS.get(self.kind)
        if self.is_builtin and (words is None or self.code not in words):
            raise ValidationError({"code": _("This is not a built-in status.")})
        if not self.is_builtin and words is not None and self.stands_for not in words:
            raise ValidationError({"stands_for": _("Choose the built-in status this one stands for.")})
        if not (self.name_en or self.name_nl or self.name_sv or self.is_builtin):
            raise ValidationError({"name_en": _("Give the status a name in at least one language.")})

    @property
    def label(self) -> str:
        """The name in the current language, falling back to any language that has one, then the built-in word."""
        return self.name_in(get_language() or "en")

    def name_in(self, language: str) -> str:
        names = [getattr(self, f"name_{code}") for code in (language[:2], "en", "nl", "sv") if code in "en nl sv"]
        own = next((name for name in names if name), "")
        if own or not self.is_builtin:
            return own or self.code
        return str(WORDS[self.kind](self.code).label)
