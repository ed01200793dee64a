from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import get_language, override
from django.utils.translation import gettext_lazy as _

from backoffice.colours import Colour
from backoffice.models import Shop, ShopQuerySet
from statuses.kinds import WORDS, Kind, RowLook, Shape

# The languages a status has names in, in the order of falling back.
LANGUAGES = ("en", "nl", "sv")


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
    # What the customer reads instead of the name; empty for the name itself.
    customer_name_en = models.CharField(_("customer reads, in English"), max_length=60, blank=True)
    customer_name_nl = models.CharField(_("customer reads, in Dutch"), max_length=60, blank=True)
    customer_name_sv = models.CharField(_("customer reads, in Swedish"), max_length=60, blank=True)
    is_todo = models.BooleanField(_("counts as to do"), default=False)
    # 0 for "behind the word it stands for", until somebody arranges the list.
    position = models.PositiveSmallIntegerField(default=0)
    version = models.PositiveIntegerField(default=1)
    changed_by = models.CharField(max_length=120, blank=True)
    # Removed: nobody can choose it any more, but the orders' past can still name it.
    retired_at = models.DateTimeField(null=True)

    objects = ShopQuerySet.as_manager()

    class Meta:
        ordering = ["kind", "id"]
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
        """The name somebody reads in `language`; a built-in one falls back to the word, translated."""
        if self.is_builtin:
            return getattr(self, f"name_{language[:2]}", "") or word_in(self.kind, self.code, language)
        return _first_of(self, "name", language) or self.code

    def name_for_customer(self, language: str) -> str:
        """What a customer reads, empty when customers do not see this status."""
        if not self.is_shown_to_customer:
            return ""
        return _first_of(self, "customer_name", language) or self.name_in(language)

    @property
    def missing_languages(self) -> list[str]:
        """Languages in which an own status has no name and shows another language's."""
        return [] if self.is_builtin else [code for code in LANGUAGES if not getattr(self, f"name_{code}")]


def word_in(kind: str, code: str, language: str) -> str:
    """The built-in word in a language."""
    with override(language):
        return str(WORDS[kind](code).label)


def _first_of(status: ShopStatus, field: str, language: str) -> str:
    """The field in `language`, else in the first language that has it."""
    names = (
        getattr(status, f"{field}_{code}") for code in dict.fromkeys([language[:2], *LANGUAGES]) if code in LANGUAGES
    )
    return next(filter(None, names), "")
