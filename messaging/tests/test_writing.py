"""A mail gets its text once, in the customer's language, and says itself why it cannot have one."""

from uuid import uuid4

import pytest

from backoffice.actor import SYSTEM
from backoffice.tests.factories import make_shop
from messaging.models import DoNotMail, MailSettings, MailState, OutboxMail, Recipient, TriggerEvent
from messaging.sanitise import plain_text, sanitised
from messaging.services.writing import write_waiting
from messaging.tests.factories import make_mail, make_template, make_trigger
from orders.services import delete_orders, set_fulfilment_status
from orders.tests.factories import make_order


def shipped_mail(shop, template=None, **order) -> OutboxMail:
    """What the customer gets of a shipped order, written."""
    make_trigger(shop, template)
    set_fulfilment_status(make_order(shop, **order), "shipped", by=SYSTEM)
    write_waiting()
    return OutboxMail.objects.get()


def test_a_mail_is_written_from_the_order(shop):
    mail = shipped_mail(shop, customer_name="Anna & Bram")

    assert mail.subject == "Order 00001 is on its way"
    assert "Dear Anna &amp; Bram</p>" in mail.html
    assert "Dear Anna & Bram" in mail.text
    assert (mail.state, mail.language) == (MailState.HELD, "en")


@pytest.mark.parametrize(("customer", "sent"), [("nl-BE", "nl"), ("sv", "sv"), ("fr", "en"), ("", "en")])
def test_the_customer_reads_the_own_language_or_the_shops(shop, customer, sent):
    template = make_template(shop, html="")
    for language in ("en", "nl", "sv"):
        template.translations.create(language=language, subject=f"in {language}", html="<p>…</p>")

    mail = shipped_mail(shop, template, customer_language=customer)

    assert (mail.language, mail.subject) == (sent, f"in {sent}")


def test_a_template_without_texts_of_its_own_sends_the_built_in_one(shop):
    mail = shipped_mail(shop, make_template(shop, html="", purpose="shipped"), customer_language="nl")

    assert (mail.state, mail.language) == (MailState.HELD, "nl")
    assert mail.subject != ""


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ({"subject": "{{ order.numbr }}"}, "1:4"),
        ({"html": "<p>\n{{ order.number | shout }}</p>"}, "2:"),
        ({"html": "{% if %}"}, "1:"),
        ({"html": "{% for a in (1..99999999) %}x{% endfor %}"}, "1:"),
    ],
    ids=["unknown field", "unknown filter", "broken tag", "bomb"],
)
def test_a_broken_template_fails_the_mail_and_nothing_else(shop, template, said):
    mail = shipped_mail(shop, make_template(shop, **template))

    assert (mail.state, mail.reason) == (MailState.FAILED, "broken_text")
    assert mail.last_answer.startswith(said)
    assert mail.order.fulfilment_status == "shipped"
    assert mail.order.log.filter(action="mail.failed").count() == 1


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("", "no_address"),
        ("anna@example.org, eve@example.net", "bad_address"),
        ("anna", "bad_address"),
        ("anna@example.org\nBcc: eve@example.net", "bad_address"),
    ],
    ids=["none", "two", "not one", "line break"],
)
def test_t14_an_order_without_one_good_address_has_a_mail_that_says_so(shop, address, reason):
    make_trigger(shop)
    order = make_order(shop)
    type(order).objects.update(customer_email=address)

    set_fulfilment_status(order, "shipped", by=SYSTEM)
    write_waiting()

    assert list(OutboxMail.objects.values_list("state", "reason")) == [("failed", reason)]


def test_a_deleted_order_is_not_mailed_about(shop):
    make_trigger(shop)
    order = make_order(shop)
    set_fulfilment_status(order, "shipped", by=SYSTEM)
    delete_orders([order.pk], shop=shop, by=SYSTEM)

    write_waiting()

    mail = OutboxMail.objects.get()
    assert (mail.state, mail.reason) == (MailState.FAILED, "order_deleted")


