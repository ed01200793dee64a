"""Lists under a name: whose they are, what an address with one means, and changing them."""

import pytest
from django.http import QueryDict
from django.urls import reverse
from lxml import html
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from backoffice.roles import Role
from backoffice.tests.factories import make_staff
from orders.models import SavedView
from orders.order_list import MOST_IN_BAR, filtered_orders
from orders.services.saved_views import MOST_VIEWS
from orders.tests.factories import make_order
from orders.tests.test_columns import heads
from orders.tests.test_list_page import link_on, list_url, make_many, numbers_on

pytestmark = pytest.mark.django_db


@pytest.fixture
def colleague(shop):
    return make_staff(shop, email="elin@12345.example", name="Elin")


@pytest.fixture
def paid_and_open(shop):
    make_order(shop, number=1, payment_status="paid")
    make_order(shop, number=2, payment_status="open")


def make_view(staff, name="Paid", query="payment=paid", **values):
    position = SavedView.objects.count() + 1
    return SavedView.objects.create(
        shop=staff.shop, owner=staff.user, name=name, query=query, **{"position": position} | values
    )


def views_url(shop):
    return reverse("orders:views", args=[shop.number])


def view_url(view, act):
    return reverse(f"orders:view-{act}", args=[view.shop.number, view.pk])


def tabs(response):
    return [tab.text for tab in html.fromstring(response.content).cssselect(".views a")]


def current_tab(response):
    return [tab.text for tab in html.fromstring(response.content).cssselect('.views a[aria-current="page"]')]


def names(shop):
    return list(SavedView.objects.for_shop(shop).kept().values_list("name", flat=True))


# --- showing ---------------------------------------------------------------------------------------


@pytest.mark.usefixtures("paid_and_open")
def test_a_view_shows_its_orders_columns_and_row_height(clerk_client, clerk, shop):
    view = make_view(clerk, query="payment=paid&sort=number", columns=["number", "name"], density="compact")

    response = clerk_client.get(list_url(shop, f"view={view.pk}"))

    assert numbers_on(response) == ["00001"]
    assert heads(response) == ["Order", "Name"]
    assertContains(response, 'data-density="compact"')
    assert current_tab(response) == ["Paid"]
    assertNotContains(response, "is edited")


def test_own_and_shared_views_stand_between_the_built_in_ones(clerk_client, clerk, colleague, shop):
    make_view(clerk, "Mine")
    make_view(colleague, "Ours", is_shared=True)
    make_view(colleague, "Hers")

    assert tabs(clerk_client.get(list_url(shop)))[-4:] == ["Ours", "Mine", "Aborted at checkout", "Deleted"]


def test_more_than_a_dozen_stand_under_more(clerk_client, clerk, shop):
    views = [make_view(clerk, f"View {i}", query=f"late={i + 1}") for i in range(8)]

    page = clerk_client.get(list_url(shop, f"view={views[-1].pk}"))

    more = [link.text_content() for link in html.fromstring(page.content).cssselect(".vbar .pop a")]
    assert tabs(page)[MOST_IN_BAR - 1 :] == ["View 4", "View 7"]
    assert more[:4] == ["View 5", "View 6", "Aborted at checkout", "Deleted"]


@pytest.mark.usefixtures("paid_and_open")
def test_changing_a_filter_keeps_the_tab_and_says_edited(clerk_client, clerk, shop):
    view = make_view(clerk, query="payment=paid&currency=EUR")
    page = html.fromstring(clerk_client.get(list_url(shop, f"view={view.pk}")).content)

    without_currency = page.cssselect(".chip a.x")[1].get("href")
    response = clerk_client.get(list_url(shop) + without_currency)

    assert current_tab(response) == ["Paid"]
    assertContains(response, "“Paid” is edited.")
    assert [chip.text_content() for chip in html.fromstring(response.content).cssselect(".chip .lbl")] == [
        "Payment status Paid"
    ]
    reset = html.fromstring(response.content).cssselect(".vedit a")[0].get("href")
    assertNotContains(clerk_client.get(list_url(shop) + reset), "is edited")


@pytest.mark.usefixtures("paid_and_open")
def test_a_view_without_its_last_filter_shows_all_orders(clerk_client, clerk, shop):
    view = make_view(clerk)

    response = clerk_client.get(list_url(shop, f"view={view.pk}&exact=1"))

    assert numbers_on(response) == ["00002", "00001"]
    assertContains(response, "is edited")


def test_pages_of_a_view_go_on_in_it(clerk_client, clerk, shop, actor):
    make_many(shop, 55, by=actor, payment_status="paid")
    view = make_view(clerk)

    first = clerk_client.get(list_url(shop, f"view={view.pk}"))
    second = clerk_client.get(list_url(shop, link_on(first, "next")))

    assert len({*numbers_on(first), *numbers_on(second)}) == 55
    assert current_tab(second) == ["Paid"]
    assertNotContains(second, "is edited")


