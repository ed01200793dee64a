"""What the outbox costs against Django's own way of sending the same mails, to the same server, over one connection.

Both sides send rows of the outbox whose texts are written already, as text and HTML, in one process, to one server in
a process of its own. Django's side reads the rows, builds each mail and hands it to `send_messages` of one connection:
that is all. Our side does what the outbox promises beside that: it claims the rows, marks each before the server
hears of it, keeps each answer as it comes, looks whether it is another shop's turn, and tells the logs of the orders.
"""

import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import islice
from uuid import uuid4

from django.core.mail import EmailMultiAlternatives, get_connection
from django.test import override_settings
from django.utils import timezone

from backoffice.benches import Measured, bench
from backoffice.models import Shop
from backoffice.tests.servers import free_port, wait_until_open
from messaging.models import MailLane, MailState, Origin, OutboxMail
from messaging.services.delivery import send_due
from orders.benches import FEW, shop_with
from orders.models import Order

# Each way sends so many a turn; three turns each.
TURNS = 3
HTML = "<p>Dear customer</p>" + "<table><tr><td>2 ×</td><td>Candle</td><td>12.10</td></tr></table>" * 40
TEXT = "Dear customer\n" + "2 × Candle 12.10\n" * 40
# A server of its own, in a process of its own: what it costs must not be ours.
SERVER = """
import sys, time
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
from aiosmtpd.smtp import SMTP
class Quick(Controller):
    def factory(self):
        return SMTP(self.handler, hostname="bench.test")
Quick(Sink(), hostname="127.0.0.1", port=int(sys.argv[1])).start()
time.sleep(3600)
"""


@contextmanager
def server() -> Iterator[int]:
    port = free_port()
    with subprocess.Popen([sys.executable, "-c", SERVER, str(port)]) as process:  # noqa: S603
        try:
            wait_until_open(port, process)
            yield port
        finally:
            process.kill()


@bench("mail")
def mails_against_djangos_own(size: int) -> Iterator[Measured]:
    """As many mails in all that the usual size makes the twenty thousand that are to be held."""
    number = max(size * 20_000 // 25_900 // TURNS, 50)
    shop = shop_with(FEW)
    with server() as port:
        smtp = {
            "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "EMAIL_HOST": "127.0.0.1",
            "EMAIL_PORT": port,
            "EMAIL_USE_TLS": False,
            "EMAIL_USE_SSL": False,
            "EMAIL_HOST_USER": "",
            "EMAIL_HOST_PASSWORD": "",
            "MAIL_THREADS": 8,
        }
        with override_settings(**smtp):
            yield from _measured(shop, number)


def _measured(shop: Shop, number: int) -> Iterator[Measured]:
    both = []
    for _turn in range(TURNS):
        queue(shop, number)
        plain = seconds_of(lambda: send_plainly(shop))
        own = seconds_of(lambda: send_due(seconds=3600))
        sent = OutboxMail.objects.filter(shop=shop, state=MailState.SENT)
        if sent.count() != number:
            raise RuntimeError(f"{number - sent.count()} mails were not sent.")
        both.append((own / plain, plain / number, own / number))
        sent.delete()
    ratio, plain, own = sorted(both)[TURNS // 2]
    remark = f"{own * 1000:.1f} ms against {plain * 1000:.1f} ms a mail"
    yield Measured(f"{number * TURNS:,} mails against Django's send_messages", ratio, 1.3, remark=remark)


def queue(shop: Shop, number: int) -> None:
    now = timezone.now()
    orders = list(Order.objects.for_shop(shop).values_list("pk", flat=True))
    OutboxMail.objects.bulk_create(
        [
            OutboxMail(
                shop=shop,
                order_id=orders[index % len(orders)],
                origin=Origin.BULK,
                event="bench",
                unique_key=f"|{uuid4().hex}",
                message_id=f"<{uuid4().hex}@bench.test>",
                recipient=f"customer-{index}@example.org",
                sender="shop@example.org",
                sender_name="The shop",
                language="en",
                subject=f"About order {index}",
                html=HTML,
                text=TEXT,
                written_at=now,
                state=MailState.QUEUED,
                due_at=now,
                gives_up_at=now + timedelta(days=5),
            )
            for index in range(number)
        ]
    )
    MailLane.objects.update_or_create(shop=shop, defaults={"paused_until": None, "is_stopped": False})


def send_plainly(shop: Shop) -> None:
    """What a program without an outbox does: read, put together, send over one connection, forget."""
    mails = OutboxMail.objects.filter(shop=shop).order_by("id")
    with get_connection() as connected:
        for some in batched(mails.iterator(), 50):
            connected.send_messages([message_from(mail) for mail in some])


def message_from(mail: OutboxMail) -> EmailMultiAlternatives:
    sender = f"{mail.sender_name} <{mail.sender}>"
    message = EmailMultiAlternatives(mail.subject, mail.text, sender, [mail.recipient])
    message.attach_alternative(mail.html, "text/html")
    return message


def batched(mails: Iterable[OutboxMail], number: int) -> Iterator[list[OutboxMail]]:
    """Python's own of 3.12."""
    rest = iter(mails)
    while some := list(islice(rest, number)):
        yield some


def seconds_of(work) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
