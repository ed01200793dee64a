import pytest

from orderpull.models import PullEvent, PullSettings
from orderpull.services import (
    PartnerExists,
    TooManyPartners,
    add_partner,
    remove_partner,
    replace_partner_key,
    rotate_key,
    save_settings,
    show_key,
)
from orderpull.services.settings import MOST_PARTNERS
from orderpull.tests.client import Erp, open_pull

pytestmark = pytest.mark.django_db


def events(shop):
    return list(PullEvent.objects.for_shop(shop).order_by("id").values_list("kind", "about", "old", "new"))


def test_turning_it_on_makes_a_key_of_160_bits_the_first_time(shop, actor):
    first = save_settings(shop, {"is_on": True}, by=actor).key
    save_settings(shop, {"is_on": False}, by=actor)
    again = save_settings(shop, {"is_on": True}, by=actor).key

    assert (len(first), again) == (40, first)
    assert [kind for kind, *_ in events(shop)] == ["key_made", "turned_on", "turned_off", "turned_on"]
    stored = PullSettings.objects.get()
    assert (stored.key_made_by, stored.key_ending) == ("Marit Bakker", first[-4:])


def test_what_changed_is_noted_and_nothing_else(shop, actor):
    values = {"is_on": False, "allowed_addresses": "192.0.2.1", "include_aborted": True, "accepts_updates": True}
    save_settings(shop, values, by=actor)
    save_settings(shop, values, by=actor)

    assert events(shop) == [
        ("addresses", "", "", "192.0.2.1"),
        ("aborted", "", "0", "1"),
        ("updates", "", "0", "1"),
    ]
    assert {(event.actor, event.user_id, event.ip_address) for event in PullEvent.objects.all()} == {
        (actor.name, actor.user_id, "203.0.113.9")
    }


def test_replacing_a_key_at_once_ends_the_old_one(shop, actor):
    open_pull(shop)

    new = rotate_key(shop, by=actor, is_overlapping=False)

    assert Erp().list().status_code == 403
    assert Erp(key=new).list().status_code == 200
    assert shop.pull_calls.filter(outcome="signature_wrong").get().reason == "pk_old_key"
    assert events(shop) == [("key_replaced", "", "", "")]


def test_a_call_with_the_old_key_is_marked_while_that_is_valid(shop, actor):
    open_pull(shop)
    new = rotate_key(shop, by=actor)

    b"".join(Erp().list().streaming_content)
    b"".join(Erp(key=new).list().streaming_content)

    assert list(shop.pull_calls.filter(step="list").order_by("id").values_list("with_old_key", flat=True)) == [
        True,
        False,
    ]


def test_partners_come_and_go(shop, actor):
    partner = add_partner(shop, "demo_partner", by=actor)
    first = partner.key
    with pytest.raises(PartnerExists):
        add_partner(shop, "demo_partner", by=actor)

    second = replace_partner_key(partner, by=actor)
    assert (len(first), len(second), first != second) == (40, 40, True)
    assert show_key(shop, by=actor, partner=partner) == second
    remove_partner(partner, by=actor)

    assert [(kind, about) for kind, about, *_ in events(shop)] == [
        ("partner_added", "demo_partner"),
        ("key_replaced", "demo_partner"),
        ("key_shown", "demo_partner"),
        ("partner_removed", "demo_partner"),
    ]


def test_there_is_an_end_to_partners(shop, actor):
    for number in range(MOST_PARTNERS):
        add_partner(shop, f"p{number}", by=actor)

    with pytest.raises(TooManyPartners):
        add_partner(shop, "one-more", by=actor)


def test_t7_no_event_holds_a_key(shop, actor):
    keys = [save_settings(shop, {"is_on": True}, by=actor).key, rotate_key(shop, by=actor)]
    keys += [add_partner(shop, "p", by=actor).key, show_key(shop, by=actor)]

    told = "".join(str(vars(event)) for event in PullEvent.objects.all())

    assert not any(key in told for key in keys)
