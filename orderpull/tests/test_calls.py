from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderpull.calls import ListCall, PullRefused, earliest_moment, read_query
from orderpull.diagnosis import reason_for

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
OWNER = "shop=12345&change_time=20090106112400&rpc_id=1234567890&pk=763ef218e39cb7ccdebd3fec853e3ff423c48371"
PARTNER = (
    "shop=1817700&change_time=20010101010101&rpc_id=1234567890&partner=demo_partner&module=orders_get"
    "&system_export=1&pk=7d483a2fe946bd6fcce13895c0eb7e275814d310"
)
PARTNER_ORDER = (
    "shop=1817700&order_id=1817700_00012&rpc_id=1234567890&partner=demo_partner&module=orders_get"
    "&pk=7b7cbf00069f6126a68fb7ed22ad393413c129a9"
)


@pytest.mark.parametrize(("query", "key"), [(OWNER, "geheim"), (PARTNER, "PKEY"), (PARTNER_ORDER, "PKEY")])
def test_the_published_signatures_fit(query, key):
    call = ListCall.read(read_query(query))

    assert call.is_signed_with([key])
    assert call.is_signed_with(["another", key])
    assert not call.is_signed_with([key + "x"])
    assert not call.is_signed_with([])


def test_a_signature_in_upper_case_does_not_fit():
    upper = OWNER.replace("763ef218e39cb7ccdebd3fec853e3ff423c48371", "763EF218E39CB7CCDEBD3FEC853E3FF423C48371")

    assert not ListCall.read(read_query(upper)).is_signed_with(["geheim"])


class Secret(str):
    """A text that must not be compared as one: that ends at the first difference, and its time tells where that is."""

    def __eq__(self, other):
        raise AssertionError("compared as a text")

    __hash__ = str.__hash__

    def lower(self):
        return Secret(super().lower())


@pytest.mark.parametrize(
    ("pk", "reason"),
    [
        ("763EF218E39CB7CCDEBD3FEC853E3FF423C48371", "pk_upper_case"),
        ("0" * 40, "pk_unknown"),
        ("é", "pk_form"),
    ],
)
def test_t2_no_signature_is_compared_in_a_time_that_tells_of_it(pk, reason):
    call = replace(ListCall.read(read_query(OWNER)), pk=Secret(pk))

    assert not call.is_signed_with(["geheim", "another"])
    assert reason_for(call, ["geheim", "another"], "before") == reason


@pytest.mark.parametrize("pk", ["é", "%F0%9F%95%AF", "7", "7" * 500, "%C2%A0"])
def test_a_strange_signature_does_not_fit_and_breaks_nothing(pk):
    query = OWNER.replace("763ef218e39cb7ccdebd3fec853e3ff423c48371", pk)

    assert query.isascii() is (pk != "é")
    if query.isascii():
        assert not ListCall.read(read_query(query)).is_signed_with(["geheim"])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("20090106112400", "2009010611240"),
        ("20090106112400", "２００９0106112400"),
        ("20090106112400", "%EF%BC%92%EF%BC%90%EF%BC%90%EF%BC%990106112400"),
        ("20090106112400", "20090230112400"),
        ("20090106112400", "20090106112460"),
        ("20090106112400", "00000106112400"),
        ("20090106112400", "20090106112400%0A"),
        ("20090106112400", "2009-01-06T11:24"),
        ("change_time=20090106112400", ""),
        ("change_time=20090106112400", "order_id=12345_12"),
        ("change_time=20090106112400", "order_id=12345_000012"),
        ("change_time=20090106112400", "change_time=20090106112400&order_id=12345_00012"),
        ("1234567890", "123456789"),
        ("1234567890", "12345678901"),
        ("1234567890", "abcdefghij"),
        ("rpc_id=1234567890", "rpc_id=1234567890&rpc_id=1234567890"),
        ("shop=12345", "shop=12345&shop=54321"),
        ("shop=12345", "shop=012345"),
        ("shop=12345", "shop=%2B12345"),
        ("shop=12345", "shop="),
        ("shop=12345", "shop=1234567890123"),
        ("shop=12345", ""),
        ("shop=12345", "shop=12345%00"),
        ("pk=763ef218e39cb7ccdebd3fec853e3ff423c48371", "pk="),
        ("pk=763ef218e39cb7ccdebd3fec853e3ff423c48371", "pk=%FF%FE"),
        ("pk=763ef218e39cb7ccdebd3fec853e3ff423c48371", "pk=763%00"),
        ("pk=763ef218e39cb7ccdebd3fec853e3ff423c48371", "pk=" + "&a=1" * 30),
    ],
)
def test_a_malformed_call_is_refused(old, new):
    assert old in OWNER

    with pytest.raises(PullRefused) as refusal:
        ListCall.read(read_query(OWNER.replace(old, new)))

    assert refusal.value.outcome == "malformed"


@given(st.text(max_size=200))
def test_any_rubbish_is_refused_and_breaks_nothing(query):
    with pytest.raises(PullRefused) as refusal:
        ListCall.read(read_query(query))

    assert refusal.value.outcome == "malformed"


@pytest.mark.parametrize(
    ("wall_time", "moment"),
    [
        ((2026, 3, 22, 9, 0), (2026, 3, 22, 8, 0)),
        # The clock goes from 3 back to 2: the first of the two half past twos.
        ((2026, 10, 25, 2, 30), (2026, 10, 25, 0, 30)),
        # The clock goes from 2 on to 3: half past two never was, half past one is safe.
        ((2026, 3, 29, 2, 30), (2026, 3, 29, 0, 30)),
        ((1, 1, 1, 0, 0), (1, 1, 1, 0, 0)),
        ((9999, 12, 31, 23, 59), (9999, 12, 31, 22, 59)),
    ],
)
def test_a_wall_time_is_read_as_the_earliest_it_can_mean(wall_time, moment):
    naive = datetime(*wall_time)  # noqa: DTZ001

    assert earliest_moment(naive, AMSTERDAM) == datetime(*moment, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "wall_time", "moment"),
    [
        ("Asia/Tokyo", datetime(1, 1, 1), datetime.min),  # noqa: DTZ001, DTZ901
        ("America/New_York", datetime(9999, 12, 31, 23, 59, 59), datetime.max),  # noqa: DTZ001, DTZ901
    ],
)
def test_a_wall_time_outside_all_time_is_the_end_that_it_is_nearest_to(zone, wall_time, moment):
    assert earliest_moment(wall_time, ZoneInfo(zone)) == moment.replace(tzinfo=UTC)
