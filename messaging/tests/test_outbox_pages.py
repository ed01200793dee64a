"""The outbox: what staff see of mails and what they can do about them; files; addresses that get no mail."""

import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from backoffice.roles import Role
from backoffice.tests.factories import make_shop, make_staff
from messaging.models import DoNotMail, MailState, OutboxMail, ShopFile, Trigger
from messaging.reasons import Reason
from messaging.services.files import tidy_name
from messaging.tests.factories import make_mail, make_template, make_trigger
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner_client(client, shop):
    client.force_login(make_staff(shop, Role.OWNER).user)
    return client


@pytest.fixture(autouse=True)
def own_media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def url(shop, name, *args):
    return reverse(f"messaging:{name}", args=[shop.number, *args])


def page(response):
    return response.content.decode()


def state_of(mail):
    mail.refresh_from_db()
    return mail.state


# --- the outbox ----------------------------------------------------------------------------------


def test_each_tab_counts_and_shows_its_mails(owner_client, shop, other_shop):
    order = make_order(shop)
    make_mail(shop, order, subject="Waiting", state=MailState.HELD)
    make_mail(shop, order, subject="Broken", state=MailState.FAILED, reason=Reason.REFUSED, last_answer="550 no such")
    make_mail(other_shop, subject="Not ours", state=MailState.FAILED)

    shown = page(owner_client.get(url(shop, "outbox") + "?tab=failed"))

    assert "Broken" in shown
    assert "The mail server refused it for good." in shown
    assert "550 no such" in shown
    assert "Waiting" not in shown
    assert "Not ours" not in shown
    assert order.display_number in shown
    assert "Failed <b>1</b>" in shown


def test_the_plan_is_in_sight(owner_client, shop):
    assert "up to 25 orders per message" in page(owner_client.get(url(shop, "outbox")))
    shop.plan_key = "basic"
    shop.save()
    assert "up to 5 orders per message" in page(owner_client.get(url(shop, "outbox")))


def test_mails_are_found_by_address_subject_and_order(owner_client, shop):
    order = make_order(shop)
    make_mail(shop, order, subject="About glass", recipient="anna@example.org")
    make_mail(shop, subject="About wood", recipient="bo@example.org")

    for words, found in (("anna@", "About glass"), ("wood", "About wood"), (order.display_number, "About glass")):
        shown = page(owner_client.get(url(shop, "outbox"), {"q": words}))
        assert [each for each in ("About glass", "About wood") if each in shown] == [found]


@pytest.mark.parametrize("query", ["q=%00", "tab=%00", "before=99999999999999999999999", "before=x", "q=" + "x" * 5000])
def test_an_address_that_makes_no_sense_shows_what_it_can(owner_client, shop, query):
    assert owner_client.get(url(shop, "outbox") + f"?{query}").status_code == 200


@pytest.mark.parametrize("number_of_mails", [1, 60])
def test_the_outbox_costs_the_same_for_one_mail_as_for_sixty(
    owner_client, shop, number_of_mails, django_assert_max_num_queries
):
    order = make_order(shop)
    for _ in range(number_of_mails):
        make_mail(shop, order)

    with django_assert_max_num_queries(12):
        owner_client.get(url(shop, "outbox"))


def test_older_mails_are_a_page_further(owner_client, shop):
    mails = [make_mail(shop, subject=f"Mail {number:03d}") for number in range(55)]

    first = page(owner_client.get(url(shop, "outbox")))
    second = page(owner_client.get(url(shop, "outbox") + f"?before={mails[5].pk}"))

    assert "Mail 054" in first
    assert "Mail 004" not in first
    assert "Mail 004" in second


