"""Drafts of a shop's own layouts: begun, saved, replaced, given up. Only a draft is ever changed."""

import hashlib
import mimetypes

import structlog
from django.db import transaction
from django.utils import timezone

from backoffice.actor import Actor
from backoffice.models import Shop
from layouts.models import Layout, LayoutFile, LayoutVersion
from layouts.source import Source

log = structlog.get_logger("layouts")
State = LayoutVersion.State

# Each draft that was replaced; older ones are forgotten with the files that nothing else uses.
MOST_REPLACED = 20
MOST_FILES = 30
MOST_BYTES = 12 * 1024 * 1024


class ChangedMeanwhile(Exception):
    """Somebody else saved the draft since it was shown; `draft` is as it stands now."""

    def __init__(self, draft: LayoutVersion):
        self.draft = draft
        super().__init__(str(draft))


class DraftGone(Exception):
    """The draft was published or given up meanwhile."""


class TooMuch(Exception):
    """The layout's files would be more than MOST_FILES, or more than MOST_BYTES together."""


@transaction.atomic
def begin_draft(shop: Shop, kind: str, source: Source, *, by: Actor, note: str = "") -> LayoutVersion:
    """A draft with the texts and files of `source`; a draft that was there is kept in the history as replaced."""
    layout = locked_layout(shop, kind)
    _set_aside(layout, by)
    draft = new_version(layout, html=source.html, css=source.css, note=note, made_by=by.name, changed_by=by.name)
    draft.files.set([stored_file(layout, name, content, by=by) for name, content in source.files.items()])
    log.info("draft begun", shop=shop.number, kind=kind, number=draft.number, by=by.name)
    return draft


@transaction.atomic
def begin_draft_of(version: LayoutVersion, *, by: Actor, note: str = "") -> LayoutVersion:
    """A draft that is a copy of an older version, sharing its files."""
    layout = locked_layout(version.layout.shop, version.layout.kind)
    _set_aside(layout, by)
    draft = new_version(layout, html=version.html, css=version.css, note=note, made_by=by.name, changed_by=by.name)
    draft.files.set(version.files.all())
    log.info("version restored", shop=layout.shop.number, kind=layout.kind, number=version.number, by=by.name)
    return draft


@transaction.atomic
def save_draft(draft: LayoutVersion, *, html: str, css: str, note: str, seen: int, by: Actor) -> LayoutVersion:
    """Save the texts. Raises ChangedMeanwhile when the draft is no longer the `seen` edition, DraftGone without one."""
    draft = _locked(draft)
    if draft.edition != seen:
        raise ChangedMeanwhile(draft)
    draft.html, draft.css, draft.note = html, css, note
    return _changed(draft, by)


@transaction.atomic
def put_files(draft: LayoutVersion, files: dict[str, tuple[str, bytes]], *, by: Actor) -> LayoutVersion:
    """Add files, {name: (content type, bytes)}, in place of those of the same name. Raises TooMuch, DraftGone."""
    draft = _locked(draft)
    kept = {file.name: file for file in draft.files.all()}
    for name, (content_type, content) in files.items():
        kept[name] = stored_file(draft.layout, name, content, content_type=content_type, by=by)
    refuse_too_much([file.size for file in kept.values()])
    draft.files.set(kept.values())
    return _changed(draft, by)


@transaction.atomic
def put_layout(
    draft: LayoutVersion, *, html: str | None, css: str | None, files: dict[str, tuple[str, bytes]], by: Actor
) -> LayoutVersion:
    """A new draft with what is given, the rest as in `draft`, which stays in the history. Raises TooMuch, DraftGone."""
    draft = begin_draft_of(_locked(draft), by=by, note=draft.note)
    draft = put_files(draft, files, by=by)
    draft.html = draft.html if html is None else html
    draft.css = draft.css if css is None else css
    return _changed(draft, by)


@transaction.atomic
def remove_file(draft: LayoutVersion, name: str, *, by: Actor) -> LayoutVersion:
    """Take a file out of the draft; versions that have it keep it."""
    draft = _locked(draft)
    draft.files.remove(*draft.files.filter(name=name))
    draft = _changed(draft, by)
    forget_unused_files(draft.layout)
    return draft


@transaction.atomic
def give_up_draft(draft: LayoutVersion, *, by: Actor) -> None:
    """Put the draft away, among the replaced ones of the history. Raises DraftGone."""
    draft = _locked(draft)
    _set_aside(draft.layout, by)
    log.info("draft given up", shop=draft.layout.shop.number, kind=draft.layout.kind, by=by.name)


def refuse_too_much(sizes: list[int]) -> None:
    if len(sizes) > MOST_FILES or sum(sizes) > MOST_BYTES:
        raise TooMuch


def locked_layout(shop: Shop, kind: str) -> Layout:
    """The shop's layout of a kind, made when there is none; nobody else changes it until the transaction ends."""
    Layout.objects.get_or_create(shop=shop, kind=kind)
    return Layout.objects.select_for_update(of=("self",)).select_related("shop", "live").get(shop=shop, kind=kind)


def new_version(layout: Layout, **values: object) -> LayoutVersion:
    """The next version of a layout that the caller has locked."""
    newest = layout.versions.order_by("-number").first()
    return LayoutVersion.objects.create(layout=layout, number=newest.number + 1 if newest else 1, **values)


def stored_file(layout: Layout, name: str, content: bytes, *, by: Actor, content_type: str = "") -> LayoutFile:
    """The layout's file of that name and content, stored once however many versions use it."""
    sha256 = hashlib.sha256(content).hexdigest()
    same = layout.files.filter(name=name, sha256=sha256).first()
    return same or LayoutFile.objects.create(
        layout=layout,
        name=name,
        content=content,
        content_type=content_type or mimetypes.guess_type(name)[0] or "application/octet-stream",
        size=len(content),
        sha256=sha256,
        added_by=by.name,
    )


def forget_unused_files(layout: Layout) -> None:
    layout.files.filter(versions=None).delete()


def _locked(draft: LayoutVersion) -> LayoutVersion:
    layout = locked_layout(draft.layout.shop, draft.layout.kind)
    found = layout.versions.filter(pk=draft.pk, state=State.DRAFT).first()
    if found is None:
        raise DraftGone
    found.layout = layout
    return found


def _changed(draft: LayoutVersion, by: Actor) -> LayoutVersion:
    draft.edition += 1
    draft.changed_by = by.name
    draft.save(update_fields=["html", "css", "note", "edition", "changed_by", "changed_at"])
    return draft


def _set_aside(layout: Layout, by: Actor) -> None:
    drafts = layout.versions.filter(state=State.DRAFT)
    drafts.update(state=State.REPLACED, changed_by=by.name, changed_at=timezone.now())
    kept = layout.versions.filter(state=State.REPLACED).order_by("-number").values_list("pk", flat=True)[:MOST_REPLACED]
    layout.versions.filter(state=State.REPLACED).exclude(pk__in=list(kept)).delete()
    forget_unused_files(layout)
