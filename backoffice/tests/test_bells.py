"""Ringing a worker's bell holds nobody up, whatever the broker does."""

from threading import Event

from backoffice.bells import Bell, Ringer

PATIENCE = 60


class SlowBroker:
    """Stands for a task: a broker that lets whoever rings wait until `answers` is set, and may refuse then."""

    name = "slow"

    def __init__(self, *, refuses=False):
        self.refuses = refuses
        self.asked, self.answers = Event(), Event()
        self.heard = []

    def delay(self, *arguments):
        self.asked.set()
        assert self.answers.wait(PATIENCE)
        if self.refuses:
            raise ConnectionError
        self.heard.append(arguments)


def test_f12_ringing_waits_for_nobody_and_a_bell_that_waits_is_rung_once():
    ringer, broker = Ringer(), SlowBroker()
    ringer.ring_soon(Bell(broker, (1,)))
    assert broker.asked.wait(PATIENCE)

    # Nobody would get here if ringing waited for the broker. What was asked of it already may come too early.
    for key in (1, 2, 1, 2):
        ringer.ring_soon(Bell(broker, (key,)))
    broker.answers.set()
    ringer.settle()

    assert broker.heard == [(1,), (1,), (2,)]


def test_a_broker_that_refuses_is_not_asked_for_those_that_wait_but_for_the_next():
    ringer, broker = Ringer(), SlowBroker(refuses=True)
    for key in (1, 2, 3):
        ringer.ring_soon(Bell(broker, (key,)))
        assert broker.asked.wait(PATIENCE)
    broker.answers.set()
    ringer.settle()
    broker.refuses = False

    ringer.ring_soon(Bell(broker, (4,)))
    ringer.settle()

    assert broker.heard == [(4,)]