def test_the_address_of_a_view_as_it_is_kept_is_short(clerk_client, clerk, shop):
    view = make_view(clerk, columns=["number", "name"])

    part = clerk_client.get(
        list_url(shop, f"view={view.pk}&exact=1&payment=paid&columns=name"), headers={"HX-Request": "true"}
    )

    assert part["HX-Push-Url"] == list_url(shop, f"view={view.pk}")


@pytest.mark.usefixtures("paid_and_open")
def test_what_a_list_hands_on_means_the_same_to_who_knows_no_views(clerk_client, clerk, shop):
    view = make_view(clerk)
    page = html.fromstring(clerk_client.get(list_url(shop, f"view={view.pk}")).content)

    handed_on = page.cssselect('form input[name="query"]')[0].get("value")

    assert [order.number for order in filtered_orders(shop, QueryDict(handed_on))] == [1]
    # A key alone must never be taken for "all orders".
    assert list(filtered_orders(shop, QueryDict(f"view={view.pk}"))) == []


# --- what is gone ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("paid_and_open")
def test_a_column_or_filter_that_is_gone_breaks_no_view(clerk_client, clerk, shop):
    view = make_view(clerk, query="payment=paid&moon=full&status=gone", columns=["number", "horoscope", "name"])

    response = clerk_client.get(list_url(shop, f"view={view.pk}"))

    assert numbers_on(response) == ["00001"]
    assert heads(response) == ["Order", "Name"]
    assertContains(response, "asks for “moon”, “horoscope”")
    assertContains(response, "“Order status” had a value")


@pytest.mark.usefixtures("paid_and_open")
def test_a_view_that_its_owner_deleted_says_so_and_shows_the_orders(clerk_client, colleague, client, shop):
    view = make_view(colleague, "Ours", is_shared=True)
    client.force_login(colleague.user)
    client.post(view_url(view, "delete"))
    client.force_login(make_staff(shop, email="third@12345.example").user)

    response = client.get(list_url(shop, f"view={view.pk}"))

    assertContains(response, "The view “Ours” was deleted.")
    assert numbers_on(response) == ["00002", "00001"]


@pytest.mark.parametrize("act", ["save", "edit", "move", "delete", "restore"])
def test_views_of_others_and_of_other_shops_do_not_exist(clerk_client, colleague, shop, other_shop, act):
    hers = make_view(colleague, deleted_at=colleague.created_at if act == "restore" else None)
    stranger = make_staff(other_shop)
    foreign = make_view(stranger, is_shared=True)

    for view in (hers, foreign):
        assert clerk_client.post(reverse(f"orders:view-{act}", args=[shop.number, view.pk])).status_code == 404
        assert clerk_client.get(list_url(shop, f"view={view.pk}")).status_code == 404
    assert sorted(SavedView.objects.values_list("name", flat=True)) == ["Paid", "Paid"]


@pytest.mark.parametrize("key", ["0", "999", "x", "-1", "1" * 30, "%00", "²"])
def test_a_view_that_never_was_does_not_exist(clerk_client, shop, key):
    assert clerk_client.get(list_url(shop, f"view={key}")).status_code == 404


# --- keeping ---------------------------------------------------------------------------------------


@pytest.mark.usefixtures("paid_and_open")
def test_the_list_as_it_is_becomes_a_view(clerk_client, clerk, shop):
    query = "payment=paid&payment=nonsense&currency=EUR&sort=number&columns=name&density=roomy&at=xyz"

    response = clerk_client.post(views_url(shop), {"name": "Dear customers", "query": query, "is_shared": "on"})

    view = SavedView.objects.get()
    assertRedirects(response, list_url(shop, f"view={view.pk}"))
    assert (view.owner, view.shop, view.is_shared) == (clerk.user, shop, True)
    # What made no sense is not kept.
    assert (view.query, view.columns, view.density) == ("currency=EUR&sort=number", ["number", "name"], "roomy")


def test_usual_columns_are_not_kept_so_that_everybody_sees_their_own(clerk_client, shop):
    clerk_client.post(views_url(shop), {"name": "Paid", "query": "payment=paid"})

    assert SavedView.objects.get().columns == []


def test_a_view_needs_a_name(clerk_client, shop):
    response = clerk_client.post(views_url(shop), {"name": " ", "query": "payment=paid"})

    assert response.status_code == 422
    assertContains(response, "This field is required", status_code=422)
    assertContains(response, 'value="payment=paid"', status_code=422)
    assert not SavedView.objects.exists()


