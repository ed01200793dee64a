"""The pages of order pull: who may see and change what, and that keys show only when and where they may."""

import gzip

import pytest
from django.urls import reverse

from backoffice.roles import Role
from backoffice.tests.factories import PASSWORD, make_staff
from orderpull.models import PullCall, PullEvent, PullPartner, PullSettings
from orderpull.services import add_partner, rotate_key
from orderpull.tests.client import KEY, Erp, body_of, open_pull
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(client, shop):
    staff = make_staff(shop, Role.OWNER)
    client.force_login(staff.user)
    return client


def url(name, *args):
    return reverse(f"pull:{name}", args=["12345", *args])


def confirm(client):
    return client.post(reverse("account_reauthenticate"), {"password": PASSWORD})


def text_of(client, name, *args, **query):
    response = client.get(url(name, *args), query)
    assert response.status_code == 200
    return response.content.decode()


def test_turning_it_on_makes_a_key_and_says_so(owner, shop):
    assert "A key is made when order pull is turned on" in text_of(owner, "settings")

    response = owner.post(url("save"), {"is_on": "on", "allowed_addresses": "192.0.2.0/24, 2001:db8::1"}, follow=True)

    settings = PullSettings.objects.get()
    assert "Saved. Order pull is on." in response.content.decode()
    assert (settings.is_on, settings.allowed_addresses, len(settings.key)) == (True, "192.0.2.0/24\n2001:db8::1", 40)


def test_each_wrong_address_is_named_and_the_input_kept(owner, shop):
    open_pull(shop)

    response = owner.post(url("save"), {"is_on": "on", "allowed_addresses": "192.0.2.1\nlocalhost"})

    assert response.status_code == 422
    assert "“localhost” is not an address or network." in response.content.decode()
    assert "192.0.2.1\nlocalhost</textarea>" in response.content.decode()
    assert PullSettings.objects.get().allowed_addresses == ""


def test_ones_own_address_is_put_into_the_form_and_not_saved(owner, shop):
    open_pull(shop)

    response = owner.post(url("save"), {"is_on": "on", "allowed_addresses": "192.0.2.1", "add_address": "1"})

    assert "192.0.2.1\n127.0.0.1</textarea>" in response.content.decode()
    assert PullSettings.objects.get().allowed_addresses == ""


def test_the_key_shows_only_after_the_password_and_for_half_a_minute(owner, shop):
    open_pull(shop)

    refused = owner.post(url("key"))
    assert refused["Location"] == f"{reverse('account_reauthenticate')}?next=%2Fs%2F12345%2Forder-pull%2Fkey%2F"
    assert not PullEvent.objects.exists()

    confirm(owner)
    assert KEY not in text_of(owner, "key")
    shown = owner.post(url("key"))

    assert f">{KEY}</code>" in shown.content.decode()
    assert shown["Refresh"] == f"30; url={url('settings')}"
    assert shown["Cache-Control"] == "no-store, private"
    event = PullEvent.objects.get()
    assert (event.kind, event.actor) == ("key_shown", "Owner 12345")


def test_replacing_the_key_asks_and_shows_the_new_one(owner, shop):
    open_pull(shop)
    assert owner.post(url("rotate"), {"old_key": "now"})["Location"].startswith(reverse("account_reauthenticate"))
    assert PullSettings.objects.get().key == KEY

    confirm(owner)
    nonsense = owner.post(url("rotate"), {"old_key": "later"})
    shown = owner.post(url("rotate"), {"old_key": "day"}).content.decode()

    settings = PullSettings.objects.get()
    assert nonsense.status_code == 422
    assert settings.key != KEY
    assert settings.key in shown
    assert settings.previous_key == KEY


def test_a_partner_is_added_shown_replaced_and_removed(owner, shop):
    open_pull(shop)
    confirm(owner)

    page = owner.post(url("add-partner"), {"name": "demo_partner"}, follow=True).content.decode()
    partner = PullPartner.objects.get()
    assert "Partner demo_partner is added." in page
    assert partner.key not in page
    assert partner.key in owner.post(url("partner-key", partner.pk)).content.decode()

    replaced = owner.post(url("rotate-partner", partner.pk)).content.decode()
    assert PullPartner.objects.get().key in replaced
    assert PullPartner.objects.get().key != partner.key

    assert "Remove partner demo_partner?" in text_of(owner, "remove-partner", partner.pk)
    owner.post(url("remove-partner", partner.pk))
    assert not PullPartner.objects.exists()


@pytest.mark.parametrize("name", ["", "a b", "x" * 61, "é", "a&b"])
def test_a_partner_name_that_programs_send_differently_is_refused(owner, shop, name):
    open_pull(shop)

    response = owner.post(url("add-partner"), {"name": name})

    assert response.status_code == 422
    assert not PullPartner.objects.exists()


def test_two_partners_of_one_name_are_refused(owner, shop, actor):
    open_pull(shop)
    add_partner(shop, "demo", by=actor)

    response = owner.post(url("add-partner"), {"name": "demo"})

    assert (response.status_code, PullPartner.objects.count()) == (422, 1)


@pytest.mark.parametrize("name", ["partner-key", "rotate-partner", "remove-partner"])
def test_a_partner_of_another_shop_does_not_exist(owner, shop, other_shop, actor, name):
    open_pull(shop)
    foreign = add_partner(other_shop, "foreign", by=actor)
    confirm(owner)

    assert owner.post(url(name, foreign.pk)).status_code == 404
    assert PullPartner.objects.get().key == foreign.key


