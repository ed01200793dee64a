"""The shop's archive of files: what mails carry along and what is sold as a download."""

import hashlib
from pathlib import PurePath

import structlog
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from backoffice.actor import Actor
from backoffice.models import Shop
from messaging.models import ShopFile
from messaging.models.shop_file import CONTENT_TYPES, LARGEST_FILE

log = structlog.get_logger("messaging.files")
MOST_FILES = 500
LONGEST_NAME = 120
# Of these the first bytes say what they are; a web page that calls itself a picture is none.
BEGINNINGS = {
    "pdf": (b"%PDF-",),
    "png": (b"\x89PNG\r\n\x1a\n",),
    "jpg": (b"\xff\xd8\xff",),
    "jpeg": (b"\xff\xd8\xff",),
    "gif": (b"GIF8",),
    "webp": (b"RIFF",),
    "zip": (b"PK\x03\x04", b"PK\x05\x06"),
    "epub": (b"PK\x03\x04",),
    "docx": (b"PK\x03\x04",),
    "xlsx": (b"PK\x03\x04",),
    "odt": (b"PK\x03\x04",),
}


class FileRefused(Exception):
    """The file cannot be kept; the text says why."""


def add_file(shop: Shop, upload: UploadedFile, *, by: Actor) -> ShopFile:
    """Keep an uploaded file under its own name. Raises FileRefused."""
    name = tidy_name(upload.name or "")
    ending = PurePath(name).suffix.lstrip(".").lower()
    size = upload.size or 0
    if ending not in CONTENT_TYPES:
        kinds = ", ".join(sorted(CONTENT_TYPES))
        raise FileRefused(_("Files of this kind are not sent along. Possible are: %(kinds)s.") % {"kinds": kinds})
    if not size:
        raise FileRefused(_("The file is empty."))
    if size > LARGEST_FILE:
        raise FileRefused(_("The file is larger than %(number)d MB.") % {"number": LARGEST_FILE // 2**20})
    content = upload.read()
    if not content.startswith(BEGINNINGS.get(ending, b"")):
        raise FileRefused(_("The file is not what its name says."))
    return _keep(shop, name, ending, content, upload, by)


def tidy_name(name: str) -> str:
    """The last part of a path, printable, without quotes, at most LONGEST_NAME long, its ending kept."""
    name = name.replace("\\", "/").rpartition("/")[2].replace('"', "'")
    name = "".join(sign for sign in name if sign.isprintable()).strip(" .")
    stem, dot, ending = name.rpartition(".")
    if not dot:
        return name[:LONGEST_NAME]
    return f"{stem[: LONGEST_NAME - len(ending) - 1]}.{ending}"[-LONGEST_NAME:]


def delete_file(shop_file: ShopFile, *, by: Actor) -> None:
    """Take it out of the archive and off every trigger; mails that wait with it still carry it."""
    ShopFile.objects.filter(pk=shop_file.pk).update(deleted_at=timezone.now())
    shop_file.triggers.clear()
    log.info("file deleted", shop=shop_file.shop_id, file=shop_file.pk, by=by.name)


@transaction.atomic
def _keep(shop: Shop, name: str, ending: str, content: bytes, upload: UploadedFile, by: Actor) -> ShopFile:
    Shop.objects.select_for_update().get(pk=shop.pk)
    if ShopFile.objects.for_shop(shop).filter(deleted_at=None).count() >= MOST_FILES:
        raise FileRefused(_("The archive holds %(number)d files, which is all it can.") % {"number": MOST_FILES})
    upload.seek(0)
    kept = ShopFile(
        shop=shop,
        name=name,
        content_type=CONTENT_TYPES[ending],
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        uploaded_by=by.name,
    )
    kept.file.save(name, upload, save=False)
    kept.save()
    log.info("file added", shop=shop.number, file=kept.pk, size=kept.size, by=by.name)
    return kept
