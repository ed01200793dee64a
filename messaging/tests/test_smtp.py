"""Mails and real servers: good ones, refusing ones, slow ones and those that hang up."""

import socket
import time

import pytest
from django.core import mail as box

from messaging.models import MailAttachment, MailLane, MailSettings, MailState, OutboxMail
from messaging.post.smtp import Server, SmtpPost, Trouble
from messaging.reasons import Reason
from messaging.services import carriers, delivery
from messaging.services.delivery import send_due
from messaging.tests.factories import make_mail, make_mails
from messaging.tests.smtp_server import Sink, free_port, smtp_server
from messaging.tests.test_delivery import later
from orders.tests.factories import make_order


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
def own_server(shop, settings, sink):
    """`shop` has a mail server of its own, the sink."""
    settings.MAIL_INTERNAL_HOSTS = ["127.0.0.1"]
    with smtp_server(sink) as port:
        MailSettings.objects.create(shop=shop, host="127.0.0.1", port=port, security="none")
        yield port


def states() -> set[tuple[str, str]]:
    return set(OutboxMail.objects.values_list("state", "reason"))


def test_25_mails_travel_over_one_connection(shop, own_server, sink):
    mails = [make_mail(shop, subject=f"Grüße {number}") for number in range(25)]

    assert send_due() == 25

    assert sorted(sink.message_ids) == sorted(mail.message_id for mail in mails)
    assert (sink.connections, states()) == (1, {("sent", "")})


def test_what_arrives_has_both_texts_and_one_recipient(shop, own_server, sink):
    make_mail(
        shop, recipient_name="Anna, “the Owl” Jansen", sender_name="Kaarsen\u2028& co", reply_to="us@shop.example"
    )

    send_due()

    (message,) = sink.arrived
    assert sink.recipients == [["anna@example.org"]]
    assert str(message["To"]) == '"Anna, “the Owl” Jansen" <anna@example.org>'
    assert str(message["From"]) == "Kaarsen & co <shop@shop.example>"
    assert message["Reply-To"] == "us@shop.example"
    assert message.get_body(("plain",)).get_content().strip() == "Hello"
    assert message.get_body(("html",)).get_content().strip() == "<p>Hello</p>"


@pytest.mark.parametrize("step", ["rcpt", "data"])
def test_f17_a_refusal_for_good_fails_one_mail_of_five(shop, own_server, sink, step):
    setattr(sink, step, {3: "550 5.1.1 no such user"})
    for _ in range(5):
        make_mail(shop)

    assert send_due() == 4

    failed = OutboxMail.objects.get(state=MailState.FAILED)
    assert (failed.reason, failed.last_answer) == ("refused", "550 5.1.1 no such user")
    assert sink.connections == 1


@pytest.mark.parametrize("step", ["rcpt", "data"])
def test_f16_greylisted_first_and_taken_then(shop, own_server, sink, step):
    setattr(sink, step, {1: "450 try later"})
    make_mail(shop)

    assert send_due() == 0
    assert states() == {("queued", "not_now")}
    later(minutes=1)
    assert send_due() == 1
    assert len(sink.arrived) == 1


def test_a_421_closes_the_lane_for_a_while(shop, own_server, sink):
    sink.rcpt = {1: "421 too much"}
    for _ in range(4):
        make_mail(shop)

    assert send_due() == 0

    lane = MailLane.objects.get(shop=shop)
    assert lane.last_problem == "cut_off 421 too much"
    later(minutes=1)
    assert send_due() == 4
    assert len(set(sink.message_ids)) == 4


def test_a_server_that_ends_a_connection_after_some_mails_gets_another(shop, own_server, sink):
    sink.rcpt = {3: "421 that was enough for once"}
    for _ in range(4):
        make_mail(shop)

    assert send_due() == 4
    assert (sink.connections, len(set(sink.message_ids))) == (2, 4)


def test_f18_hung_up_after_the_text_it_comes_again_with_the_same_message_id(shop, own_server, sink):
    sink.drop = {1}
    order = make_order(shop)
    mail = make_mail(shop, order)

    send_due()
    mail.refresh_from_db()
    assert (mail.state, mail.number_of_doubts) == (MailState.QUEUED, 1)
    later(minutes=1)
    send_due()

    assert sink.message_ids == [mail.message_id] * 2
    assert order.log.first().action == "mail.repeated"


def test_f14_nobody_listens(shop, settings):
    settings.MAIL_INTERNAL_HOSTS = ["*"]
    MailSettings.objects.create(shop=shop, host="127.0.0.1", port=free_port(), security="none")
    make_mail(shop)

    send_due()

    assert states() == {("queued", "unreachable")}


def test_a_name_that_leads_nowhere(shop):
    MailSettings.objects.create(shop=shop, host="no.such.host.invalid")
    make_mail(shop)

    send_due()

    assert states() == {("queued", "unreachable")}


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "10.0.0.1", "169.254.169.254", "::ffff:127.0.0.1"])
def test_a_shop_cannot_reach_the_installations_own_network(shop, host):
    MailSettings.objects.create(shop=shop, host=host)
    make_mail(shop)

    send_due()

    assert states() == {("queued", "not_allowed")}
    assert MailLane.objects.get(shop=shop).is_stopped


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
def test_f19_login(shop, settings, sink):
    settings.MAIL_INTERNAL_HOSTS = ["*"]
    with smtp_server(sink, password="right") as port:
        own = MailSettings.objects.create(
            shop=shop, host="127.0.0.1", port=port, security="none", username="shop", password="wrong"
        )
        make_mail(shop)
        send_due()
        assert states() == {("queued", "login")}
        assert MailLane.objects.get(shop=shop).is_stopped

        own.password = "right"
        own.save()
        MailLane.objects.update(is_stopped=False, paused_until=None)
        assert send_due() == 1