def test_a_mail_reads_as_it_was_sent_in_a_frame_that_can_do_nothing(owner_client, shop):
    mail = make_mail(shop, html="<p>As sent</p><script>x()</script>", text="As sent, plain")

    assert "As sent" in page(owner_client.get(url(shop, "mail-body", mail.pk)))
    assert "As sent, plain" in page(owner_client.get(url(shop, "mail-body", mail.pk) + "?look=text"))
    policy = owner_client.get(url(shop, "mail-body", mail.pk))["Content-Security-Policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "script-src" not in policy


def test_a_held_mail_is_cancelled_or_sent_at_once(owner_client, shop):
    first, second = make_mail(shop, state=MailState.HELD), make_mail(shop, state=MailState.HELD)

    owner_client.post(url(shop, "cancel-mail", first.pk))
    owner_client.post(url(shop, "send-mail", second.pk))

    assert state_of(first) == MailState.CANCELLED
    assert state_of(second) == MailState.QUEUED


def test_what_left_already_cannot_be_cancelled(owner_client, shop):
    mail = make_mail(shop, state=MailState.SENT)

    response = owner_client.post(url(shop, "cancel-mail", mail.pk), follow=True)

    assert "the mail is sent" in page(response)
    assert state_of(mail) == MailState.SENT


def test_a_failed_mail_goes_to_a_corrected_address(owner_client, shop):
    mail = make_mail(shop, state=MailState.FAILED, recipient="anna@example.rog")

    owner_client.post(url(shop, "retry-mail", mail.pk), {"address": "anna@example.org"})

    assert (state_of(mail), mail.recipient) == (MailState.QUEUED, "anna@example.org")


@pytest.mark.parametrize("address", ["", "x", "a@example.org, b@example.org", "a@example.org\r\nBcc: b@example.org"])
def test_a_bad_address_is_refused_where_it_is_typed(owner_client, shop, address):
    mail = make_mail(shop, state=MailState.FAILED)

    response = owner_client.post(url(shop, "retry-mail", mail.pk), {"address": address})

    assert response.status_code == 422
    assert state_of(mail) == MailState.FAILED


def test_all_failed_are_tried_again_and_those_that_came_back_stay(owner_client, shop, other_shop):
    failed, bounced = make_mail(shop, state=MailState.FAILED), make_mail(shop, state=MailState.BOUNCED)
    foreign = make_mail(other_shop, state=MailState.FAILED)

    owner_client.post(url(shop, "retry-failed"))

    states = [state_of(mail) for mail in (failed, bounced, foreign)]
    assert states == [MailState.QUEUED, MailState.BOUNCED, MailState.FAILED]


def test_the_same_mail_goes_out_once_more_however_often_the_button_is_pressed(owner_client, shop):
    mail = make_mail(shop, state=MailState.SENT, subject="Word for word")
    token = uuid.uuid4()

    for _ in range(2):
        owner_client.post(url(shop, "resend-mail", mail.pk), {"token": token})

    again = OutboxMail.objects.get(resends=mail)
    assert (again.subject, again.html) == (mail.subject, mail.html)


def test_another_shops_mail_does_not_exist_here(owner_client, shop, other_shop):
    mail = make_mail(other_shop, state=MailState.HELD)

    assert owner_client.get(url(shop, "mail", mail.pk)).status_code == 404
    assert owner_client.get(url(shop, "mail-body", mail.pk)).status_code == 404
    assert owner_client.post(url(shop, "cancel-mail", mail.pk)).status_code == 404
    assert state_of(mail) == MailState.HELD


def test_who_may_not_write_may_read(client, shop):
    client.force_login(make_staff(shop, Role.WAREHOUSE).user)
    mail = make_mail(shop, state=MailState.HELD)

    assert "Send now" not in page(client.get(url(shop, "outbox")))
    assert client.post(url(shop, "cancel-mail", mail.pk)).status_code == 403
    assert state_of(mail) == MailState.HELD


def test_mails_in_trouble_are_counted_in_the_navigation(owner_client, shop):
    assert '<span class="n hot">' not in page(owner_client.get(url(shop, "files")))
    make_mail(shop, state=MailState.FAILED)
    make_mail(shop, state=MailState.BOUNCED)

    assert '<span class="n hot">2' in page(owner_client.get(url(shop, "files")))


# --- addresses that get no mail ------------------------------------------------------------------


def test_a_marked_address_gets_nothing_and_can_be_mailed_again(owner_client, shop):
    waiting = make_mail(shop, recipient="Anna@example.org", state=MailState.HELD)

    owner_client.post(url(shop, "do-not-mail"), {"address": "anna@Example.org", "note": "asked by phone"})

    row = DoNotMail.objects.get()
    assert (row.address, row.note, row.actor) == ("anna@example.org", "asked by phone", "Owner 12345")
    assert state_of(waiting) == MailState.CANCELLED

    owner_client.post(url(shop, "remove-do-not-mail", row.pk))
    assert not DoNotMail.objects.exists()


def test_a_marked_address_gets_nothing_again_by_any_button(clerk_client, shop):
    order = make_order(shop)
    failed = make_mail(shop, order, recipient="Anna@example.org", state="failed", reason="refused")
    sent = make_mail(shop, order, recipient="anna@EXAMPLE.org", state="sent")
    other = make_mail(shop, order, recipient="bram@example.org", state="failed")
    DoNotMail.objects.create(shop=shop, address="anna@example.org")

    retried = clerk_client.post(url(shop, "retry-mail", failed.pk))
    resent = clerk_client.post(url(shop, "resend-mail", sent.pk), {"token": str(uuid.uuid4())}, follow=True)
    clerk_client.post(url(shop, "retry-failed"))

    assert (retried.status_code, "do not mail" in page(retried), "do not mail" in page(resent)) == (422, True, True)
    assert dict(OutboxMail.objects.values_list("pk", "state")) == {
        failed.pk: "failed", sent.pk: "sent", other.pk: "queued"
    }  # fmt: skip


@pytest.mark.parametrize("address", ["", "x", "a@b.example, c@d.example", "a@b.example\nBcc: x", "nul\x00@b.example"])
def test_what_is_no_address_is_not_marked(owner_client, shop, address):
    assert owner_client.post(url(shop, "do-not-mail"), {"address": address}).status_code == 422
    assert not DoNotMail.objects.exists()


def test_another_shops_mark_stays(owner_client, shop, other_shop):
    row = DoNotMail.objects.create(shop=other_shop, address="anna@example.org")

    assert owner_client.post(url(shop, "remove-do-not-mail", row.pk)).status_code == 404
    assert "anna@example.org" not in page(owner_client.get(url(shop, "do-not-mail")))


# --- files ---------------------------------------------------------------------------------------


def upload(client, shop, name="terms.pdf", content=b"%PDF-1.7 terms"):
    return client.post(url(shop, "files"), {"file": SimpleUploadedFile(name, content)})


def test_a_file_is_kept_and_comes_back_as_it_was(owner_client, shop):
    assert upload(owner_client, shop).status_code == 302

    kept = ShopFile.objects.get()
    response = owner_client.get(url(shop, "file", kept.pk))
    assert b"".join(response) == b"%PDF-1.7 terms"
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"] == 'attachment; filename="terms.pdf"'
    assert (kept.name, kept.content_type, kept.size, kept.uploaded_by) == (
        "terms.pdf", "application/pdf", 14, "Owner 12345",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("terms.pdf", b"", "empty"),
        ("terms.pdf", b"%PDF-" + b"x" * (10 * 1024 * 1024), "larger than 10 MB"),
        ("page.html", b"<script>", "of this kind"),
        ("terms", b"%PDF-", "of this kind"),
        ("picture.png", b"<html><script>", "not what its name says"),
    ],
)
def test_a_file_that_cannot_be_sent_along_is_refused(owner_client, shop, name, content, says):
    response = upload(owner_client, shop, name, content)

    assert response.status_code == 422
    assert says in page(response)
    assert not ShopFile.objects.exists()


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/terms.pdf", "terms.pdf"),
        ('a"b\r\nc.pdf', "a'bc.pdf"),
        ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
        ("C:\\papers\\terms.pdf", "terms.pdf"),
    ],
)
def test_a_name_is_tidied_before_it_reaches_a_header(name, kept):
    assert tidy_name(name) == kept