def test_an_address_that_wants_no_mail_gets_none(shop, other_shop):
    DoNotMail.objects.create(shop=shop, address="ANNA@example.org")
    DoNotMail.objects.create(shop=other_shop, address="bram@example.org")

    mail = shipped_mail(shop)

    assert (mail.state, mail.reason) == (MailState.CANCELLED, "do_not_mail")


def test_the_sender_is_the_shop_the_customer_knows(shop):
    english = make_shop("12346", base_shop=shop, name="Candles & co", email="hello@candles.example")

    mail = shipped_mail(shop, target_shop=english)

    assert (mail.sender_name, mail.reply_to) == ("Candles & co", "hello@candles.example")
    assert mail.sender == "backoffice@localhost"


def test_only_with_its_own_server_a_shop_sends_from_its_own_address(shop):
    MailSettings.objects.create(shop=shop, host="smtp.shop.example", sender_address="orders@shop.example")

    mail = shipped_mail(shop)

    assert mail.sender == "orders@shop.example"


def test_the_shop_is_told_in_its_own_language(shop):
    shop.language, shop.email = "sv", "butik@example.se"
    shop.save()
    template = make_template(shop, html="", purpose="new_order")
    make_trigger(shop, template, event=TriggerEvent.PLACED, code="", recipient=Recipient.SHOP)

    make_order(shop, customer_language="nl")
    write_waiting()

    assert OutboxMail.objects.get().language == "sv"


def test_t13_a_line_break_in_a_subject_becomes_a_space(shop):
    mail = shipped_mail(
        shop, make_template(shop, subject="{{ order.customer.name }}"), customer_name="Anna\u2028Bcc: eve@example.net"
    )

    assert mail.subject == "Anna Bcc: eve@example.net"


def test_mails_of_twenty_orders_are_written_with_as_many_queries_as_of_three(shop, django_assert_max_num_queries):
    make_trigger(shop)
    for _ in range(3):
        set_fulfilment_status(make_order(shop), "shipped", by=SYSTEM)
    with django_assert_max_num_queries(60) as three:
        write_waiting()
    for _ in range(20):
        set_fulfilment_status(make_order(shop), "shipped", by=SYSTEM)
    with django_assert_max_num_queries(100) as twenty:
        write_waiting()

    # Each mail is saved by itself: an update in a savepoint.
    assert len(twenty) - len(three) <= 3 * 17


def test_scripts_frames_and_foreign_styles_do_not_get_into_mails():
    bad = (
        '<p style="color:red;position:fixed;background:url(http://x)" onclick="x()">a<script>x</script>'
        '<iframe src="//x"></iframe><a href="javascript:x">b</a><a href="data:text/html,x">c</a></p><style>p{}</style>'
        '<form action="//x"><input name="p"></form>'
    )

    clean = sanitised(bad)

    assert clean == ('<p style="color:red">a<a rel="noopener noreferrer">b</a><a rel="noopener noreferrer">c</a></p>')


def test_the_plain_text_reads_like_the_html():
    html = "<h1>Hi</h1><p>Dear  <b>A</b>,<br>yes</p><table><tr><td>2 ×</td><td>Candle</td></tr></table>"

    text = plain_text(html + '<ul><li>a</li><li>b</li></ul><a href="https://x.example/">Go</a>')

    assert text == "Hi\n\nDear A,\nyes\n\n2 × Candle\n\n- a\n- b\n\nGo (https://x.example/)"


def test_where_many_shops_wait_each_has_a_few_written_at_once(db):
    for number in range(3):
        of_shop = make_shop(f"8{number}")
        for _ in range(4):
            make_mail(
                of_shop, written_at=None, extra={"subject": "Hello", "html": "<p>Hello</p>"}, unique_key=f"|{uuid4()}"
            )

    assert write_waiting(limit=3) == 3

    written = OutboxMail.objects.exclude(written_at=None).values_list("shop__number", flat=True)
    assert sorted(written) == ["80", "81", "82"]
