import secrets
from pathlib import PurePosixPath

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.models import Shop, ShopQuerySet
from messaging.models.address import validate_one_line

LARGEST_FILE = 10 * 1024 * 1024
# What may be attached, and what it is sent as.
CONTENT_TYPES = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "txt": "text/plain",
    "csv": "text/csv",
    "ics": "text/calendar",
    "zip": "application/zip",
    "epub": "application/epub+zip",
    "mp3": "audio/mpeg",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "odt": "application/vnd.oasis.opendocument.text",
}


def stored_name(shop_file: "ShopFile", name: str) -> str:
    """A place of our own choosing: what a stranger called the file never becomes a path."""
    return f"shop-files/{secrets.token_hex(16)}{PurePosixPath(name).suffix.lower()[:6]}"


class ShopFile(models.Model):
    """A file of the shop's archive: attached to mails, or sold as a download."""

    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, related_name="files")
    # As customers see it, with its extension.
    name = models.CharField(_("file name"), max_length=120, validators=[validate_one_line])
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField(help_text=_("In bytes."))
    sha256 = models.CharField(max_length=64)
    file = models.FileField(upload_to=stored_name, max_length=120)
    uploaded_by = models.CharField(max_length=120, blank=True)
    uploaded_at = models.DateTimeField(default=timezone.now)
    # Gone from the archive; mails that wait with it still carry it.
    deleted_at = models.DateTimeField(null=True)

    objects = ShopQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name
