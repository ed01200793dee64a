"""A shop's own layouts, their versions and the images and fonts these use."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.models import Shop, ShopQuerySet
from layouts.kinds import Kind


class Layout(models.Model):
    """What a base or target shop prints a kind of paper with, once it has a layout of its own.

    `live` is the version that is printed with; without one the shop uses its base shop's, or the built-in one.
    """

    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, related_name="layouts")
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    live = models.ForeignKey("LayoutVersion", on_delete=models.SET_NULL, null=True, related_name="+")

    objects = ShopQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["shop", "kind"], name="one_layout_per_kind")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.shop_id})"


class LayoutFile(models.Model):
    """An image or font; never changed once stored, so that versions may share it."""

    layout = models.ForeignKey(Layout, on_delete=models.CASCADE, related_name="files")
    name = models.CharField(_("name"), max_length=100)
    content_type = models.CharField(max_length=60)
    content = models.BinaryField()
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    added_by = models.CharField(max_length=120, blank=True)
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name


class LayoutVersion(models.Model):
    """One state of a layout. A layout has at most one draft; only drafts are changed.

    A draft in whose place another one came (an upload, an older version) is kept as `REPLACED`.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("Published")
        REPLACED = "replaced", _("Draft, replaced")

    layout = models.ForeignKey(Layout, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    html = models.TextField(_("template"), blank=True)
    css = models.TextField(_("style sheet"), blank=True)
    files = models.ManyToManyField(LayoutFile, related_name="versions")
    note = models.CharField(_("note"), max_length=200, blank=True)
    # Counts up at every saving of a draft: whoever saves says which one they saw.
    edition = models.PositiveIntegerField(default=1)
    made_by = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_by = models.CharField(max_length=120, blank=True)
    changed_at = models.DateTimeField(auto_now=True)
    published_by = models.CharField(max_length=120, blank=True)
    published_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["layout", "number"], name="one_layout_version_per_number"),
            models.UniqueConstraint(fields=["layout"], condition=models.Q(state="draft"), name="one_draft_per_layout"),
        ]

    def __str__(self) -> str:
        return f"{self.layout_id} {self.number}"

    @property
    def is_draft(self) -> bool:
        return self.state == self.State.DRAFT
