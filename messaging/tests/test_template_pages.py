"""The shop's mail texts: listed, changed with a preview, tried out, brought back."""

import pytest
from django.urls import reverse

from backoffice.roles import Role
from backoffice.tests.factories import make_staff
from messaging.builtin import builtin_text
from messaging.models import MailTemplate, MailTemplateTranslation, OutboxMail
from messaging.services.templates import SavedMeanwhile, TextRefused, back_to_builtin, restore, save_text
from messaging.texts import text_of
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner_client(client, shop):
    client.force_login(make_staff(shop, Role.OWNER).user)
    return client


def url(shop, name, *args):
    return reverse(f"messaging:{name}", args=[shop.number, *args])


def page(response):
    return response.content.decode()


def save(client, shop, key="shipped", language="en", **values):
    typed = {"subject": "On its way", "html": "<p>{{ order.number }}</p>", "note": "", "seen": "0"} | values
    return client.post(f"{url(shop, 'template', key)}?language={language}", typed)


def sent_text(shop, purpose, language):
    template = MailTemplate.objects.for_shop(shop).get(purpose=purpose)
    return text_of(template, language, shop_language="en")


def test_the_list_shows_built_in_and_own_texts(owner_client, shop, actor):
    save_text(MailTemplate(shop=shop, name="Birthday"), "en", subject="Hi", html="<p>Hi</p>", seen=0, by=actor)

    shown = page(owner_client.get(url(shop, "templates")))

    assert "Payment reminder 3" in shown
    assert "Birthday" in shown
    assert shown.count("built in") == 17


def test_a_saved_text_is_what_is_sent_and_the_other_languages_stay(owner_client, shop):
    response = save(owner_client, shop, subject="It left!")

    assert response.status_code == 302
    assert sent_text(shop, "shipped", "en").subject == "It left!"
    assert sent_text(shop, "shipped", "nl").subject == builtin_text("shipped", "nl").subject


def test_an_unknown_field_is_refused_with_its_line_and_what_was_meant(owner_client, shop):
    response = save(owner_client, shop, html="<p>Hello</p>\n<p>{{ order.nmber }}</p>")

    shown = page(response)
    assert response.status_code == 422
    assert "Line 2" in shown
    assert "order.number" in shown
    assert "{{ order.nmber }}" in shown
    assert not MailTemplate.objects.exists()


@pytest.mark.parametrize(
    "values",
    [
        {"subject": "Two\r\nBcc: x@example.org"},
        {"subject": "x" * 251},
        {"subject": "nul\x00"},
        {"html": "{% if %}"},
        {"html": "{% for i in (1..99999999) %}{% endfor %}"},
        {"html": "<p>\x00</p>"},
        {"seen": "99999999999999999999"},
        {"seen": ""},
    ],
)
def test_a_text_that_no_mail_can_have_is_refused_and_kept_on_the_page(owner_client, shop, values):
    response = save(owner_client, shop, **values)

    assert response.status_code == 422
    assert "On its way" in page(response) or "subject" in values
    assert not MailTemplateTranslation.objects.exists()


def test_two_who_edit_one_text_do_not_lose_each_others_work(owner_client, shop, actor):
    template = MailTemplate(shop=shop, name="Shipped", purpose="shipped")
    save_text(template, "en", subject="Hers", html="<p>Hers</p>", seen=0, by=actor)

    response = save(owner_client, shop, subject="Mine", seen="0")

    assert response.status_code == 422
    assert "Marit Bakker saved this text meanwhile" in page(response)
    assert 'value="Mine"' in page(response)
    assert sent_text(shop, "shipped", "en").subject == "Hers"
    with pytest.raises(SavedMeanwhile):
        save_text(template, "en", subject="Mine", html="<p>Mine</p>", seen=0, by=actor)


def test_an_older_version_comes_back_as_the_newest(owner_client, shop, actor):
    template = MailTemplate(shop=shop, name="Shipped", purpose="shipped")
    first = save_text(template, "en", subject="First", html="<p>1</p>", seen=0, by=actor)
    save_text(template, "en", subject="Second", html="<p>2</p>", seen=1, by=actor)
    assert "Second" in page(owner_client.get(url(shop, "template-versions", "shipped", "en")))

    owner_client.post(url(shop, "restore-text", "shipped", "en", first.number))

    assert sent_text(shop, "shipped", "en").subject == "First"
    assert list(template.versions.filter(language="en").values_list("number", flat=True)) == [3, 2, 1]


def test_a_version_that_would_not_render_any_more_is_not_restored(shop, actor):
    template = MailTemplate(shop=shop, name="Shipped", purpose="shipped")
    version = save_text(template, "en", subject="First", html="<p>1</p>", seen=0, by=actor)
    version.html = "{{ order.gone }}"
    version.save()

    with pytest.raises(TextRefused):
        restore(version, by=actor)


def test_the_built_in_text_is_sent_again_and_the_versions_stay(owner_client, shop, actor):
    template = MailTemplate(shop=shop, name="Shipped", purpose="shipped")
    save_text(template, "en", subject="Ours", html="<p>1</p>", seen=0, by=actor)

    owner_client.post(url(shop, "builtin-template", "shipped"))

    assert sent_text(shop, "shipped", "en").subject == builtin_text("shipped", "en").subject
    assert template.versions.filter(language="en").count() == 1
    back_to_builtin(template, by=actor)


