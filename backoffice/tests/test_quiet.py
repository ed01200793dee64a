"""The wait that browser tests end with."""

import threading
import time

import pytest

from backoffice.tests.quiet import RequestsUnderWay


@pytest.fixture
def under_way():
    return RequestsUnderWay()


def answer_slowly(under_way, seconds):
    under_way.begin()
    time.sleep(seconds)
    under_way.end()


def test_it_ends_when_the_last_answer_was_given(under_way):
    ended = []
    for seconds in (0.02, 0.2):
        threading.Thread(target=lambda wait=seconds: (answer_slowly(under_way, wait), ended.append(wait))).start()

    under_way.wait()
    time.sleep(0.02)

    assert ended == [0.02, 0.2]


def test_a_request_that_begins_a_moment_later_is_waited_for_too(under_way):
    ended = []
    late = threading.Timer(0.02, lambda: (answer_slowly(under_way, 0.2), ended.append(True)))
    late.start()

    under_way.wait()
    late.join(timeout=0.05)

    assert ended == [True]


def test_a_request_that_never_ends_is_told(under_way):
    under_way.begin()

    with pytest.raises(TimeoutError, match="1 requests"):
        under_way.wait(seconds=0.1)


def test_it_hears_of_what_the_program_answers(under_way, client, db):
    heard = []
    under_way.begin = lambda **told: heard.append("begin")
    under_way.end = lambda **told: heard.append("end")
    under_way.watch()

    client.get("/health/")
    under_way.forget()
    client.get("/health/")

    assert heard == ["begin", "end"]
