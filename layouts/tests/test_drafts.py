"""Drafts: begun, saved by two people, replaced, published here and there, and every way back."""

import pytest

from backoffice.tests.factories import make_shop
from layouts.kinds import Kind
from layouts.models import Layout, LayoutFile, LayoutVersion
from layouts.published import layout_for
from layouts.services import drafts
from layouts.services.drafts import (
    ChangedMeanwhile,
    DraftGone,
    TooMuch,
    begin_draft,
    begin_draft_of,
    give_up_draft,
    put_files,
    remove_file,
    save_draft,
)
from layouts.services.publishing import back_to_standard, print_with, publish
from layouts.source import Source
from layouts.standard import standard
from layouts.tests.factories import make_version

pytestmark = pytest.mark.django_db
State = LayoutVersion.State
PNG = ("image/png", b"\x89PNG one")


@pytest.fixture
def target(shop):
    return make_shop("12346", base_shop=shop)


@pytest.fixture
def draft(shop, actor):
    return begin_draft(shop, Kind.INVOICE, Source("one", "p {}", {"logo.png": b"logo"}), by=actor)


def states_of(shop):
    return [(version.number, version.state) for version in LayoutVersion.objects.filter(layout__shop=shop)]


def save(draft, actor, html="two", seen=None):
    return save_draft(draft, html=html, css="", note="", seen=draft.edition if seen is None else seen, by=actor)


def test_a_draft_begins_as_a_copy_and_is_not_printed_with(shop, draft, actor):
    assert (draft.html, draft.css, draft.made_by) == ("one", "p {}", actor.name)
    file = draft.files.get()
    assert (file.name, file.content_type, bytes(file.content)) == ("logo.png", "image/png", b"logo")
    assert layout_for(shop, Kind.INVOICE) is standard(Kind.INVOICE)


def test_saving_counts_the_edition_and_names_who(draft, actor):
    saved = save(draft, actor)

    saved.refresh_from_db()
    assert (saved.html, saved.edition, saved.changed_by) == ("two", 2, actor.name)


def test_who_saves_over_somebody_elses_work_is_told(draft, actor):
    save(draft, actor, html="hers")

    with pytest.raises(ChangedMeanwhile) as meanwhile:
        save(draft, actor, html="his", seen=1)

    assert meanwhile.value.draft.html == "hers"
    assert LayoutVersion.objects.get().html == "hers"


def test_a_new_draft_keeps_the_one_before_in_the_history(shop, draft, actor):
    begin_draft(shop, Kind.INVOICE, Source("other", ""), by=actor)

    assert states_of(shop) == [(2, State.DRAFT), (1, State.REPLACED)]
    with pytest.raises(DraftGone):
        save(draft, actor)


def test_of_many_replaced_drafts_the_newest_are_kept(shop, actor, monkeypatch):
    monkeypatch.setattr(drafts, "MOST_REPLACED", 2)
    make_version(shop, "invoice")

    for number in range(5):
        begin_draft(shop, Kind.INVOICE, Source("", "", {"a.png": b"%d" % number}), by=actor)

    assert states_of(shop) == [(6, State.DRAFT), (5, State.REPLACED), (4, State.REPLACED), (1, State.PUBLISHED)]
    assert [bytes(file.content) for file in LayoutFile.objects.order_by("id")] == [b"2", b"3", b"4"]


def test_a_draft_that_is_given_up_can_be_found_again(shop, draft, actor):
    give_up_draft(draft, by=actor)

    assert states_of(shop) == [(1, State.REPLACED)]
    again = begin_draft_of(LayoutVersion.objects.get(), by=actor)
    assert (again.html, again.state, [file.name for file in again.files.all()]) == ("one", State.DRAFT, ["logo.png"])
    assert LayoutFile.objects.count() == 1


# --- files


def test_a_file_of_the_same_name_is_replaced_in_the_draft_alone(shop, draft, actor):
    publish(draft, [shop], seen=1, by=actor)
    later = begin_draft_of(LayoutVersion.objects.get(), by=actor)

    put_files(later, {"logo.png": PNG, "b.png": PNG}, by=actor)

    assert layout_for(shop, Kind.INVOICE).files == {"logo.png": b"logo"}
    assert {file.name: bytes(file.content) for file in later.files.all()} == {"logo.png": PNG[1], "b.png": PNG[1]}


def test_a_file_that_no_version_uses_is_forgotten(draft, actor):
    remove_file(draft, "logo.png", by=actor)

    assert not draft.files.exists()
    assert not LayoutFile.objects.exists()


def test_too_many_files_are_refused_and_none_is_stored(draft, actor):
    with pytest.raises(TooMuch):
        put_files(draft, {f"{number}.png": PNG for number in range(drafts.MOST_FILES)}, by=actor)

    assert [file.name for file in draft.files.all()] == ["logo.png"]


def test_too_large_files_are_refused_together(draft, actor):
    half = b"x" * (drafts.MOST_BYTES // 2)

    with pytest.raises(TooMuch):
        put_files(draft, {"a.png": ("image/png", half), "b.png": ("image/png", half)}, by=actor)

    assert LayoutFile.objects.count() == 1


# --- publishing


def test_a_published_draft_is_printed_with_and_never_changes_again(shop, draft, actor):
    publish(draft, [shop], seen=1, by=actor)

    assert layout_for(shop, Kind.INVOICE).html == "one"
    version = LayoutVersion.objects.get()
    assert (version.state, version.published_by) == (State.PUBLISHED, actor.name)
    with pytest.raises(DraftGone):
        save(draft, actor)
    with pytest.raises(DraftGone):
        publish(draft, [shop], seen=1, by=actor)


def test_what_was_not_seen_is_not_published(shop, draft, actor):
    save(draft, actor)

    with pytest.raises(ChangedMeanwhile):
        publish(draft, [shop], seen=1, by=actor)

    assert layout_for(shop, Kind.INVOICE) is standard(Kind.INVOICE)


def test_a_draft_is_published_in_a_target_shop_too(shop, target, draft, actor):
    make_version(target, "invoice", state=State.DRAFT, html="at work")

    publish(draft, [shop, target], seen=1, by=actor)

    assert layout_for(target, Kind.INVOICE).html == "one"
    assert layout_for(target, Kind.INVOICE).files == {"logo.png": b"logo"}
    assert states_of(target) == [(2, State.PUBLISHED), (1, State.DRAFT)]


def test_an_older_version_goes_live_again_with_one_act(shop, actor):
    first = make_version(shop, "invoice", html="first")
    make_version(shop, "invoice", html="second")

    print_with(first, by=actor)

    assert layout_for(shop, Kind.INVOICE).html == "first"


def test_a_draft_cannot_go_live_unchecked(draft, actor):
    with pytest.raises(LayoutVersion.DoesNotExist):
        print_with(draft, by=actor)

    assert Layout.objects.get().live is None


def test_back_to_standard_keeps_the_versions(shop, actor):
    version = make_version(shop, "invoice")

    before = back_to_standard(shop, Kind.INVOICE, by=actor)

    assert before == version
    assert layout_for(shop, Kind.INVOICE) is standard(Kind.INVOICE)
    assert states_of(shop) == [(1, State.PUBLISHED)]