def test_a_shipping_mail_without_tracking_is_warned_about(owner_client, shop):
    save(owner_client, shop, html="<p>It left.</p>")

    shown = page(owner_client.get(url(shop, "template", "shipped") + "?language=en"))

    assert "names no tracking code" in shown
    assert "names no tracking code" not in page(owner_client.get(url(shop, "template", "paid")))


@pytest.mark.parametrize(
    ("look", "shows"),
    [("desktop", "@media not all"), ("dark", "@media all"), ("text", "<pre>"), ("nonsense\x00", "@media not all")],
)
def test_the_preview_shows_what_is_typed_on_a_real_order(owner_client, shop, look, shows):
    order = make_order(shop, customer_name="Björn <b>Borg</b>")
    typed = {"subject": "x", "html": "<p>For {{ order.customer.name }}</p>", "look": look, "order": str(order.number)}

    response = owner_client.post(url(shop, "preview-template", "shipped", "en"), typed)

    assert shows in page(response)
    assert "Björn &lt;b&gt;Borg" in page(response)


def test_the_preview_can_do_nothing_and_only_our_own_pages_may_frame_it(owner_client, shop):
    typed = {"subject": "x", "html": "<script>alert(1)</script><p onclick='x()'>Hi</p><iframe src='/'></iframe>"}

    response = owner_client.post(url(shop, "preview-template", "shipped", "en"), typed)

    policy = response["Content-Security-Policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "frame-ancestors 'self'" in policy
    assert "X-Frame-Options" not in response
    assert "alert(1)" not in page(response)
    assert "onclick" not in page(response)
    assert "<iframe" not in page(response)


def test_the_preview_says_what_is_wrong_instead_of_failing(owner_client, shop):
    response = owner_client.post(url(shop, "preview-template", "shipped", "en"), {"html": "{{ order.nmber }} {% x %}"})

    assert response.status_code == 200
    assert "cannot be shown yet" in page(response)


def test_an_empty_shop_previews_with_samples(owner_client, shop):
    shown = page(owner_client.get(url(shop, "preview-template", "confirmation", "nl")))

    assert "Mug, blue" in shown


def test_a_test_goes_to_the_person_who_asks_and_saves_nothing(owner_client, shop, clerk):
    order = make_order(shop)
    typed = {"subject": "Try {{ order.number }}", "html": "<p>Hi</p>", "seen": "0", "order": str(order.number)}

    response = owner_client.post(url(shop, "test-template", "shipped", "en"), typed)

    mail = OutboxMail.objects.get()
    assert response.status_code == 200
    assert mail.recipient == "owner@12345.example"
    assert (mail.order, mail.origin, mail.state) == (None, "test", "queued")
    assert not MailTemplate.objects.exists()


def test_a_test_mail_reads_the_order_it_was_made_of(owner_client, shop):
    from messaging.services.writing import write_waiting

    order = make_order(shop)
    typed = {"subject": "Try {{ order.number }}", "html": "<p>Hi</p>", "seen": "0", "order": str(order.number)}
    owner_client.post(url(shop, "test-template", "shipped", "en"), typed)

    write_waiting()

    assert OutboxMail.objects.get().subject == f"Try {order.display_number}"


def test_a_new_template_begins_with_a_copy(owner_client, shop):
    owner_client.post(url(shop, "create-template"), {"name": "Our shipped", "begin_with": "shipped"})

    template = MailTemplate.objects.get()
    assert (template.name, template.purpose) == ("Our shipped", "")
    assert text_of(template, "sv", shop_language="en").subject == builtin_text("shipped", "sv").subject


def test_a_deleted_template_is_gone_from_the_list(owner_client, shop, actor):
    template = save_text(
        MailTemplate(shop=shop, name="Birthday"), "en", subject="Hi", html="<p>Hi</p>", seen=0, by=actor
    ).template

    owner_client.post(url(shop, "delete-template", str(template.pk)))

    assert ">Birthday</a>" not in page(owner_client.get(url(shop, "templates")))
    assert owner_client.get(url(shop, "template", str(template.pk))).status_code == 404


@pytest.mark.parametrize("key", ["nonsense", "99999999999999999999", "0", "-1"])
def test_a_template_that_does_not_exist_is_not_found(owner_client, shop, key):
    assert owner_client.get(f"/s/{shop.number}/messages/templates/{key}/").status_code == 404


def test_another_shops_template_does_not_exist_here(owner_client, shop, other_shop, actor):
    foreign = save_text(
        MailTemplate(shop=other_shop, name="Theirs"), "en", subject="Hi", html="<p>Hi</p>", seen=0, by=actor
    ).template

    assert owner_client.get(url(shop, "template", str(foreign.pk))).status_code == 404


@pytest.mark.parametrize("number_of_templates", [1, 4])
def test_the_list_costs_the_same_for_one_template_as_for_four(
    owner_client, shop, actor, number_of_templates, django_assert_max_num_queries
):
    for number in range(number_of_templates):
        template = MailTemplate(shop=shop, name=f"Own {number}")
        save_text(template, "en", subject="Hi", html="<p>Hi</p>", seen=0, by=actor)

    with django_assert_max_num_queries(14):
        owner_client.get(url(shop, "templates"))
