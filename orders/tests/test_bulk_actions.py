import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from backoffice.roles import Role
from backoffice.tests.factories import make_staff
from orders.models import OrderLogEntry
from orders.tests.factories import make_order
from statuses.models import ShopStatus

pytestmark = pytest.mark.django_db


def act(client, shop, orders, action, **data):
    numbers = [getattr(order, "display_number", order) for order in orders]
    return client.post(reverse("orders:bulk", args=[shop.number]), {"order": numbers, "action": action} | data)


def said(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


def statuses_of(*orders):
    for order in orders:
        order.refresh_from_db()
    return [order.fulfilment_status for order in orders]


def test_bulk_ship_changes_what_it_may_and_names_the_rest(clerk_client, shop):
    waiting = make_order(shop, number=101, fulfilment_status="ready")
    shipped = make_order(shop, number=102, fulfilment_status="shipped")
    cancelled = make_order(shop, number=103, fulfilment_status="cancelled")

    response = act(clerk_client, shop, [waiting, shipped, cancelled], "fulfilment:shipped")

    assert said(response) == [
        "1 order set to Shipped; 1 was so already; "
        "1 refused: 00103 (An order that is Cancelled cannot become Shipped)."
    ]
    assert statuses_of(waiting, shipped, cancelled) == ["shipped", "shipped", "cancelled"]


def test_orders_of_another_shop_are_treated_as_not_there(clerk_client, shop, other_shop):
    own, foreign = make_order(shop, number=101), make_order(other_shop, number=202)

    response = act(clerk_client, shop, [own, foreign], "fulfilment:shipped")

    assert said(response) == ["1 order set to Shipped; 1 is not in this shop."]
    assert statuses_of(own, foreign) == ["shipped", "ready"]
    assert foreign.version == 1


def test_one_action_is_one_act_and_can_be_undone_at_once(clerk_client, shop):
    orders = [make_order(shop, fulfilment_status="ready") for _ in range(3)]

    response = act(clerk_client, shop, orders, "fulfilment:shipped")

    acts = set(OrderLogEntry.objects.filter(action="fulfilment.changed").values_list("act", flat=True))
    assert len(acts) == 1
    (message,) = get_messages(response.wsgi_request)
    undo_url = message.extra_tags.removeprefix("undo:")
    clerk_client.post(undo_url)
    assert statuses_of(*orders) == ["ready"] * 3


def test_the_list_comes_back_as_it_was(clerk_client, shop):
    order = make_order(shop)

    response = act(clerk_client, shop, [order], "fulfilment:shipped", query="status=ready&sort=number")

    assert response["Location"] == reverse("orders:list", args=[shop.number]) + "?status=ready&sort=number"


@pytest.mark.parametrize("query", ["\r\nSet-Cookie: a=b", "//evil.example", "x" * 9000])
def test_the_way_back_stays_in_the_list(clerk_client, shop, query):
    response = act(clerk_client, shop, [make_order(shop)], "fulfilment:shipped", query=query)

    assert response["Location"].startswith(reverse("orders:list", args=[shop.number]) + "?")
    assert "\n" not in response["Location"]


def test_an_own_status_and_an_internal_one(clerk_client, shop):
    ShopStatus.objects.create(shop=shop, kind="fulfilment", code="gift", name_en="Gift wrap", stands_for="in_progress")
    call = ShopStatus.objects.create(shop=shop, kind="internal", code="call", name_en="Call customer")
    order = make_order(shop)

    own = act(clerk_client, shop, [order], "fulfilment:gift")
    internal = act(clerk_client, shop, [order], "internal:call")

    assert said(own)[0] == "1 order set to Gift wrap."
    assert said(internal)[-1] == "1 order set to Call customer."
    assert statuses_of(order) == ["in_progress"]
    assert order.internal_status == call

    act(clerk_client, shop, [order], "internal:")
    order.refresh_from_db()
    assert order.internal_status is None


def test_delete_and_restore(clerk_client, shop):
    order = make_order(shop)

    act(clerk_client, shop, [order], "delete:")
    order.refresh_from_db()
    assert order.deleted_at is not None

    act(clerk_client, shop, [order], "restore:")
    order.refresh_from_db()
    assert order.deleted_at is None


@pytest.mark.parametrize("action", ["", "fulfilment:", "fulfilment:nonsense", "nonsense:shipped", "shipped", "line:ready"])
def test_an_unknown_action_changes_nothing(clerk_client, shop, action):
    order = make_order(shop)

    response = act(clerk_client, shop, [order], action)

    assert said(response) == ["There is no such status."]
    order.refresh_from_db()
    assert order.version == 1


def test_aborted_is_never_set_by_hand(clerk_client, shop):
    order = make_order(shop, number=101)

    response = act(clerk_client, shop, [order], "fulfilment:aborted")

    assert said(response) == ["1 refused: 00101 (An order that is Ready cannot become Aborted at checkout)."]
    assert statuses_of(order) == ["ready"]


@pytest.mark.parametrize("orders", [[], ["nonsense"], ["-1"], ["1e9"], ["\x00"], ["9" * 40]])
def test_a_selection_of_nothing_says_so(clerk_client, shop, orders):
    assert said(act(clerk_client, shop, orders, "fulfilment:shipped")) == ["No order is selected."]


def test_too_many_are_refused_whole(clerk_client, shop):
    order = make_order(shop, number=1)

    response = act(clerk_client, shop, [str(number) for number in range(1, 6001)], "fulfilment:shipped")

    assert said(response) == ["At most 500 orders at a time; nothing was changed."]
    assert statuses_of(order) == ["ready"]


@pytest.mark.parametrize(
    ("role", "action"),
    [
        (Role.READ_ONLY, "fulfilment:shipped"),
        (Role.FINANCE, "fulfilment:shipped"),
        (Role.WAREHOUSE, "payment:paid"),
        (Role.FINANCE, "delete:"),
    ],
)
def test_an_action_asks_for_its_own_right(client, shop, role, action):
    order = make_order(shop)
    client.force_login(make_staff(shop, role).user)

    response = act(client, shop, [order], action)

    assert response.status_code == 403
    order.refresh_from_db()
    assert order.version == 1


@pytest.mark.parametrize("number_of_orders", [1, 30])
def test_a_bulk_change_costs_the_same_for_one_order_as_for_thirty(
    clerk_client, shop, number_of_orders, django_assert_max_num_queries
):
    orders = [make_order(shop) for _ in range(number_of_orders)]

    with django_assert_max_num_queries(20):
        act(clerk_client, shop, orders, "fulfilment:shipped")
