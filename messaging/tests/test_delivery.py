"""What is due leaves, in turns between the shops, and each mail says what became of it."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core import mail as box
from django.utils import timezone

from backoffice.actor import SYSTEM
from backoffice.tests.factories import make_shop
from messaging import tasks
from messaging.models import MailAttachment, MailLane, MailSettings, MailState, OutboxMail, ShopFile
from messaging.post import Trouble
from messaging.reasons import Reason
from messaging.services import delivery
from messaging.services.claims import claim, keep_sent, mark_handed
from messaging.services.delivery import send_due, sweep
from messaging.tests.factories import make_mail, make_trigger
from orders.services import set_fulfilment_status
from orders.tests.factories import make_order


def test_a_due_mail_leaves_once_and_the_orders_log_says_so(shop):
    order = make_order(shop)
    mail = make_mail(shop, order, subject="On its way")

    assert (send_due(), send_due()) == (1, 0)

    (sent,) = box.outbox
    assert (sent.subject, sent.to) == ("On its way", ["anna@example.org"])
    assert sent.message()["Message-ID"] == mail.message_id
    mail.refresh_from_db()
    order.refresh_from_db()
    assert (mail.state, mail.attempts) == (MailState.SENT, 1)
    assert [(entry.action, entry.subject) for entry in order.log.all()[:1]] == [
        ("mail.sent", "On its way, anna@example.org")
    ]
    assert order.mailed_at == mail.sent_at


def test_f2_f10_f11_a_mail_whose_bell_nobody_heard_leaves_with_the_next_beat(
    shop, monkeypatch, django_capture_on_commit_callbacks
):
    def away(*args):
        raise ConnectionError

    monkeypatch.setattr(tasks.write_and_send, "delay", away)
    make_trigger(shop)
    MailSettings.objects.create(shop=shop, hold_seconds=0)
    order = make_order(shop)

    with django_capture_on_commit_callbacks(execute=True):
        set_fulfilment_status(order, "shipped", by=SYSTEM)
    assert OutboxMail.objects.get().written_at is None

    tasks.send_due_mail()

    assert OutboxMail.objects.get().state == MailState.SENT
    assert len(box.outbox) == 1


def test_a_held_mail_waits(shop):
    make_mail(shop, state=MailState.HELD, due_at=timezone.now() + timedelta(seconds=30))

    assert send_due() == 0
    assert box.outbox == []


def test_a_held_mail_leaves_when_its_time_has_come(shop):
    make_mail(shop, state=MailState.HELD)

    assert send_due() == 1


@pytest.mark.parametrize("state", [MailState.CANCELLED, MailState.FAILED, MailState.SENT, MailState.SENDING])
def test_nothing_else_leaves(shop, state):
    make_mail(shop, state=state)

    assert send_due() == 0
    assert box.outbox == []


def test_f9_a_mail_that_another_worker_has_is_left_to_it(shop):
    make_mail(shop, state=MailState.SENDING, leased_until=timezone.now() + timedelta(minutes=1))

    assert (sweep(), send_due()) == (0, 0)


def left_by_a_dead_worker(shop, order, **values) -> OutboxMail:
    lapsed = {"leased_by": uuid4(), "leased_until": timezone.now() - timedelta(seconds=1)}
    return make_mail(shop, order, state=MailState.SENDING, **lapsed, **values)


def test_f5_a_mail_that_a_server_may_have_leaves_again_and_the_log_says_that_it_may_come_twice(shop):
    order = make_order(shop)
    mail = left_by_a_dead_worker(shop, order, handed_at=timezone.now())

    sweep()
    send_due()

    assert [sent.message()["Message-ID"] for sent in box.outbox] == [mail.message_id]
    assert order.log.first().action == "mail.repeated"


def test_f4_a_mail_that_no_server_had_heard_of_leaves_as_if_nothing_had_been(shop):
    order = make_order(shop)
    mail = left_by_a_dead_worker(shop, order)

    sweep()
    mail.refresh_from_db()
    assert (mail.state, mail.reason, mail.leased_by) == (MailState.QUEUED, "", None)
    send_due()

    assert len(box.outbox) == 1
    assert order.log.first().action == "mail.sent"


def test_f43_one_mail_of_another_shop_is_among_the_next_two(shop, other_shop):
    for number in range(200):
        make_mail(shop, subject=f"A{number}")
    make_mail(other_shop, subject="B")

    # As long as it takes: a busy machine is no fault.
    send_due(seconds=600)

    assert [sent.subject for sent in box.outbox].index("B") <= 2
    assert len(box.outbox) == 201


class Scripted:
    """A server that answers as the story says: an answer, or the Trouble it makes."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.seen: list[str] = []

    def send(self, *, sender, recipient, message, message_id):
        self.seen.append(message_id)
        answer = self.answers.pop(0) if self.answers else "250 ok"
        if isinstance(answer, Trouble):
            raise answer
        return answer

    def abort(self): ...

    def close(self): ...