def test_a_file_goes_with_a_trigger_and_a_key_that_no_file_has_is_refused(owner_client, shop):
    upload(owner_client, shop)
    typed = {"when": "fulfilment:delivered", "mail": "delivered", "recipient": "customer"}

    refused = owner_client.post(url(shop, "create-trigger"), typed | {"files": ["99999999999999999999"]})
    owner_client.post(url(shop, "create-trigger"), typed | {"files": [ShopFile.objects.get().pk]})

    assert refused.status_code == 422
    assert [file.name for file in Trigger.objects.get().files.all()] == ["terms.pdf"]


def test_a_deleted_file_leaves_archive_and_triggers(owner_client, shop):
    upload(owner_client, shop)
    kept = ShopFile.objects.get()
    trigger = make_trigger(shop)
    trigger.files.add(kept)

    owner_client.post(url(shop, "delete-file", kept.pk))

    assert owner_client.get(url(shop, "file", kept.pk)).status_code == 404
    assert list(trigger.files.all()) == []


def test_another_shops_file_does_not_exist_here(owner_client, shop, other_shop):
    upload(owner_client, shop)
    ShopFile.objects.update(shop=other_shop)

    assert owner_client.get(url(shop, "file", ShopFile.objects.get().pk)).status_code == 404


# --- when mails are sent -------------------------------------------------------------------------


