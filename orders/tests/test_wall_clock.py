"""Times that the database wrote in UTC are shown as the shop's clock shows them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.exports.xml import wall_time
from orders.exports.xml_sql import MARK, WallClock


def marked_as_sent(moment):
    """As PostgreSQL writes it."""
    return f"{MARK}{moment.isoformat(' ').removesuffix(':00')}{MARK}"


@pytest.mark.parametrize("zone", ["Europe/Amsterdam", "Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns", "UTC"])
@given(st.datetimes(timezones=st.just(UTC)), st.text("<>/ab", max_size=5))
def test_the_wall_clock_says_of_any_moment_what_its_zone_says(zone, moment, rest):
    zone = ZoneInfo(zone)
    clock = WallClock(zone)
    marked, shown = f"{marked_as_sent(moment)}{rest}", f"{wall_time(moment, zone)}{rest}"

    assert clock.applied(f"<a>{marked}{marked}") == f"<a>{shown}{shown}"


@pytest.mark.parametrize("night", [datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)])
def test_the_wall_clock_goes_through_the_nights_of_the_clock_change(night):
    zone = ZoneInfo("Europe/Amsterdam")
    clock = WallClock(zone)
    moments = [night + timedelta(minutes=10 * step) for step in range(24)]

    shown = [clock.applied(marked_as_sent(moment)) for moment in moments]

    assert shown == [wall_time(moment, zone) for moment in moments]