class Watched(Scripted):
    """A server that looks at the outbox whenever it gets a mail."""

    def __init__(self, look):
        super().__init__()
        self.look, self.looks = look, []

    def send(self, **envelope):
        self.looks.append(self.look())
        return super().send(**envelope)


@pytest.fixture
def servers(monkeypatch):
    """{shop number: its server}; other shops have one that takes everything."""
    known: dict[str, Scripted] = {}
    monkeypatch.setattr(delivery, "post_of", lambda shop, own: known.setdefault(shop.number, Scripted()))
    return known


def later(**time) -> None:
    """Let so much time pass for the outbox."""
    span = timedelta(**time)
    for row in OutboxMail.objects.all():
        row.due_at -= span
        row.gives_up_at -= span
        row.save(update_fields=["due_at", "gives_up_at"])
    for lane in MailLane.objects.exclude(paused_until=None):
        lane.paused_until -= span
        lane.save(update_fields=["paused_until"])


def test_a_mail_is_marked_before_the_server_hears_of_it_and_the_next_one_is_not(shop, servers):
    servers["12345"] = Watched(
        lambda: [(mail.handed_at is not None, mail.attempts) for mail in OutboxMail.objects.order_by("id")]
    )
    make_mail(shop)
    make_mail(shop)

    send_due()

    assert servers["12345"].looks == [[(True, 1), (False, 0)], [(False, 1), (True, 1)]]
    assert set(OutboxMail.objects.values_list("state", "attempts", "handed_at")) == {("sent", 1, None)}


def test_a_worker_keeps_what_it_has_for_as_long_as_it_works(shop, servers, monkeypatch):
    monkeypatch.setattr(delivery, "RENEW_AFTER", timedelta(0))

    def lapse():
        claimed = OutboxMail.objects.filter(state=MailState.SENDING)
        has_long = [row.leased_until > timezone.now() + timedelta(seconds=30) for row in claimed]
        claimed.update(leased_until=timezone.now() + timedelta(seconds=1))
        return all(has_long)

    servers["12345"] = Watched(lapse)
    for _ in range(4):
        make_mail(shop)

    assert send_due() == 4
    assert servers["12345"].looks == [True] * 4


def test_each_mail_keeps_the_answer_that_it_got(shop, servers):
    servers["12345"] = Scripted("250 as A", "250 as B", "250 as B", "250 as C")
    mails = [make_mail(shop) for _ in range(4)]

    send_due()

    assert [OutboxMail.objects.get(pk=mail.pk).last_answer for mail in mails] == [
        "250 as A",
        "250 as B",
        "250 as B",
        "250 as C",
    ]


def test_what_another_worker_took_over_is_neither_sent_nor_kept(shop):
    first, second = make_mail(shop), make_mail(shop)
    lane = MailLane.objects.create(shop=shop)
    worker = uuid4()
    claim(lane, 2, worker=worker, now=timezone.now())
    OutboxMail.objects.filter(pk=second.pk).update(leased_by=uuid4())

    assert mark_handed(worker, [first.pk, second.pk], now=timezone.now()) == {first.pk}
    assert keep_sent(worker, {first.pk: "250 ok", second.pk: "250 ok"}, now=timezone.now()) == 1

    assert set(OutboxMail.objects.values_list("pk", "state")) == {(first.pk, "sent"), (second.pk, "sending")}


