"""Previews are rendered once and then turned over, but never shown to who asked for something else."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone, translation

from layouts.fields import SAMPLE
from layouts.lately import Lately, key_of
from layouts.previews import preview_of
from layouts.rendering import Page, Rendered, Source
from layouts.rendering.pool import POOL
from layouts.subjects import Subject

PAGES = Source(html="<p>1<p class=n>2<p class=n>3", css=".n { break-before: page }")


def subject(**order):
    return Subject(data={**SAMPLE, "order": {**SAMPLE["order"], **order}}, language="en")


def works_for(*previews):
    """How many pieces of work the renderers are given: one lays a document out, one makes a picture of a page."""
    before = sum(renderer.works for renderer in POOL._all)
    for preview in previews:
        preview()
    return sum(renderer.works for renderer in POOL._all) - before


def test_turning_a_page_makes_a_picture_and_nothing_else():
    asked = subject(number="turned")
    preview_of(PAGES, asked, page=1)

    assert works_for(lambda: preview_of(PAGES, asked, page=2), lambda: preview_of(PAGES, asked, page=3)) == 2
    assert preview_of(PAGES, asked, page=2).picture != preview_of(PAGES, asked, page=3).picture


@pytest.mark.parametrize(
    "other",
    [
        Page(Source("<p>other", "", {"a": b"1"}), {"shop": {"number": 1}}, "en"),
        Page(Source("<p>", "p {}", {"a": b"1"}), {"shop": {"number": 1}}, "en"),
        Page(Source("<p>", "", {"a": b"2"}), {"shop": {"number": 1}}, "en"),
        Page(Source("<p>", "", {"b": b"1"}), {"shop": {"number": 1}}, "en"),
        Page(Source("<p>", "", {"a": b"1"}), {"shop": {"number": 2}}, "en"),
        Page(Source("<p>", "", {"a": b"1"}), {"shop": {"number": 1}}, "nl"),
    ],
)
def test_what_differs_in_anything_is_something_else(other):
    one = Page(Source("<p>", "", {"a": b"1"}), {"shop": {"number": 1}}, "en")

    assert key_of(one) == key_of(Page(Source("<p>", "", {"a": b"1"}), {"shop": {"number": 1}}, "en"))
    assert key_of(other) != key_of(one)


def test_remarks_are_in_the_language_of_whoever_looks():
    page = Page(Source("<p>", ""), {}, "en")
    with translation.override("nl"):
        in_dutch = key_of(page)
    with translation.override("sv"):
        assert key_of(page) != in_dutch


def test_only_as_much_is_kept_as_there_is_room_for():
    lately = Lately(most_bytes=25)
    for key in "abc":
        lately.put(key, Rendered(b"ten bytes.", 1))

    assert [lately.get(key) is not None for key in "abc"] == [False, True, True]
    lately.put("too large", Rendered(b"x" * 26, 1))
    assert lately.number_of_bytes == 0


def test_nothing_is_kept_for_long():
    lately = Lately(most_seconds=600)
    lately.put("a", Rendered(b"pdf", 1))

    with time_machine.travel(timezone.now() + timedelta(seconds=601), tick=False):
        assert lately.get("a") is None
