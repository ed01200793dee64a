"""Two versions compared as people read them."""

import pytest

from layouts import comparing
from layouts.comparing import FileChange, Row, file_changes, text_difference
from layouts.tests.factories import make_version


def test_what_is_equal_has_no_difference():
    assert not text_difference("a\nb", "a\r\nb\n")


def test_changed_lines_stand_with_three_around_them():
    old = "\n".join("abcdefghij")
    new = old.replace("e", "E")

    assert text_difference(old, new).rows == (
        Row(" ", 2, 2, "b"),
        Row(" ", 3, 3, "c"),
        Row(" ", 4, 4, "d"),
        Row("-", 5, None, "e"),
        Row("+", None, 5, "E"),
        Row(" ", 6, 6, "f"),
        Row(" ", 7, 7, "g"),
        Row(" ", 8, 8, "h"),
    )


def test_a_gap_stands_between_changes_far_apart():
    old = "\n".join("abcdefghijklmnop")

    signs = [row.sign for row in text_difference(old, old.replace("a", "A").replace("p", "P")).rows]

    assert signs == ["-", "+", " ", " ", " ", "…", " ", " ", " ", "-", "+"]


def test_texts_too_long_to_compare_are_said_to_differ():
    long = "x\n" * (comparing.MOST_LINES + 1)

    difference = text_difference(long, long + "y")

    assert (bool(difference), difference.is_too_long, difference.rows) == (True, True, ())


@pytest.mark.django_db
def test_files_are_compared_by_their_content(shop):
    old = make_version(shop, files={"gone.png": b"1", "same.png": b"2", "other.png": b"3"})
    new = make_version(shop, files={"new.png": b"1", "same.png": b"2", "other.png": b"4"})

    assert file_changes(old, new) == [
        FileChange("-", "gone.png"),
        FileChange("+", "new.png"),
        FileChange("~", "other.png"),
    ]