def test_at_the_end_of_its_time_a_worker_leaves_what_it_did_not_send_to_the_next(shop, servers):
    servers["12345"] = Scripted()
    mails = [make_mail(shop) for _ in range(2)]
    lane = MailLane.objects.create(shop=shop)
    worker_round = delivery.Round(0, threads=0)
    claimed = claim(lane, 2, worker=worker_round.worker, now=timezone.now())
    worker_round._carrier_of(lane).take(claimed)

    assert worker_round.work() == 0

    assert set(OutboxMail.objects.values_list("state", "leased_by", "attempts")) == {("queued", None, 0)}
    assert send_due() == len(mails)


def test_f16_try_later_is_tried_later_with_the_same_message_id(shop, servers):
    servers["12345"] = Scripted(Trouble(Reason.NOT_NOW, "450 busy"))
    mail = make_mail(shop)

    send_due()
    mail.refresh_from_db()
    assert (mail.state, mail.reason, mail.last_answer) == (MailState.QUEUED, "not_now", "450 busy")
    assert send_due() == 0

    later(minutes=1)
    assert send_due() == 1
    assert servers["12345"].seen == [mail.message_id] * 2


def test_the_wait_doubles_up_to_an_hour():
    minutes = [delivery.delay_after(attempts).total_seconds() / 60 for attempts in (1, 2, 3, 6, 7, 50)]

    assert minutes == [1, 2, 4, 32, 60, 60]


def test_f17_one_refused_of_25_fails_alone(shop, servers):
    servers["12345"] = Scripted(*["250 ok"] * 7, Trouble(Reason.REFUSED, "550 no such user"))
    order = make_order(shop)
    for _ in range(25):
        make_mail(shop, order)

    assert send_due() == 24

    failed = OutboxMail.objects.get(state=MailState.FAILED)
    assert (failed.reason, failed.last_answer) == ("refused", "550 no such user")
    assert order.log.filter(action="mail.failed").count() == 1


def test_f14_a_dead_server_closes_its_own_lane_alone(shop, other_shop, servers):
    servers["12345"] = Scripted(*[Trouble(Reason.UNREACHABLE, "connection refused")] * 10)
    waiting = [make_mail(shop) for _ in range(5)]
    make_mail(other_shop)

    assert send_due() == 1

    assert len(servers["12345"].seen) == 1
    assert {mail.state for mail in OutboxMail.objects.filter(shop=shop)} == {MailState.QUEUED}
    lane = MailLane.objects.get(shop=shop)
    assert (lane.failures_in_a_row, lane.last_problem) == (1, "unreachable connection refused")

    servers["12345"] = Scripted()
    later(minutes=1)
    assert send_due() == len(waiting)
    lane.refresh_from_db()
    assert (lane.failures_in_a_row, lane.last_problem) == (0, "")


@pytest.mark.parametrize("reason", [Reason.LOGIN, Reason.CERTIFICATE, Reason.NOT_ALLOWED])
def test_f19_a_wrong_login_stops_the_lane_until_somebody_looks(shop, servers, reason):
    servers["12345"] = Scripted(*[Trouble(reason, "535 no")] * 2)
    make_mail(shop)

    send_due()
    later(days=1)
    send_due()

    assert len(servers["12345"].seen) == 1
    assert MailLane.objects.get(shop=shop).is_stopped
    assert OutboxMail.objects.get().state == MailState.QUEUED


def test_f18_a_connection_cut_after_the_text_is_tried_again_and_told(shop, servers):
    servers["12345"] = Scripted(Trouble(Reason.CUT_OFF, "closed", is_in_doubt=True))
    order = make_order(shop)
    make_mail(shop, order)

    send_due()
    later(minutes=1)
    send_due()

    assert order.log.first().action == "mail.repeated"


def test_after_five_days_it_gives_up_and_says_so(shop, servers):
    servers["12345"] = Scripted(*[Trouble(Reason.UNREACHABLE, "refused")] * 3)
    order = make_order(shop)
    make_mail(shop, order)

    send_due()
    later(days=5)
    send_due()

    mail = OutboxMail.objects.get()
    assert (mail.state, mail.reason, mail.last_answer) == (MailState.FAILED, "given_up", "refused")
    assert order.log.first().action == "mail.failed"


