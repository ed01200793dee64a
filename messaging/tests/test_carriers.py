"""How many mails a server gets at once, and that they travel in order."""

from threading import Event

import pytest

from messaging.models import MailLane, OutboxMail
from messaging.services import carriers
from messaging.services.carriers import Carrier


class Clock:
    """Time that passes only when a mail is sent."""

    def __init__(self):
        self.now = 0.0

    def monotonic(self):
        return self.now


class SlowServer:
    """Takes every mail after so many seconds."""

    def __init__(self, clock, seconds):
        self.clock, self.seconds = clock, seconds

    def send(self, **envelope):
        self.clock.now += self.seconds
        return "250 ok"

    def abort(self): ...

    def close(self): ...


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(carriers, "time", clock)
    return clock


def mails(number: int) -> list[OutboxMail]:
    return [
        OutboxMail(pk=key, message_id=f"<{key}@shop.example>", sender="a@shop.example", recipient="b@example.org")
        for key in range(number)
    ]


def turns(carrier: Carrier, *, commit: float) -> list[int]:
    """Hand over all it has, with commits that take so many seconds; returns how many went at once."""
    sizes = []
    while parcels := carrier.next_parcels():
        carrier.hand_over(parcels, marked_in=commit)
        sizes.append(len(parcels))
    return sizes


@pytest.mark.parametrize(
    ("pace", "commit", "most"),
    [(0.2, 0.002, 1), (0.02, 0.002, 1), (0.004, 0.0021, 4), (0.0015, 0.001, 5), (0.001, 0.01, 8)],
    ids=["far away", "near", "very near", "as quick as the database", "quicker than the database"],
)
def test_a_server_gets_no_more_at_once_than_a_few_commits_take(clock, pace, commit, most):
    carrier = Carrier(MailLane(), SlowServer(clock, pace), threads=False, wake=Event())
    carrier.take(mails(100))

    sizes = turns(carrier, commit=commit)

    assert sum(sizes) == 100
    assert max(sizes) == most
    assert [parcel.mail.pk for parcel in carrier.finished()] == list(range(100))


@pytest.mark.parametrize(
    ("pace", "claimed"), [(2.0, 4), (0.1, 5), (0.02, 25), (0.001, 50)], ids=["slow", "new", "ordinary", "quick"]
)
def test_no_more_are_claimed_than_the_server_takes_soon(clock, pace, claimed):
    carrier = Carrier(MailLane(), SlowServer(clock, pace), threads=True, wake=Event())
    carrier._pace = pace

    assert carrier.room == claimed
    carrier.end()
