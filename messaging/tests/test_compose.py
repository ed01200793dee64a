"""A message by hand: written, checked against its order, sent once, taken back; the confirmation once more."""

import uuid

import pytest
from django.urls import reverse

from backoffice.roles import Role
from backoffice.tests.factories import make_staff
from messaging.compose_form import as_html, gaps_in
from messaging.models import DoNotMail, MailState, OutboxMail, TriggerEvent
from messaging.services.writing import write_waiting
from messaging.tests.factories import make_mail, make_template, make_trigger
from orders.models import LogAction, Order
from orders.services import set_fulfilment_status
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db


def url(shop, name, *args):
    return reverse(f"messaging:{name}", args=[shop.number, *args])


def page(response):
    return response.content.decode()


def send(client, shop, order, **values):
    typed = {
        "to": "customer",
        "address": "",
        "language": "en",
        "subject": "About {{ order.number }}",
        "html": "Dear {{ order.customer.name }},\n\nit is coming.",
        "template": "",
        "token": str(uuid.uuid4()),
    }
    return client.post(url(shop, "compose", order.number), typed | values)


def test_a_message_is_written_held_and_told_in_the_log(clerk_client, shop):
    order = make_order(shop)

    response = send(clerk_client, shop, order)

    assert response.status_code == 302
    mail = OutboxMail.objects.get()
    assert (mail.recipient, mail.state, mail.made_by) == ("anna@example.org", MailState.HELD, "Marit Bakker")
    assert order.log.first().action == LogAction.MAIL_WRITTEN
    write_waiting()
    mail.refresh_from_db()
    assert mail.subject == f"About {order.display_number}"
    assert mail.text == "Dear Anna Jansen,\n\nit is coming."


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\u2028"])
def test_t13_a_line_end_in_the_customers_name_keeps_no_message_back(clerk_client, shop, line_end):
    order = make_order(shop)
    # As an import or an older version may have left it.
    Order.objects.filter(pk=order.pk).update(customer_name=f"Anna{line_end}Bcc: eve@example.net")

    assert send(clerk_client, shop, order).status_code == 302
    assert OutboxMail.objects.get().recipient_name.split() == ["Anna", "Bcc:", "eve@example.net"]


def test_undo_takes_the_message_back(clerk_client, shop):
    order = make_order(shop)
    send(clerk_client, shop, order)
    mail = OutboxMail.objects.get()
    shown = page(clerk_client.get(reverse("orders:detail", args=[shop.number, order.number])))
    assert f'action="{url(shop, "cancel-mail", mail.pk)}"' in shown

    clerk_client.post(url(shop, "cancel-mail", mail.pk))

    mail.refresh_from_db()
    assert mail.state == MailState.CANCELLED


def test_a_form_that_is_sent_twice_makes_one_mail(clerk_client, shop):
    order, token = make_order(shop), str(uuid.uuid4())

    for _ in range(2):
        send(clerk_client, shop, order, token=token)

    assert OutboxMail.objects.count() == 1


def test_a_message_goes_to_another_address_with_a_document(clerk_client, shop):
    order = make_order(shop)

    send(clerk_client, shop, order, to="other", address="bo@example.org", papers=["invoice"])

    mail = OutboxMail.objects.get()
    assert (mail.recipient, mail.extra["papers"]) == ("bo@example.org", ["invoice"])


def test_a_template_fills_the_page_in_the_customers_language(clerk_client, shop):
    order = make_order(shop, customer_language="nl")

    shown = page(clerk_client.get(url(shop, "compose", order.number) + "?template=shipped"))

    assert "Bestelling {{ order.number }} is onderweg" in shown


@pytest.mark.parametrize(
    "values",
    [
        {"to": "other", "address": ""},
        {"to": "other", "address": "a@example.org, b@example.org"},
        {"to": "other", "address": "a@example.org\r\nBcc: b@example.org"},
        {"subject": ""},
        {"subject": "x\r\nBcc: b@example.org"},
        {"html": "{{ order.nmber }}"},
        {"html": "{% if %}"},
        {"html": "nul \x00"},
        {"language": "xx"},
        {"papers": ["passport"]},
        {"files": ["99999999999999999999"]},
        {"token": "x"},
    ],
)
def test_what_no_mail_can_have_is_refused_and_kept_on_the_page(clerk_client, shop, values):
    order = make_order(shop)

    response = send(clerk_client, shop, order, **values)

    assert response.status_code == 422
    assert "<title>Error:" in page(response)
    assert not OutboxMail.objects.exists()


def test_a_field_with_nothing_in_it_is_named_before_anything_is_sent(clerk_client, shop):
    order = make_order(shop)

    response = send(clerk_client, shop, order, html="Call {{ order.customer.phone }}")

    assert "order.customer.phone" in page(response)
    assert not OutboxMail.objects.exists()
    send(clerk_client, shop, order, html="Call {{ order.customer.phone }}", with_gaps="on")
    assert OutboxMail.objects.count() == 1