def test_f19_a_server_without_encryption_is_not_trusted_with_anything(shop, own_server, sink):
    MailSettings.objects.update(security="starttls")
    make_mail(shop)

    send_due()

    assert states() == {("queued", "certificate")}
    assert sink.asked == 0


def test_a_domain_with_other_letters_travels_in_its_ascii_form(shop, own_server, sink):
    make_mail(shop, recipient="anna@bücher.example")

    assert send_due() == 1
    assert sink.recipients == [["anna@xn--bcher-kva.example"]]
    assert str(sink.arrived[0]["To"]) == "anna@xn--bcher-kva.example"


@pytest.fixture
def listening_only():
    """A server that takes connections and never says a word."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        yield silent.getsockname()[1]


@pytest.mark.parametrize("way", ["silent", "drip"])
def test_f15_a_server_that_hangs_is_cut_off_and_holds_up_nobody(
    shop, other_shop, settings, sink, listening_only, monkeypatch, way
):
    monkeypatch.setattr(carriers, "MAIL_SECONDS", 2)
    settings.MAIL_INTERNAL_HOSTS = ["*"]
    sink.drip = True
    with smtp_server(sink) as dripping:
        port = listening_only if way == "silent" else dripping
        MailSettings.objects.create(shop=shop, host="127.0.0.1", port=port, security="none")
        for _ in range(3):
            make_mail(shop)
        for _ in range(20):
            make_mail(other_shop)
        begun = time.monotonic()
        taken: list[float] = []
        monkeypatch.setattr(carriers, "fault", lambda name: taken.append(time.monotonic() - begun))

        assert send_due(threads=4) == 20

        assert time.monotonic() - begun < 15
    assert len(box.outbox) == 20
    # All of the other shop had left before the first was cut off.
    assert sorted(taken)[-5] < 2.5
    assert set(OutboxMail.objects.filter(shop=shop).values_list("state", flat=True)) == {"queued"}
    assert MailLane.objects.get(shop=shop).last_problem.startswith("too_slow")


def both_use(shop, other_shop, port) -> None:
    for each in (shop, other_shop):
        MailSettings.objects.update_or_create(
            shop=each, defaults={"host": "127.0.0.1", "port": port, "security": "none"}
        )
        MailLane.objects.create(shop=each)


def test_f43_a_mail_that_comes_while_20000_of_another_shop_wait_is_among_the_next(
    shop, other_shop, own_server, sink, monkeypatch
):
    both_use(shop, other_shop, own_server)
    make_mails(shop, 20_000)
    workers = 8
    turn = delivery.Round(600, threads=workers)
    came_after = []

    def let_another_come(place):
        subjects = [message["Subject"] for message in sink.arrived]
        if place == "mail.settled" and len(subjects) >= 40 and not came_after:
            make_mail(other_shop, subject="B")
            # It is there from now on: on a busy machine others left while it was being written.
            came_after.append(len(sink.arrived))
        if "B" in subjects:
            turn.ends_at = 0

    monkeypatch.setattr(delivery, "fault", let_another_come)

    turn.work()

    place = [message["Subject"] for message in sink.arrived].index("B")
    assert place - came_after[0] <= 2 * workers
    assert OutboxMail.objects.filter(shop=shop, state=MailState.QUEUED).count() > 19_000


@pytest.mark.django_db(transaction=True)
def test_a_paper_that_takes_long_holds_up_no_other_shop(shop, other_shop, own_server, sink, monkeypatch):
    both_use(shop, other_shop, own_server)
    monkeypatch.setenv("FAULT", "mail.packing:sleep:2")
    slow = make_mail(shop, make_order(shop), subject="A", extra={"papers": ["packing_slip"]})
    MailAttachment.objects.create(mail=slow, paper="packing_slip")
    for _ in range(20):
        make_mail(other_shop, subject="B")

    assert send_due(threads=4) == 21

    assert [message["Subject"] for message in sink.arrived] == ["B"] * 20 + ["A"]
    (paper,) = sink.arrived[-1].iter_attachments()
    assert paper.get_content().startswith(b"%PDF")


def test_a_kept_connection_that_was_closed_meanwhile_is_opened_again(sink):
    with smtp_server(sink) as port:
        post = SmtpPost(Server("127.0.0.1", port, "none", may_be_internal=True))
        message = {"sender": "a@shop.example", "recipient": "b@example.org", "message": b"Subject: x\r\n\r\nx\r\n"}
        post.send(**message, message_id="<1@x>")
        post._client.sock.shutdown(socket.SHUT_RDWR)

        assert post.send(**message, message_id="<2@x>") == "250 taken"
        post.close()

    assert (len(sink.arrived), sink.connections) == (2, 2)


def test_trouble_of_the_server_and_of_a_mail_are_told_apart():
    assert {reason for reason in Reason if Trouble(reason).is_of_server}.isdisjoint({Reason.REFUSED, Reason.NOT_NOW})
    assert [reason for reason in Reason if Trouble(reason).is_final] == [Reason.BROKEN_MAIL, Reason.REFUSED]
