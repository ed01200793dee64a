"""Whose domain mails come from, and what to put into its DNS."""

import pytest
from django.test import override_settings
from django.urls import reverse

from backoffice.roles import Role
from backoffice.tests.factories import make_staff
from messaging.models import MailSettings
from messaging.sender_domain import sender_domain


def own(shop, **values) -> None:
    MailSettings.objects.create(
        shop=shop, **{"host": "smtp.kaarsen.example", "sender_address": "us@Kaarsen.example"} | values
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("host", "sends"),
    [
        ("smtp.kaarsen.example", "a:smtp.kaarsen.example"),
        ("192.0.2.7", "ip4:192.0.2.7"),
        ("2001:db8::7", "ip6:2001:db8::7"),
    ],
)
def test_a_shop_with_a_server_of_its_own_keeps_its_own_domain(shop, host, sends):
    own(shop, host=host)

    sender = sender_domain(shop)

    assert (sender.is_own, sender.domain) == (True, "kaarsen.example")
    assert [(each.name, each.value) for each in sender.records] == [
        ("kaarsen.example", f"v=spf1 {sends} ~all"),
        ("…._domainkey.kaarsen.example", ""),
        ("_dmarc.kaarsen.example", "v=DMARC1; p=none; rua=mailto:us@Kaarsen.example"),
    ]


@pytest.mark.django_db
def test_a_domain_with_other_letters_stands_as_dns_knows_it(shop):
    own(shop, sender_address="us@bücher.example")

    assert sender_domain(shop).domain == "xn--bcher-kva.example"


@pytest.mark.django_db
@override_settings(
    EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend",
    EMAIL_HOST="mail.host.example",
    DEFAULT_FROM_EMAIL="Back office <mail@host.example>",
)
def test_without_one_the_domain_is_the_installations(client, shop):
    sender = sender_domain(shop)
    assert (sender.is_own, sender.address, sender.records[0].value) == (
        False,
        "mail@host.example",
        "v=spf1 a:mail.host.example ~all",
    )

    client.force_login(make_staff(shop, Role.OWNER).user)
    html = client.get(reverse("messaging:settings", args=[shop.number])).content.decode()
    assert "host.example is the installation&#x27;s" in html.replace("'", "&#x27;")
    assert "v=spf1 a:mail.host.example ~all" in html


@pytest.mark.django_db
def test_where_nothing_leaves_no_record_is_needed(shop):
    assert sender_domain(shop).records == []
