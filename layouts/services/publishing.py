"""Which version is printed with: publishing a draft, going back and forth between versions."""

from collections.abc import Sequence

import structlog
from django.db import transaction
from django.utils import timezone

from backoffice.actor import Actor
from backoffice.models import Shop
from layouts.models import LayoutVersion
from layouts.services.drafts import ChangedMeanwhile, DraftGone, locked_layout, new_version, stored_file

log = structlog.get_logger("layouts")
State = LayoutVersion.State


@transaction.atomic
def publish(
    draft: LayoutVersion, shops: Sequence[Shop], *, seen: int, by: Actor, note: str | None = None
) -> list[LayoutVersion]:
    """Print with the draft from now on, in each of `shops`: the layout's own, others get a copy. In order of `shops`.

    Without the layout's own shop among them it stays a draft. `note` takes the place of the draft's.

    Raises ChangedMeanwhile when the draft is no longer the `seen` edition, DraftGone when it is no draft any more.
    """
    layout = locked_layout(draft.layout.shop, draft.layout.kind)
    found = layout.versions.filter(pk=draft.pk, state=State.DRAFT).first()
    if found is None:
        raise DraftGone
    if found.edition != seen:
        raise ChangedMeanwhile(found)
    found.layout = layout
    found.note = found.note if note is None else note
    return [_publish_own(found, by) if shop == layout.shop else _publish_copy(found, shop, by) for shop in shops]


@transaction.atomic
def print_with(version: LayoutVersion, *, by: Actor) -> None:
    """Print with a version that was published before."""
    layout = locked_layout(version.layout.shop, version.layout.kind)
    layout.live = layout.versions.get(pk=version.pk, state=State.PUBLISHED)
    layout.save(update_fields=["live"])
    log.info("layout live", shop=layout.shop.number, kind=layout.kind, number=version.number, by=by.name)


@transaction.atomic
def back_to_standard(shop: Shop, kind: str, *, by: Actor) -> LayoutVersion | None:
    """Print with the base shop's or the built-in layout again; returns the version that was live, which is kept."""
    layout = locked_layout(shop, kind)
    before, layout.live = layout.live, None
    layout.save(update_fields=["live"])
    log.info("layout back to standard", shop=shop.number, kind=kind, by=by.name)
    return before


def _publish_own(draft: LayoutVersion, by: Actor) -> LayoutVersion:
    draft.state, draft.published_by, draft.published_at = State.PUBLISHED, by.name, timezone.now()
    draft.save(update_fields=["state", "note", "published_by", "published_at"])
    return _go_live(draft, by)


def _publish_copy(draft: LayoutVersion, shop: Shop, by: Actor) -> LayoutVersion:
    layout = locked_layout(shop, draft.layout.kind)
    copy = new_version(
        layout,
        state=State.PUBLISHED,
        html=draft.html,
        css=draft.css,
        note=draft.note,
        made_by=by.name,
        changed_by=by.name,
        published_by=by.name,
        published_at=timezone.now(),
    )
    copy.files.set(
        stored_file(layout, file.name, bytes(file.content), content_type=file.content_type, by=by)
        for file in draft.files.all()
    )
    copy.layout = layout
    return _go_live(copy, by)


def _go_live(version: LayoutVersion, by: Actor) -> LayoutVersion:
    layout = version.layout
    layout.live = version
    layout.save(update_fields=["live"])
    log.info("layout published", shop=layout.shop.number, kind=layout.kind, number=version.number, by=by.name)
    return version
