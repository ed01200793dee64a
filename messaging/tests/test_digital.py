"""Downloads and gift cards: mailed once paid, fetched within their limits, never to strangers."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from backoffice.actor import SYSTEM
from backoffice.roles import Role
from backoffice.tests.factories import make_staff
from messaging.models import DigitalProduct, Download, GiftCard, MailState, OutboxMail
from messaging.reasons import Reason
from messaging.services.digital import link_of, new_code
from messaging.services.files import add_file
from messaging.services.outbox import retry
from messaging.services.usual import begin_with_usual_mails
from messaging.services.writing import write_waiting
from orders.services import delete_orders, record_payment
from orders.tests.factories import make_order, new_line

pytestmark = pytest.mark.django_db
BOOK = {"sku": "BOOK", "name": "Baking bread", "kind": "digital"}
CARD = {"sku": "CARD", "name": "Gift card", "kind": "gift_card", "unit_price": Decimal("25.00")}


@pytest.fixture(autouse=True)
def own_media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def book(shop):
    begin_with_usual_mails(shop)
    kept = add_file(shop, SimpleUploadedFile("bread.pdf", b"%PDF-1.7 bread"), by=SYSTEM)
    return DigitalProduct.objects.create(shop=shop, sku="BOOK", shop_file=kept)


def buy(shop, actor, *lines):
    order = make_order(shop, lines=[new_line(**line) for line in lines])
    OutboxMail.objects.all().delete()
    record_payment(order, order.total, method="bank transfer", paid_at=timezone.now(), by=actor)
    write_waiting()
    return order


def mails(purpose):
    return OutboxMail.objects.filter(template__purpose=purpose)


def path_of(download):
    return link_of(download).split("8000", 1)[-1]


def test_a_paid_download_is_mailed_with_a_link_that_works(shop, actor, book, client):
    order = buy(shop, actor, BOOK)

    mail, download = mails("download").get(), Download.objects.get()
    assert link_of(download) in mail.text
    assert mails("gift_card").count() == 0
    assert order.display_number in client.get(path_of(download)).content.decode()
    response = client.post(path_of(download))
    assert b"".join(response) == b"%PDF-1.7 bread"
    assert response["Content-Disposition"] == 'attachment; filename="bread.pdf"'


def test_looking_at_the_link_uses_nothing_up(shop, actor, book, client):
    buy(shop, actor, BOOK)
    download = Download.objects.get()

    for _ in range(10):
        client.get(path_of(download))
        client.head(path_of(download))

    download.refresh_from_db()
    assert download.times == 0


def test_a_link_works_so_often_and_so_long(shop, actor, book, client):
    buy(shop, actor, BOOK)
    download = Download.objects.get()

    answers = [client.post(path_of(download)).status_code for _ in range(6)]

    assert answers == [200] * 5 + [404]
    Download.objects.update(times=0, expires_at=timezone.now() - timedelta(seconds=1))
    assert client.get(path_of(download)).status_code == 404


@pytest.mark.parametrize("token", ["x", "1.x", "1", "1.", "9" * 400])
def test_a_forged_link_opens_nothing(shop, actor, book, client, token):
    buy(shop, actor, BOOK)

    response = client.get(f"/download/{token}/")

    assert response.status_code == 404
    assert "This link does not work" in response.content.decode()


def test_the_link_of_a_deleted_order_opens_nothing(shop, actor, book, client):
    order = buy(shop, actor, BOOK)
    delete_orders([order.pk], shop=shop, by=actor)

    assert client.post(path_of(Download.objects.get())).status_code == 404


def test_many_tries_are_slowed_down(shop, actor, book, client):
    buy(shop, actor, BOOK)

    answers = {client.get("/download/x/").status_code for _ in range(130)}

    assert answers == {404, 429}


def test_a_product_without_a_file_fails_readably_and_can_be_tried_again(shop, actor, book):
    file = book.shop_file
    book.delete()
    buy(shop, actor, BOOK)
    mail = mails("download").get()
    assert (mail.state, mail.reason, mail.last_answer) == (MailState.FAILED, Reason.NO_FILE, "BOOK")

    DigitalProduct.objects.create(shop=shop, sku="BOOK", shop_file=file)
    retry(mail)
    write_waiting()

    mail.refresh_from_db()
    assert "bread.pdf" in mail.text


def test_a_download_without_its_file_keeps_no_gift_card_back(shop, actor, book):
    book.delete()
    buy(shop, actor, BOOK, CARD)

    assert (mails("download").get().reason, mails("gift_card").get().reason) == (Reason.NO_FILE, "")
    assert GiftCard.objects.get().code in mails("gift_card").get().text


def test_every_gift_card_has_a_code_of_its_own(shop, actor, book):
    buy(shop, actor, CARD | {"quantity": Decimal(3)})

    mail = mails("gift_card").get()
    codes = [card.code for card in GiftCard.objects.all()]
    assert len(set(codes)) == 3
    assert [code for code in codes if code not in mail.text] == []
    assert mails("download").count() == 0
    assert GiftCard.objects.first().amount == Decimal("25.00")


def test_more_gift_cards_than_a_mail_can_bring_are_told_and_none_is_made(shop, actor, book):
    buy(shop, actor, CARD | {"quantity": Decimal(60)}, CARD | {"quantity": Decimal(41)})

    mail = mails("gift_card").get()
    assert (mail.state, mail.reason) == (MailState.FAILED, Reason.TOO_MANY_CARDS)
    assert not GiftCard.objects.exists()


def test_codes_are_encrypted_in_the_database(shop, actor, book):
    buy(shop, actor, CARD)

    with connection.cursor() as cursor:
        cursor.execute("SELECT code FROM messaging_giftcard")
        (stored,) = cursor.fetchone()
    assert GiftCard.objects.get().code not in stored


def test_writing_a_mail_again_makes_no_second_code(shop, actor, book):
    buy(shop, actor, CARD)
    mail = mails("gift_card").get()
    code = GiftCard.objects.get().code
    OutboxMail.objects.update(written_at=None, state=MailState.QUEUED)

    write_waiting()

    mail.refresh_from_db()
    assert GiftCard.objects.get().code == code
    assert code in mail.text


def test_an_unpaid_order_brings_nothing(shop, book):
    make_order(shop, lines=[new_line(**BOOK), new_line(**CARD)])

    assert mails("download").count() == mails("gift_card").count() == 0
    assert not Download.objects.exists()


def test_codes_are_long_and_without_letters_that_mislead():
    codes = {new_code() for _ in range(500)}

    assert len(codes) == 500
    assert not set("".join(codes)) & set("01OIU")
    assert {len(code) for code in codes} == {14}


def test_the_list_of_downloads_keeps_one_file_a_product(client, shop, book):
    client.force_login(make_staff(shop, Role.OWNER).user)
    url = reverse("messaging:add-product", args=[shop.number])
    typed = {"sku": "OTHER", "file": str(book.shop_file.pk)}

    assert client.post(url, typed).status_code == 302
    assert client.post(url, typed).status_code == 422
    assert client.post(url, typed | {"sku": "X", "file": "99999999999999999999"}).status_code == 422
    assert sorted(DigitalProduct.objects.values_list("sku", flat=True)) == ["BOOK", "OTHER"]