def test_staff_without_the_right_sees_the_log_but_no_key_and_no_switch(clerk_client, shop):
    open_pull(shop)
    Erp().list(pk="0" * 40)

    page = text_of(clerk_client, "settings")

    assert url("save") not in page
    assert url("key") not in page
    assert "Refused: The signature does not fit" in text_of(clerk_client, "calls")


def test_the_log_tells_the_exact_reason_and_shows_only_refused_when_asked(owner, shop):
    open_pull(shop)
    make_order(shop)
    body_of(Erp().list())
    Erp().list(pk="0" * 40)

    everything, refused = text_of(owner, "calls"), text_of(owner, "calls", only="refused")

    assert everything.count("<tr><td>") == 4
    assert refused.count("<tr><td>") == 1
    assert "pk fits none of the keys" in refused
    assert "own key" in everything
    assert "own key" not in refused  # whose it was is what nobody knows
    assert "2000-01-01 00:00:00" in everything


def test_the_log_is_paged_by_key(owner, shop):
    open_pull(shop)
    for _ in range(51):
        Erp().get("id", {"shop": "12345"})
    oldest = PullCall.objects.order_by("pk").first()

    first = text_of(owner, "calls")
    second = text_of(owner, "calls", before=PullCall.objects.order_by("-pk")[49].pk)

    assert first.count("<tr><td>") == 50
    assert second.count("<tr><td>") == 1
    assert url("call", oldest.pk) in second
    assert text_of(owner, "calls", before="x" * 50).count("<tr><td>") == 50
    assert text_of(owner, "calls", before="9" * 50).count("<tr><td>") == 50


def test_an_answer_comes_back_byte_for_byte(owner, shop):
    open_pull(shop)
    make_order(shop)
    sent = body_of(Erp().list())
    call = PullCall.objects.filter(step="list").get()

    page, answer = text_of(owner, "call", call.pk), owner.get(url("answer", call.pk))

    assert answer.content == sent == gzip.decompress(call.answer)
    assert answer["Content-Type"] == "text/xml; charset=UTF-8"
    assert call.answer_digest in page
    PullCall.objects.update(answer=None)
    assert owner.get(url("answer", call.pk)).status_code == 404
    assert "is gone by now" in text_of(owner, "call", call.pk)


@pytest.mark.parametrize("name", ["call", "answer"])
def test_a_call_of_another_shop_does_not_exist(owner, shop, other_shop, name):
    open_pull(other_shop)
    body_of(Erp("54321").list())
    foreign = PullCall.objects.filter(step="list").get()

    assert owner.get(url(name, foreign.pk)).status_code == 404
    assert owner.get(url(name, 10**30)).status_code == 404


def test_running_both_steps_shows_what_an_integrator_would_get_and_counts_as_nothing(owner, shop):
    open_pull(shop, allowed_addresses="192.0.2.1")
    make_order(shop, customer_name="Åsa <b>")

    page = owner.post(url("test"), {"since": "2020-01-01T00:00"}).content.decode()

    assert "1 order," in page
    assert "&lt;order id=&quot;12345_00001&quot;" in page
    assert "<b>Åsa" not in page
    assert "Calls from your own address 127.0.0.1 would be refused" in page
    assert not PullCall.objects.exists()


@pytest.mark.parametrize(("since", "found"), [("0001-01-01T00:00", "1 order,"), ("9999-12-31T23:59", "0 orders,")])
def test_a_test_may_ask_since_any_year(owner, shop, since, found):
    open_pull(shop)
    make_order(shop)

    assert found in owner.post(url("test"), {"since": since}).content.decode()


@pytest.mark.parametrize("since", ["", "yesterday", "2020-13-01T00:00", "0000-01-01T00:00"])
def test_a_test_since_nonsense_is_refused(owner, shop, since):
    open_pull(shop)

    assert owner.post(url("test"), {"since": since}).status_code == 422


def test_a_test_while_it_is_off_says_so(owner, shop):
    assert "Order pull is off" in owner.post(url("test"), {"since": "2020-01-01T00:00"}).content.decode()


def test_the_tester_says_what_is_wrong_and_takes_any_rubbish(owner, shop):
    open_pull(shop)

    page = owner.post(url("tester"), {"address": "https://x.example/RPC/orders/list?shop=12345"}).content.decode()
    assert "rpc_id is missing." in page
    for rubbish in ("<script>", "http://[::1", "%00", "shop=%ff", "\x00", "&" * 5000):
        assert owner.post(url("tester"), {"address": rubbish}).status_code in (200, 422)


def test_the_programs_are_filled_with_the_shops_number_and_without_key(owner, shop):
    open_pull(shop)

    page = text_of(owner, "settings")

    assert "http://testserver/RPC/id?shop=12345" in page
    assert "ORDER_PULL_KEY" in page


def test_the_format_page_describes_every_element(owner, shop):
    make_order(shop, customer_name="Åsa Öberg")

    page = text_of(owner, "format")

    for name in ("next_change_time", "unit_price_incl", "tracking_code", "line_status"):
        assert name in page
    assert "Åsa Öberg" in page


def test_t7_no_page_holds_a_key_that_was_not_asked_for(owner, shop, actor):
    open_pull(shop)
    keys = [KEY, rotate_key(shop, by=actor), add_partner(shop, "partner", by=actor).key]
    body_of(Erp(key=keys[1]).list())
    Erp(key="?").list()
    confirm(owner)

    pages = [text_of(owner, name) for name in ("settings", "key", "rotate", "calls", "test", "tester", "format")]
    pages += [text_of(owner, "call", call.pk) for call in PullCall.objects.all()]
    pages.append(owner.post(url("test"), {"since": "2020-01-01T00:00"}).content.decode())

    assert len(pages) > 10
    assert not any(key in page for key in keys for page in pages)