def test_a_shop_that_mails_nothing_by_itself_is_told_so(owner_client, shop):
    told = "No mail goes to customers by itself yet"
    orders = reverse("orders:list", args=[shop.number])

    assert told in page(owner_client.get(url(shop, "outbox")))
    assert told in page(owner_client.get(orders))

    owner_client.post(url(shop, "usual-triggers"))
    assert told not in page(owner_client.get(url(shop, "outbox")))
    assert told not in page(owner_client.get(orders))


def test_the_usual_mails_are_one_press_away_and_only_once(owner_client, shop):
    assert "Begin with the usual mails" in page(owner_client.get(url(shop, "triggers")))

    for _ in range(2):
        owner_client.post(url(shop, "usual-triggers"))

    rows = set(Trigger.objects.filter(is_on=True).values_list("event", "code", "template__purpose", "recipient"))
    assert ("order.placed", "", "confirmation", "customer") in rows
    assert ("fulfilment", "shipped", "shipped", "customer") in rows
    assert ("order.placed", "", "new_order", "shop") in rows
    assert Trigger.objects.count() == 13


def test_a_mail_is_tied_to_a_status_with_all_that_belongs_to_it(owner_client, shop):
    typed = {"when": "fulfilment:delivered", "mail": "delivered", "recipient": "customer", "delay_minutes": "1440"}

    response = owner_client.post(url(shop, "create-trigger"), typed | {"papers": ["invoice"], "is_on": "on"})

    assert response.status_code == 302
    trigger = Trigger.objects.get()
    assert (trigger.event, trigger.code, trigger.template.purpose) == ("fulfilment", "delivered", "delivered")
    assert (trigger.delay_minutes, trigger.papers, trigger.is_on) == (1440, ["invoice"], True)
    assert "after 1 d" in page(owner_client.get(url(shop, "triggers")))


@pytest.mark.parametrize(
    "values",
    [
        {"when": "fulfilment:nonsense"},
        {"when": "internal:own-999999"},
        {"mail": "999999"},
        {"mail": "\x00"},
        {"recipient": "address", "address": ""},
        {"recipient": "address", "address": "a@b.example, c@d.example"},
        {"recipient": "address", "address": "a@b.example\r\nBcc: x"},
        {"delay_minutes": "-1"},
        {"delay_minutes": "99999999999999999999"},
        {"papers": ["passport"]},
        {"target_shop": "99999999999999999999"},
    ],
)
def test_a_trigger_that_makes_no_sense_is_refused(owner_client, shop, values):
    make_shop("12346", base_shop=shop)
    typed = {"when": "fulfilment:delivered", "mail": "delivered", "recipient": "customer", "delay_minutes": "0"}

    response = owner_client.post(url(shop, "create-trigger"), typed | values)

    assert response.status_code == 422
    assert not Trigger.objects.exists()


def test_another_shops_template_cannot_be_tied(owner_client, shop, other_shop):
    foreign = make_template(other_shop)
    typed = {"when": "fulfilment:delivered", "mail": str(foreign.pk), "recipient": "customer"}

    assert owner_client.post(url(shop, "create-trigger"), typed).status_code == 422
    assert not Trigger.objects.exists()


def test_a_trigger_is_switched_off_and_taken_away(owner_client, shop):
    trigger = make_trigger(shop)

    owner_client.post(url(shop, "switch-trigger", trigger.pk), {"on": "0"})
    trigger.refresh_from_db()
    assert trigger.is_on is False

    owner_client.post(url(shop, "delete-trigger", trigger.pk))
    assert not Trigger.objects.exists()


def test_another_shops_trigger_does_not_exist_here(owner_client, shop, other_shop):
    trigger = make_trigger(other_shop)

    for name in ("switch-trigger", "delete-trigger", "trigger"):
        assert owner_client.post(url(shop, name, trigger.pk)).status_code == 404
    assert Trigger.objects.get().is_on