def test_nobody_keeps_more_views_than_fit(clerk_client, clerk, shop):
    SavedView.objects.bulk_create(
        SavedView(shop=shop, owner=clerk.user, name=f"View {i}", position=i) for i in range(MOST_VIEWS)
    )

    response = clerk_client.post(views_url(shop), {"name": "One more"}, follow=True)

    assertContains(response, f"You keep {MOST_VIEWS} views already")
    assert SavedView.objects.count() == MOST_VIEWS


@pytest.mark.usefixtures("paid_and_open")
def test_an_edited_view_is_saved_as_it_is_now(clerk_client, clerk, shop):
    view = make_view(clerk)

    clerk_client.post(view_url(view, "save"), {"query": f"view={view.pk}&exact=1&payment=open"})

    view.refresh_from_db()
    assert (view.name, view.query) == ("Paid", "payment=open")
    assert numbers_on(clerk_client.get(list_url(shop, f"view={view.pk}"))) == ["00002"]


def test_a_view_is_renamed_and_shared(clerk_client, clerk, shop):
    view = make_view(clerk)

    clerk_client.post(view_url(view, "edit"), {"name": "All paid", "is_shared": "on"})

    view.refresh_from_db()
    assert (view.name, view.is_shared) == ("All paid", True)


def test_a_name_that_is_none_is_refused_beside_its_field(clerk_client, clerk, shop):
    view = make_view(clerk)

    response = clerk_client.post(view_url(view, "edit"), {"name": "x" * 61})

    assert response.status_code == 422
    view.refresh_from_db()
    assert view.name == "Paid"


@pytest.mark.parametrize(("role", "expected"), [(Role.ORDERS, 403), (Role.MANAGER, 302)])
@pytest.mark.parametrize("act", ["save", "edit", "move", "delete"])
def test_shared_views_are_changed_by_their_owner_and_who_manages_settings(client, colleague, shop, role, expected, act):
    view = make_view(colleague, "Ours", is_shared=True)
    client.force_login(make_staff(shop, role, email="other@12345.example").user)

    response = client.post(view_url(view, act), {"name": "Theirs", "query": "payment=open", "step": "1"})

    assert response.status_code == expected
    view.refresh_from_db()
    if expected == 403:
        assert (view.name, view.query, view.deleted_at) == ("Ours", "payment=paid", None)


@pytest.mark.usefixtures("paid_and_open")
def test_somebody_who_may_not_save_a_shared_view_may_save_it_as_new(clerk_client, colleague, shop):
    view = make_view(colleague, "Ours", is_shared=True)

    page = html.fromstring(clerk_client.get(list_url(shop, f"view={view.pk}&exact=1&payment=open")).content)

    assert page.cssselect(".vedit form") == []
    assert "Save as new" in page.cssselect(".vbar")[0].text_content()


def test_views_move_up_and_down_without_script(clerk_client, clerk, shop):
    views = [make_view(clerk, name) for name in "ABC"]

    clerk_client.post(view_url(views[2], "move"), {"step": "-1"})
    assert names(shop) == ["A", "C", "B"]

    clerk_client.post(view_url(views[0], "move"), {"step": "1"})
    clerk_client.post(view_url(views[1], "move"), {"step": "1"})
    clerk_client.post(view_url(views[1], "move"), {"step": "7"})
    assert names(shop) == ["C", "A", "B"]


def test_views_are_dragged_into_order_and_foreign_keys_do_not_matter(clerk_client, clerk, colleague, shop):
    a, b, c = (make_view(clerk, name) for name in "ABC")
    hers = make_view(colleague, "Hers", position=1)

    clerk_client.post(reverse("orders:views-arrange", args=[shop.number]), {"row": [c.pk, hers.pk, a.pk, b.pk]})

    assert list(SavedView.objects.filter(owner=clerk.user).values_list("name", flat=True)) == ["C", "A", "B"]
    hers.refresh_from_db()
    assert hers.position == 1


def test_a_deleted_view_comes_back_by_undo(clerk_client, clerk, shop):
    view = make_view(clerk)

    page = clerk_client.post(view_url(view, "delete"), follow=True)
    assert tabs(clerk_client.get(list_url(shop))).count("Paid") == 0
    undo = html.fromstring(page.content).cssselect("form:has([data-undo])")[0].get("action")
    clerk_client.post(undo)

    assert tabs(clerk_client.get(list_url(shop))).count("Paid") == 1


def test_the_page_of_views_offers_changes_where_they_are_allowed(clerk_client, clerk, colleague, shop):
    make_view(colleague, "Ours", is_shared=True)
    make_view(clerk, "Mine")

    page = html.fromstring(clerk_client.get(views_url(shop)).content)

    rows = {row.cssselect(".nm")[0].text: len(row.cssselect("button")) for row in page.cssselect(".shelf li")}
    assert rows == {"Ours": 0, "Mine": 4}
