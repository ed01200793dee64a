"""Every built-in mail in every language: it renders with the samples and with hard cases, and says what it must."""

import re
from decimal import Decimal

import pytest
from django.utils import translation

from layouts.engine import render_text
from messaging.builtin import LANGUAGES, builtin_text
from messaging.fields import MAIL_FIELDS
from messaging.models import Purpose
from messaging.sanitise import plain_text, sanitised
from messaging.services.templates import problems_in

# What a mail must show, whatever else it says.
MUST_SHOW = {
    Purpose.CONFIRMATION: ["00012", "Mug, blue", "60"],
    Purpose.PAID: ["00012"],
    Purpose.IN_PROGRESS: ["00012", "Mug, blue"],
    Purpose.BACKORDERED: ["00012"],
    Purpose.PARTLY_SHIPPED: ["00012", "3SABCD1234567", "https://carrier.example/3SABCD1234567"],
    Purpose.SHIPPED: ["00012", "3SABCD1234567", "https://carrier.example/3SABCD1234567", "Oudegracht 101"],
    Purpose.DELIVERED: ["00012", "3SABCD1234567"],
    Purpose.CANCELLED: ["00012"],
    Purpose.REFUNDED: ["00012"],
    Purpose.REMINDER_1: ["00012", "60", "NL91"],
    Purpose.REMINDER_2: ["00012", "60", "NL91"],
    Purpose.REMINDER_3: ["00012", "60", "NL91"],
    Purpose.FEEDBACK: ["00012"],
    Purpose.GIFT_CARD: ["7KQM-XW42-PB9T", "25"],
    Purpose.DOWNLOAD: ["Baking bread.pdf", "https://shop.example/download/x", "5"],
    Purpose.SUPPLIER_COPY: ["00012", "MUG-BLUE", "Oudegracht 101"],
    Purpose.NEW_ORDER: ["00012", "Sanne de Vries", "Mug, blue"],
}


def read(purpose, language, data=None):
    """Subject and plain text of a built-in mail, as they are sent."""
    text = builtin_text(purpose, language)
    data = data or MAIL_FIELDS.sample()
    with translation.override(language):
        subject = render_text(text.subject, data, language=language, html=False)
        return subject, plain_text(sanitised(render_text(text.html, data, language=language)))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("purpose", Purpose.values)
def test_a_built_in_mail_is_complete(purpose, language):
    text = builtin_text(purpose, language)
    assert problems_in(text.subject, text.html) == {}

    subject, body = read(purpose, language)

    assert "00012" in subject
    assert [words for words in MUST_SHOW[Purpose(purpose)] if words not in body] == []
    assert not re.search(r"\{[{%]|\[\w+\]", subject + body)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_mail_is_left_in_another_language(language):
    for other in set(LANGUAGES) - {language}:
        same = [
            purpose
            for purpose in Purpose.values
            if builtin_text(purpose, language).html == builtin_text(purpose, other).html
        ]
        assert same == []


def test_staff_read_which_shop_and_which_order():
    subject, _body = read(Purpose.NEW_ORDER, "en")

    assert subject == f"{MAIL_FIELDS.sample()['shop']['name']}, new order #00012"


@pytest.mark.parametrize("purpose", Purpose.values)
def test_a_bare_order_makes_a_mail_without_gaps(purpose):
    """Nothing but a number and a line: no empty label, no lonely comma."""
    data = MAIL_FIELDS.sample()
    order = data["order"]
    order["customer"] |= dict.fromkeys(("name", "company", "phone"), "")
    order["shipments"] = []
    order["payment"]["method"] = order["fulfilment"]["method"] = order["customer_message"] = ""
    order["shipping_address"] = dict.fromkeys(order["shipping_address"], "")
    data["shop"] |= {"iban": "", "company": ""}

    _subject, body = read(purpose, "en", data)

    assert "Hello ," not in body
    assert " ,\n" not in body
    assert "()" not in body
    assert "Delivery address" not in body


def test_what_was_paid_already_is_not_asked_for_again():
    data = MAIL_FIELDS.sample()
    asked = read(Purpose.CONFIRMATION, "en", data)[1]
    assert "as soon as your payment is in" in asked

    data["order"]["totals"] |= {"open": Decimal(0), "paid": Decimal("60.85")}

    assert "payment is in" not in read(Purpose.CONFIRMATION, "en", data)[1]
