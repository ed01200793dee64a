"""Mails that come back are marked, told, and their addresses left alone."""

import json
import time
from email import message_from_string
from io import BytesIO, TextIOWrapper

import pytest
from django.core.management import call_command
from django.urls import reverse

from messaging.models import DoNotMail, MailState
from messaging.services.bounces import bounces_in
from messaging.services.settings import bounce_secret_of
from messaging.tests.factories import make_mail
from messaging.views.reports import signature
from orders.tests.factories import make_order

REPORT = """\
From: MAILER-DAEMON@mx.example
Subject: Undelivered
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

I could not deliver it.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; anna@example.org
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 5.1.1 no such user

--b
Content-Type: {kind}

Message-ID: {message_id}
Subject: About your order

--b--
"""


def report_of(mail, *, action="failed", status="5.1.1", kind="text/rfc822-headers") -> str:
    return REPORT.format(message_id=mail.message_id, action=action, status=status, kind=kind)


def post(client, shop, data, *, secret=None, stamp=None, late=0, body=None):
    """`late` is how many seconds ago it was signed."""
    body = json.dumps(data).encode() if body is None else body
    stamp = str(int(time.time()) - late) if stamp is None else stamp
    secret = bounce_secret_of(shop) if secret is None else secret
    headers = {"X-Timestamp": stamp, "X-Signature": signature(secret, stamp, body)}
    url = reverse("mail-reports", args=[shop.number])
    return client.post(url, body, content_type="application/json", headers=headers)


@pytest.fixture
def sent(shop):
    return make_mail(shop, make_order(shop), state=MailState.SENT)


def state_of(mail) -> str:
    mail.refresh_from_db()
    return mail.state


def test_a_signed_report_marks_the_mail_and_its_address_once(client, shop, sent):
    report = {"event": "bounced", "message_id": sent.message_id, "detail": "550 no such user"}

    answers = [post(client, shop, report).json()["result"] for _ in range(2)]

    assert answers == ["marked", "nothing to mark"]
    assert (state_of(sent), sent.reason, sent.last_answer) == (MailState.BOUNCED, "bounced", "550 no such user")
    assert DoNotMail.objects.get().address == "anna@example.org"
    assert list(sent.order.log.filter(action="mail.bounced").values_list("subject_id", flat=True)) == [sent.pk]


def test_a_delivery_is_marked_and_may_still_come_back(client, shop, sent):
    post(client, shop, {"event": "delivered", "message_id": sent.message_id})
    assert state_of(sent) == MailState.DELIVERED

    post(client, shop, {"event": "bounced", "message_id": sent.message_id})
    post(client, shop, {"event": "delivered", "message_id": sent.message_id})

    assert state_of(sent) == MailState.BOUNCED


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret": "another"},
        {"late": 900},
        {"late": -900},
        {"stamp": "soon"},
        {"stamp": ""},
    ],
    ids=["secret", "old", "early", "no number", "none"],
)
def test_t46_a_report_that_is_not_signed_changes_nothing(client, shop, sent, wrong):
    response = post(client, shop, {"event": "bounced", "message_id": sent.message_id}, **wrong)

    assert (response.status_code, state_of(sent)) == (403, MailState.SENT)


def test_without_a_secret_nothing_is_believed(client, shop, sent):
    assert post(client, shop, {"event": "bounced", "message_id": sent.message_id}, secret="").status_code == 403


def test_another_shops_mail_is_not_touched(client, shop, other_shop, sent):
    response = post(client, other_shop, {"event": "bounced", "message_id": sent.message_id})

    assert (response.json(), state_of(sent)) == ({"result": "nothing to mark"}, MailState.SENT)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b'{"event": "opened", "message_id": "<a@b>"}', b'{"event": "bounced", "message_id": 7}',
     b'{"event": "bounced", "message_id": "\\u0000"}', b"[" * 60_000, b"\xff"],
    ids=["empty", "list", "cut", "unknown", "number", "nul", "deep", "no text"],
)  # fmt: skip
def test_what_is_no_report_is_refused(client, shop, body):
    assert post(client, shop, None, body=body).status_code == 400


@pytest.mark.parametrize("number", ["0", "99", "x", "1" * 40])
def test_an_unknown_shop_answers_like_a_wrong_signature(client, db, number):
    assert client.post(f"/mail-reports/{number}/", b"{}", content_type="application/json").status_code == 403


def test_a_delivery_report_in_the_mailbox_marks_the_mail(shop, sent, monkeypatch, capsys):
    stream = TextIOWrapper(BytesIO(report_of(sent).encode()))
    monkeypatch.setattr("sys.stdin", stream)

    call_command("read_bounces", "-")

    assert capsys.readouterr().out == "1 marked\n"
    assert (state_of(sent), sent.last_answer) == (MailState.BOUNCED, "smtp; 550 5.1.1 no such user")


def test_a_whole_mbox_is_read(shop, sent, tmp_path):
    other = make_mail(shop, state=MailState.SENT)
    box = tmp_path / "mbox"
    box.write_text("".join(f"From MAILER-DAEMON Mon Jan  1 00:00:00 2026\n{report_of(m)}\n" for m in (sent, other)))

    call_command("read_bounces", str(box), verbosity=0)

    assert (state_of(sent), state_of(other)) == (MailState.BOUNCED, MailState.BOUNCED)


def test_a_report_with_the_whole_mail_is_understood(sent):
    (bounce,) = bounces_in(message_from_string(report_of(sent, kind="message/rfc822")))

    assert bounce.message_id == sent.message_id


@pytest.mark.parametrize(("action", "status"), [("delayed", "4.4.1"), ("delivered", "2.0.0"), ("failed", "4.2.2")])
def test_delays_and_good_news_are_no_bounces(sent, action, status):
    assert list(bounces_in(message_from_string(report_of(sent, action=action, status=status)))) == []


def test_an_ordinary_mail_is_no_bounce():
    assert list(bounces_in(message_from_string("From: a@example.org\nSubject: Message-ID: <x>\n\nFailed"))) == []