def test_a_text_that_asks_first_has_no_gap():
    data = {"order": {"number": "1", "customer": {"phone": ""}}}

    assert gaps_in("{{ order.customer.phone }} {{ order.number }}", data) == ["order.customer.phone"]
    assert gaps_in('{% if order.customer.phone != "" %}{{ order.customer.phone }}{% endif %}', data) == []


def test_plain_text_becomes_paragraphs_and_markup_stays():
    assert as_html('Tom & Ann,\r\n\r\none\r\ntwo < 3 {{ x | date: "long" }}') == (
        '<p>Tom &amp; Ann,</p>\n<p>one<br>two &lt; 3 {{ x | date: "long" }}</p>'
    )
    assert as_html("<p>Hi</p>\n\n<p>You</p>") == "<p>Hi</p>\n\n<p>You</p>"


def test_who_asked_for_no_mail_gets_none(clerk_client, shop):
    order = make_order(shop)
    DoNotMail.objects.create(shop=shop, address="anna@example.org")

    response = send(clerk_client, shop, order)

    assert response.status_code == 422
    assert "do not mail" in page(response)
    assert not OutboxMail.objects.exists()


def test_the_preview_shows_the_message_as_the_customer_reads_it(clerk_client, shop):
    order = make_order(shop)
    typed = {"subject": "x", "html": "Dear {{ order.customer.name }}", "language": "en", "look": "text"}

    assert "Dear Anna Jansen" in page(clerk_client.post(url(shop, "preview-message", order.number), typed))
    assert "cannot be shown" in page(
        clerk_client.post(url(shop, "preview-message", order.number), {"html": "{% x", "language": "\x00"})
    )


def test_the_order_shows_its_newest_messages(clerk_client, shop):
    order = make_order(shop)
    for number in range(7):
        make_mail(shop, order, subject=f"Mail {number}")

    shown = page(clerk_client.get(reverse("orders:detail", args=[shop.number, order.number])))

    assert "Mail 6" in shown
    assert "Mail 1" not in shown
    assert "All messages of this order" in shown


def test_the_warehouse_reads_messages_but_writes_none(client, shop):
    client.force_login(make_staff(shop, Role.WAREHOUSE).user)
    order = make_order(shop)

    shown = page(client.get(reverse("orders:detail", args=[shop.number, order.number])))

    assert "No message was sent" in shown
    assert url(shop, "compose", order.number) not in shown


# --- the confirmation once more ------------------------------------------------------------------


def test_the_confirmation_is_sent_again_word_for_word_though_the_order_changed(clerk_client, shop, actor):
    template = make_template(
        shop, purpose="confirmation", subject="You ordered", html="<p>{{ order.fulfilment.label }}</p>"
    )
    make_trigger(shop, template, event=TriggerEvent.PLACED, code="")
    order = make_order(shop)
    write_waiting()
    first = OutboxMail.objects.get()
    set_fulfilment_status(order, "shipped", by=actor)

    clerk_client.post(url(shop, "resend-confirmation", order.number), {"token": str(uuid.uuid4())})

    again = OutboxMail.objects.get(resends=first)
    assert (again.html, again.recipient) == (first.html, "anna@example.org")
    assert again.message_id != first.message_id
    assert order.log.first().action == LogAction.MAIL_RESENT


def test_a_confirmation_of_a_shops_own_template_is_sent_again_too_and_not_the_shops_notice(clerk_client, shop):
    for recipient, name in (("shop", "New order"), ("customer", "Our thanks")):
        template = make_template(shop, name=name, subject=name)
        make_trigger(shop, template, event=TriggerEvent.PLACED, code="", recipient=recipient, copy_to_shop=True)
    shop.email = "office@shop.example"
    shop.save()
    order = make_order(shop)
    write_waiting()

    clerk_client.post(url(shop, "resend-confirmation", order.number), {"token": str(uuid.uuid4())})

    again = OutboxMail.objects.get(resends__isnull=False)
    assert (again.subject, again.recipient) == ("Our thanks", "anna@example.org")


def test_a_confirmation_goes_to_nobody_who_asked_for_no_mail(clerk_client, shop):
    make_trigger(shop, make_template(shop, purpose="confirmation"), event=TriggerEvent.PLACED, code="")
    order = make_order(shop)
    write_waiting()
    DoNotMail.objects.create(shop=shop, address="anna@example.org")

    asked = clerk_client.post(url(shop, "resend-confirmation", order.number), {"token": str(uuid.uuid4())}, follow=True)

    assert "do not mail" in page(asked)
    assert not OutboxMail.objects.filter(resends__isnull=False).exists()


def test_an_order_without_a_confirmation_offers_to_write_one(clerk_client, shop):
    order = make_order(shop)

    shown = page(clerk_client.get(url(shop, "resend-confirmation", order.number)))

    assert "never had a confirmation" in shown
    assert clerk_client.post(url(shop, "resend-confirmation", order.number)).status_code == 200
    assert not OutboxMail.objects.exists()
