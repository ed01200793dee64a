"""Choosing a shop."""

import re

from django.urls import reverse

from backoffice.models import StaffMember
from backoffice.roles import Role
from backoffice.tests.factories import make_shop, make_staff


def shown(response) -> list[str]:
    """The numbers of the shops on the page, in the order of the page."""
    return re.findall(r'href="/s/(\d+)/orders/"', response.content.decode().split("<main")[1])


def also_works_in(member: StaffMember, number: str, **values) -> StaffMember:
    return StaffMember.objects.create(shop=make_shop(number, **values), user=member.user, role=Role.MANAGER)


def test_who_works_in_one_shop_is_led_straight_to_its_orders(clerk_client, shop):
    answers = [clerk_client.get(path) for path in (reverse("start"), reverse("shops"), f"/s/{shop.number}/")]

    assert [answer["Location"] for answer in answers] == [f"/s/{shop.number}/orders/"] * 3


def test_with_all_one_shop_is_shown_too(clerk_client, shop):
    assert shown(clerk_client.get("/shops/?all")) == [shop.number]


def test_who_works_in_several_shops_chooses_by_name(clerk_client, clerk, shop, other_shop):
    also_works_in(clerk, "20001", name="Aardvark")
    also_works_in(clerk, "20002", name="Zebra")

    response = clerk_client.get(reverse("start"))

    assert shown(response) == ["20001", shop.number, "20002"]
    page = response.content.decode()
    assert "3 shops you work in" in page
    assert "20001 · Manager" in page
    assert other_shop.name not in page


def test_the_filter_finds_a_name_or_a_number(clerk_client, clerk):
    for number in range(20001, 20008):
        also_works_in(clerk, str(number), name=f"Gifts {number % 10}")

    assert 'role="search"' in clerk_client.get("/shops/").content.decode()
    assert shown(clerk_client.get("/shops/?q=gifts+3")) == ["20003"]
    assert shown(clerk_client.get("/shops/?q=0004")) == ["20004"]
    nothing = clerk_client.get("/shops/?q=%3Cb%3E")
    assert shown(nothing) == []
    assert "No shop matches “&lt;b&gt;”." in nothing.content.decode()


def test_few_shops_need_no_filter(clerk_client, clerk):
    also_works_in(clerk, "20001")

    assert 'role="search"' not in clerk_client.get("/shops/").content.decode()


def test_target_shops_stand_with_their_base_shop(clerk_client, shop):
    make_shop("12346", name="German gifts", base_shop=shop)

    response = clerk_client.get("/shops/?all")

    assert shown(response) == [shop.number]
    assert "German gifts" in response.content.decode()


def test_a_shop_one_has_left_is_not_shown(clerk_client, clerk, shop):
    left = also_works_in(clerk, "20001", name="Left shop")
    left.is_active = False
    left.save()

    assert shown(clerk_client.get("/shops/?all")) == [shop.number]
    assert clerk_client.get("/shops/")["Location"] == f"/s/{shop.number}/orders/"


def test_who_works_nowhere_is_told_whom_to_ask(client, shop):
    member = make_staff(shop)
    member.is_active = False
    member.save()
    client.force_login(member.user)

    response = client.get("/")

    assert response.status_code == 200
    assert "You work in no shop yet" in response.content.decode()