def test_what_a_closed_lane_kept_for_five_days_is_given_up_by_the_sweep(shop, servers):
    servers["12345"] = Scripted(Trouble(Reason.LOGIN, "535"))
    make_mail(shop)
    make_mail(shop)
    send_due()

    later(days=6)
    sweep()

    assert set(OutboxMail.objects.values_list("state", "reason")) == {("failed", "given_up")}


def test_f42_a_mail_that_cannot_be_put_together_fails_alone(shop):
    make_mail(shop, recipient="anna@example.org\nBcc: eve@example.net")
    make_mail(shop)

    assert send_due() == 1

    assert OutboxMail.objects.get(state=MailState.FAILED).reason == "broken_mail"


@pytest.fixture
def archive(shop, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path

    def keep(name: str, content: bytes) -> ShopFile:
        from django.core.files.base import ContentFile

        row = ShopFile(shop=shop, name=name[:120], content_type="application/pdf", size=len(content), sha256="")
        row.file.save(name[-20:], ContentFile(content))
        return row

    return keep


def with_file(shop, row, name=None) -> OutboxMail:
    mail = make_mail(shop, extra={"files": [row.pk]})
    MailAttachment.objects.create(mail=mail, shop_file=row, name=name or row.name, content_type=row.content_type)
    return mail


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("size chart.pdf", "size chart.pdf"),
        ("x" * 116 + ".pdf", "x" * 116 + ".pdf"),
        ('a"b\r\nBcc: eve@example.net.pdf', "a'bBcc: eve@example.net.pdf"),
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("Größe ✓.pdf", "Größe ✓.pdf"),
    ],
    ids=["plain", "long", "quotes and lines", "path", "letters"],
)
def test_t15_a_file_arrives_under_a_safe_name(shop, archive, name, sent):
    with_file(shop, archive("chart.pdf", b"%PDF-1.7"), name)

    assert send_due() == 1

    (part,) = box.outbox[0].message().iter_attachments()
    assert (part.get_filename(), part.get_content_type(), part.get_content()) == (sent, "application/pdf", b"%PDF-1.7")


def test_a_file_that_is_gone_fails_the_mail(shop, archive):
    row = archive("chart.pdf", b"%PDF")
    with_file(shop, row)
    row.file.storage.delete(row.file.name)

    send_due()

    assert OutboxMail.objects.get().reason == "no_file"


def test_thirty_megabytes_are_not_sent(shop, archive):
    with_file(shop, archive("chart.pdf", b"0" * 30_000_000))

    send_due()

    assert OutboxMail.objects.get().reason == "too_large"
    assert box.outbox == []


def test_what_leaves_of_a_shop_does_not_wait_for_another_shops_texts(shop):
    for number in range(3):
        make_mail(make_shop(f"7{number}"))
    make_mail(shop)

    assert send_due() == 4


def test_the_mailbox_of_the_demo_keeps_one_file_for_one_mail(shop, settings, tmp_path):
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.VAR_DIR = tmp_path
    mail = make_mail(shop)

    send_due()
    OutboxMail.objects.update(state=MailState.QUEUED)
    send_due()

    (kept,) = (tmp_path / "mailbox" / "12345").glob("*.eml")
    assert mail.message_id.encode() in kept.read_bytes()


def with_paper(shop, order, kind) -> OutboxMail:
    mail = make_mail(shop, order, extra={"papers": [kind]})
    MailAttachment.objects.create(mail=mail, paper=kind)
    return mail


def test_a_paper_is_made_once_and_kept_for_every_try(shop, servers):
    servers["12345"] = Scripted(Trouble(Reason.NOT_NOW, "450 later"))
    with_paper(shop, make_order(shop), "packing_slip")

    send_due()
    kept = MailAttachment.objects.get()
    first = bytes(kept.content)
    later(minutes=1)
    assert send_due() == 1

    kept.refresh_from_db()
    assert first.startswith(b"%PDF")
    assert (bytes(kept.content), kept.content_type) == (first, "application/pdf")
    assert kept.name.endswith(".pdf")


def test_an_invoice_that_was_not_issued_fails_the_mail_and_says_so(shop):
    with_paper(shop, make_order(shop), "invoice")

    assert send_due() == 0

    mail = OutboxMail.objects.get()
    assert (mail.reason, mail.last_answer) == ("broken_paper", "No invoice was issued for this order.")
