"""Dull layouts of a shop's own."""

import hashlib

from django.utils import timezone

from backoffice.models import Shop
from layouts.models import Layout, LayoutFile, LayoutVersion

State = LayoutVersion.State


def make_version(
    shop: Shop, kind: str = "invoice", *, state: str = State.PUBLISHED, live: bool | None = None, **values
):
    """A version of the shop's layout of `kind`; a published one goes live unless the story says otherwise."""
    layout, _made = Layout.objects.get_or_create(shop=shop, kind=kind)
    dull = {
        "number": layout.versions.count() + 1,
        "html": "<p>{{ order.number }}</p>",
        "css": "p { color: black }",
        "published_at": timezone.now() if state == State.PUBLISHED else None,
    }
    files = values.pop("files", {})
    version = LayoutVersion.objects.create(layout=layout, state=state, **dull | values)
    for name, content in files.items():
        version.files.add(make_file(layout, name, content))
    if state == State.PUBLISHED if live is None else live:
        layout.live = version
        layout.save(update_fields=["live"])
    return version


def make_file(layout: Layout, name: str, content: bytes = b"picture", content_type: str = "image/png") -> LayoutFile:
    return LayoutFile.objects.create(
        layout=layout,
        name=name,
        content=content,
        content_type=content_type,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )
