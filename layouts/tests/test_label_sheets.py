"""Label sheets: every label lies on the page, and a started sheet is used from where it was left."""

from decimal import Decimal

import pytest

from layouts.fields import LABEL_FIELDS
from layouts.label_sheets import A4, SHEETS, placed


@pytest.mark.parametrize("sheet", SHEETS.values(), ids=SHEETS)
def test_all_labels_of_a_sheet_lie_on_its_page_and_beside_each_other(sheet):
    wide, high = sheet.page

    assert sheet.left + (sheet.columns - 1) * sheet.across + sheet.width <= wide
    assert sheet.top + (sheet.rows - 1) * sheet.down + sheet.height <= high
    assert sheet.across >= sheet.width
    assert sheet.down >= sheet.height


def test_the_common_sheets_are_there():
    assert SHEETS["l7160"].number_of_labels == 21
    assert SHEETS["l7161"].number_of_labels == 18
    assert SHEETS["l7162"].number_of_labels == 16
    assert SHEETS["l7163"].number_of_labels == 14
    assert SHEETS["l7165"].number_of_labels == 8
    assert (SHEETS["3474"].width, SHEETS["3474"].height) == (70, 37)
    assert (SHEETS["3475"].width, SHEETS["3475"].height) == (70, 36)
    assert SHEETS["100x150"].page == (Decimal(100), Decimal(150)) != A4
    assert {key for key, sheet in SHEETS.items() if sheet.is_roll} == {"100x150", "62x100", "54x101"}


def test_labels_begin_where_the_sheet_was_left():
    label = LABEL_FIELDS.sample()["labels"][0]

    on_sheet = placed([label], label, first=4)

    assert [each["is_blank"] for each in on_sheet] == [True, True, True, False]
    assert placed([label], label, first=1) == [label]
