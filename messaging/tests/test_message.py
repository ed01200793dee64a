"""A mail's bytes, read again by the standard library: what went in comes out, and nothing else."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default

import pytest

from messaging.models import OutboxMail
from messaging.post.message import Enclosure, message_of

NOW = datetime(2026, 3, 29, 12, 0, tzinfo=UTC)
WORDS = [
    "The shop",
    "Kaarsen & co",
    'Anna, "the Owl" Jansen',
    "Größe “XL”",
    "日本のお客様 " * 9,
    "x" * 90,
    "A. (Anna) Jansen <boss>",
    "comma, semi; colon: at@sign",
    " spaces  around ",
    "🦉",
]


def mail(**values) -> OutboxMail:
    dull = {
        "message_id": "<0a1b@shop.example>",
        "sender": "shop@shop.example",
        "sender_name": "The shop",
        "recipient": "anna@example.org",
        "subject": "About your order",
        "html": "<p>Hello</p>",
        "text": "Hello",
        "language": "en",
    }
    return OutboxMail(**dull | values)


def bytes_of(written: OutboxMail, *enclosures: Enclosure) -> bytes:
    return message_of(written, enclosures, sent_at=NOW)


def read(raw: bytes):
    message = message_from_bytes(raw, policy=default)
    assert [part.defects for part in message.walk()] == [[]] * len(list(message.walk()))
    return message


@pytest.mark.parametrize("words", WORDS)
def test_names_and_subjects_come_out_as_they_went_in(words):
    raw = bytes_of(mail(subject=words.strip(), recipient_name=words, sender_name=words))
    message = read(raw)

    assert str(message["Subject"]).split() == words.split()
    for field in ("To", "From"):
        (address,) = message[field].addresses
        # Python's own parser parts long names where they were folded.
        assert "".join(address.display_name.split()) == "".join(words.split())
    assert max(map(len, raw.split(b"\r\n"))) < 200
    assert raw.isascii()


def test_a_subject_that_looks_encoded_is_not_decoded():
    assert str(read(bytes_of(mail(subject="=?utf-8?q?trick?=")))["Subject"]) == "=?utf-8?q?trick?="


@pytest.mark.parametrize(
    "text",
    [
        "one\ntwo\r\nthree\rfour",
        "a" * 5000,
        ".\n..\n.hidden\nFrom here",
        "trailing spaces  \nand tab\t\nend ",
        "Grüße, 日本, 🦉 = 100 %",
        "--=_0a1bshopexample_t\n--=_0a1bshopexample_t--",
        "",
    ],
    ids=["line ends", "long", "dots", "spaces", "letters", "looks like a boundary", "empty"],
)
def test_texts_come_out_as_they_went_in_on_lines_that_servers_take(text):
    raw = bytes_of(mail(text=text, html=text))
    message = read(raw)

    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for kind in ("plain", "html"):
        assert message.get_body((kind,)).get_content().replace("\r\n", "\n").removesuffix("\n").split("\n") == lines
    assert [part.get_content_type() for part in message.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert b"\r" not in raw.replace(b"\r\n", b"")
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert max(map(len, raw.split(b"\r\n"))) <= 78


def test_the_head_says_who_when_and_that_nobody_typed_it():
    message = read(bytes_of(mail(reply_to="us@shop.example")))

    assert {name: str(value) for name, value in message.items() if name != "Content-Type"} == {
        "Message-ID": "<0a1b@shop.example>",
        "Date": "Sun, 29 Mar 2026 12:00:00 +0000",
        "From": "The shop <shop@shop.example>",
        "To": "anna@example.org",
        "Reply-To": "us@shop.example",
        "Subject": "About your order",
        "Auto-Submitted": "auto-generated",
        "Content-Language": "en",
        "MIME-Version": "1.0",
    }


@pytest.mark.parametrize("line_end", ["\r", "\n", "\r\n", "\u2028", "\x85"])
@pytest.mark.parametrize("field", ["subject", "sender_name", "recipient_name"])
def test_t13_no_words_make_a_line_of_the_head(field, line_end):
    message = read(bytes_of(mail(**{field: f"Hello{line_end}Bcc: eve@example.net"})))

    assert message["Bcc"] is None
    assert len(message.items()) == 9


@pytest.mark.parametrize("field", ["recipient", "sender", "reply_to", "message_id", "language"])
def test_t13_an_address_with_a_line_end_makes_no_mail(field):
    with pytest.raises(ValueError, match=r"\w"):
        bytes_of(mail(**{field: "anna@example.org\r\nBcc: eve@example.net"}))


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
        ('say "cheese".pdf', "say 'cheese'.pdf"),
        ("ö" * 300 + ".pdf", "ö" * 116 + ".pdf"),
        ("x" * 300, "x" * 120),
    ],
    ids=["long", "quotes", "long and not ASCII", "without ending"],
)
def test_t15_a_name_of_300_characters_or_with_quotes_arrives_shorter_and_whole(name, sent):
    message = read(bytes_of(mail(), Enclosure(name, "application/pdf", b"%PDF")))

    (part,) = message.iter_attachments()
    assert (part.get_filename(), part.get_content()) == (sent, b"%PDF")


def test_attachments_arrive_byte_for_byte_beside_both_texts():
    content = bytes(range(256)) * 300
    message = read(bytes_of(mail(), Enclosure("Größe ✓.pdf", "application/pdf", content), Enclosure("a", "", b"")))

    first, second = message.iter_attachments()
    assert (first.get_filename(), first.get_content_type(), first.get_content()) == (
        "Größe ✓.pdf",
        "application/pdf",
        content,
    )
    assert (second.get_filename(), second.get_content_type(), second.get_content()) == (
        "a",
        "application/octet-stream",
        b"",
    )
    assert message.get_body(("html",)).get_content().strip() == "<p>Hello</p>"
