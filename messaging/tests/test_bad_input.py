"""Whatever is wrong with a mail: the status change succeeds, and what cannot be sent says why in plain words."""

import pytest
from django.core import mail as box
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils import timezone

from backoffice.actor import SYSTEM
from messaging.models import MailAttachment, MailState, OutboxMail, ShopFile
from messaging.reasons import Reason
from messaging.services.delivery import send_due, sweep
from messaging.services.outbox import retry, retry_all_failed, send_now
from messaging.services.writing import write_waiting
from messaging.tests.factories import make_template, make_trigger
from orders.models import Order, OrderLogEntry
from orders.services import delete_orders, restore_orders, set_fulfilment_status, undo
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def trigger(shop):
    return make_trigger(shop, make_template(shop, subject="Order {{ order.number }} of {{ order.customer.name }}"))


def ship(order) -> None:
    set_fulfilment_status(order, "shipped", by=SYSTEM)
    assert Order.objects.get(pk=order.pk).fulfilment_status == "shipped"


def deliver() -> OutboxMail:
    """Write the mail, end its hold and send it, as far as that is possible."""
    write_waiting()
    mail = OutboxMail.objects.get()
    if mail.state == MailState.HELD:
        send_now(mail)
        send_due()
    mail.refresh_from_db()
    return mail


def stored(order, **values):
    """As an import or an older version may have left it."""
    Order.objects.filter(pk=order.pk).update(**values)
    return Order.objects.get(pk=order.pk)


def failed_with(client, shop, reason) -> None:
    """The mail failed, and page and order say so in words."""
    mail = deliver()
    assert (mail.state, mail.reason) == (MailState.FAILED, reason)
    assert box.outbox == []
    shown = client.get(reverse("messaging:mail", args=[shop.number, mail.pk])).content.decode()
    assert str(Reason(reason).label).replace("'", "&#x27;") in shown
    if mail.order is not None:
        assert mail.order.log.filter(action="mail.failed").count() == 1


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("", "no_address"),
        ("  ", "no_address"),
        ("anna", "bad_address"),
        ("anna@", "bad_address"),
        ("anna@example.org, eve@example.net", "bad_address"),
        ("anna@example.org;eve@example.net", "bad_address"),
        ("anna@example.org eve@example.net", "bad_address"),
        ("Anna <anna@example.org>", "bad_address"),
        ("anna@example.org\r\nBcc: eve@example.net", "bad_address"),
        ("anna@example.org\u2028", "bad_address"),
    ],
)
def test_t13_t14_without_one_good_address(clerk_client, shop, trigger, address, reason):
    ship(stored(make_order(shop), customer_email=address))

    failed_with(clerk_client, shop, reason)


@pytest.mark.parametrize("line_end", ["\r", "\n", "\r\n", "\u2028", "\u2029", "\x85", "\x0b"])
def test_t13_a_line_end_in_a_name_or_subject_becomes_a_space(shop, trigger, line_end):
    ship(stored(make_order(shop), customer_name=f"Anna{line_end}Bcc: eve@example.net"))

    assert deliver().state == MailState.SENT
    message = box.outbox[0].message()
    assert message["Bcc"] is None
    assert "Anna Bcc: eve@example.net" in str(message["Subject"]).replace("  ", " ")
    assert message["To"].addresses[0].addr_spec == "anna@example.org"


def test_a_template_that_breaks_only_when_it_is_sent(clerk_client, shop, trigger):
    trigger.template.translations.update(html="<p>Hello</p>\n<p>{{ order.nmber }}</p>")
    ship(make_order(shop))

    failed_with(clerk_client, shop, "broken_text")
    assert OutboxMail.objects.get().last_answer.startswith("2:")


def test_an_order_that_is_deleted_meanwhile(clerk_client, shop, trigger):
    order = make_order(shop)
    ship(order)
    delete_orders([order.pk], shop=shop, by=SYSTEM)

    failed_with(clerk_client, shop, "order_deleted")


def test_an_order_that_is_deleted_while_its_written_mail_is_held(clerk_client, shop, trigger):
    order = make_order(shop)
    ship(order)
    write_waiting()
    assert OutboxMail.objects.get().written_at
    delete_orders([order.pk], shop=shop, by=SYSTEM)
    sweep()

    failed_with(clerk_client, shop, "order_deleted")
    mail = OutboxMail.objects.get()
    with pytest.raises(ValidationError):
        retry(mail)
    assert retry_all_failed(shop) == 0


@pytest.mark.parametrize("is_written", [False, True])
@pytest.mark.parametrize("take_back", [restore_orders, lambda _keys, shop, by: undo(last_act(), shop=shop, by=by)])
def test_an_order_that_was_deleted_by_mistake_keeps_its_mail(shop, trigger, is_written, take_back):
    order = make_order(shop)
    ship(order)
    if is_written:
        write_waiting()
    delete_orders([order.pk], shop=shop, by=SYSTEM)
    assert deliver().state == MailState.FAILED

    take_back([order.pk], shop=shop, by=SYSTEM)

    assert deliver().state == MailState.SENT
    assert len(box.outbox) == 1


def test_a_mail_that_would_be_days_late_stays_with_the_deleted_order(shop, trigger):
    order = make_order(shop)
    ship(order)
    delete_orders([order.pk], shop=shop, by=SYSTEM)
    deliver()
    OutboxMail.objects.update(gives_up_at=timezone.now())

    restore_orders([order.pk], shop=shop, by=SYSTEM)

    assert deliver().state == MailState.FAILED
    retry(OutboxMail.objects.get())
    write_waiting()
    send_due()
    assert len(box.outbox) == 1


def last_act():
    return OrderLogEntry.objects.filter(action="order.deleted").latest("pk").act


def test_an_unknown_language_is_the_shops(shop, trigger):
    ship(stored(make_order(shop), customer_language="xx"))

    assert (deliver().state, OutboxMail.objects.get().language) == (MailState.SENT, shop.language)


@pytest.fixture
def with_file(shop, trigger, settings, tmp_path):
    """Have the trigger's mails carry a file of the archive, which is so large on the disk."""
    settings.MEDIA_ROOT = tmp_path

    def keep(*, size, on_disk, name="terms.pdf") -> ShopFile:
        row = ShopFile(shop=shop, name=name, content_type="application/pdf", size=size, sha256="")
        row.file.save("terms.pdf", ContentFile(b"0" * on_disk))
        trigger.files.add(row)
        return row

    return keep


@pytest.mark.parametrize(
    ("size", "on_disk", "reason"),
    [(30_000_000, 30_000_000, "too_large"), (1000, 0, "no_file"), (1000, 500, "no_file")],
    ids=["30 MB", "emptied", "cut off"],
)
def test_a_file_that_no_mail_can_carry(clerk_client, shop, with_file, size, on_disk, reason):
    with_file(size=size, on_disk=on_disk)
    ship(make_order(shop))

    failed_with(clerk_client, shop, reason)


def test_t15_a_file_whose_name_is_no_name_for_a_header(shop, with_file):
    with_file(size=4, on_disk=4, name='../a "fine" name\r\nBcc: eve@example.net.pdf')
    ship(make_order(shop))

    assert deliver().state == MailState.SENT
    message = box.outbox[0].message()
    assert message["Bcc"] is None
    (part,) = message.iter_attachments()
    assert part.get_filename() == "a 'fine' nameBcc: eve@example.net.pdf"
    assert MailAttachment.objects.count() == 1
