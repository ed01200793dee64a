import itertools
from collections import Counter

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from lxml import html
from pytest_django.asserts import assertContains

from backoffice import jobs
from backoffice.models import Job
from backoffice.roles import Role
from backoffice.tests.factories import make_staff
from orders import bulk
from orders.models import Folder, Order, OrderLine, OrderLogEntry
from orders.services import changing, delete_orders, undo
from orders.tests.factories import make_order
from statuses.kinds import FulfilmentStatus, PaymentStatus
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


def go_ahead(client, response, **data):
    """Send the page that says what would happen."""
    return client.post(response["Location"], data)


def test_what_some_cannot_do_is_said_before_anything_happens(clerk_client, shop):
    waiting = make_order(shop, number=101, fulfilment_status="ready")
    shipped = make_order(shop, number=102, fulfilment_status="shipped")
    cancelled = make_order(shop, number=103, fulfilment_status="cancelled")

    asked = act(clerk_client, shop, [waiting, shipped, cancelled], "fulfilment:shipped")
    page = clerk_client.get(asked["Location"])

    assertContains(page, "1 order will change.")
    assertContains(page, "1 is so already.")
    assertContains(page, "1 order cannot")
    assertContains(page, "An order that is Cancelled cannot become Shipped.")
    assert statuses_of(waiting, shipped, cancelled) == ["ready", "shipped", "cancelled"]


def test_bulk_ship_changes_what_it_may_and_names_the_rest(clerk_client, shop):
    waiting = make_order(shop, number=101, fulfilment_status="ready")
    shipped = make_order(shop, number=102, fulfilment_status="shipped")
    cancelled = make_order(shop, number=103, fulfilment_status="cancelled")

    response = go_ahead(clerk_client, act(clerk_client, shop, [waiting, shipped, cancelled], "fulfilment:shipped"))

    assert said(response) == [
        "1 order set to Shipped; 1 was so already; 1 refused: 00103 (An order that is Cancelled cannot become Shipped)."
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


@pytest.mark.parametrize(
    "action",
    ["", "fulfilment:", "fulfilment:nonsense", "nonsense:shipped", "shipped", "line:", "folder:x", "folder:999"],
)
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

    assert said(response) == [
        "At most 5000 single orders can be selected; select all that match instead. Nothing was changed."
    ]
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

    # Two of them ask how many mails go out: of more than one order that is told before.
    with django_assert_max_num_queries(23):
        act(clerk_client, shop, orders, "fulfilment:shipped")


# --- selections -------------------------------------------------------------------------------------


def tick(client, shop, shown, ticked, **data):
    return client.post(
        reverse("orders:select", args=[shop.number]), {"shown": ",".join(shown), "order": ticked, **data}
    )


def kept(client, shop):
    selection = client.session.get(f"selection:{shop.number}")
    return selection and (selection["all_count"] or selection["numbers"])


def test_ticks_survive_paging_and_can_be_taken_back(clerk_client, shop):
    tick(clerk_client, shop, ["1", "2", "3"], ["1", "3"])
    tick(clerk_client, shop, ["4", "5"], ["5"])
    assert kept(clerk_client, shop) == [1, 3, 5]

    tick(clerk_client, shop, ["1", "2", "3"], ["3"])
    assert kept(clerk_client, shop) == [3, 5]


def test_the_list_shows_what_is_selected_here_and_elsewhere(clerk_client, shop):
    make_order(shop, number=1)
    make_order(shop, number=2)
    tick(clerk_client, shop, ["1", "7"], ["1", "7"])

    page = html.fromstring(clerk_client.get(reverse("orders:list", args=[shop.number])).content)

    assert [box.get("value") for box in page.cssselect("tbody input[checked]")] == ["00001"]
    assert page.cssselect("form[data-select-url]")[0].get("data-elsewhere") == "1"


def test_a_selection_of_another_filter_is_named_and_not_mixed_in(clerk_client, shop):
    make_order(shop, number=1)
    tick(clerk_client, shop, ["1"], ["1"], filter="status=new")

    response = clerk_client.get(reverse("orders:list", args=[shop.number]))

    assertContains(response, "1 selected order belongs to another filter.")
    assert not html.fromstring(response.content).cssselect("tbody input[checked]")


def test_under_another_filter_nothing_is_done_to_what_was_ticked_before(clerk_client, shop):
    """The page shows one tick, so one order is meant."""
    before, here = make_order(shop, fulfilment_status="new"), make_order(shop, fulfilment_status="ready")
    tick(clerk_client, shop, [before.display_number], [before.display_number], filter="status=new")

    response = act(
        clerk_client, shop, [here], "fulfilment:in_progress", filter="status=ready", shown=here.display_number
    )

    assert said(response) == ["1 order set to In progress."]
    assert statuses_of(before, here) == ["new", "in_progress"]


def test_a_look_at_another_filter_leaves_the_selection_alone(clerk_client, shop):
    other = make_order(shop, fulfilment_status="ready")
    make_order(shop, fulfilment_status="new")
    tick(clerk_client, shop, [], [], filter="status=new", all="1")

    tick(clerk_client, shop, [other.display_number], [], filter="status=ready")
    response = act(clerk_client, shop, [], "delete:", filter="status=ready", shown=other.display_number)

    assert said(response) == ["No order is selected."]
    assert clerk_client.session[f"selection:{shop.number}"] == {"query": "status=new", "numbers": [], "all_count": 1}
    assert not Order.objects.exclude(deleted_at=None).exists()


def test_what_another_window_ticked_meanwhile_is_shown_before_it_changes(clerk_client, shop):
    here, there = make_order(shop, fulfilment_status="ready"), make_order(shop, fulfilment_status="ready")
    shown = here.display_number
    tick(clerk_client, shop, [there.display_number], [there.display_number])

    # This page was shown before: it says that nothing is selected elsewhere.
    asked = act(clerk_client, shop, [here], "fulfilment:in_progress", shown=shown, elsewhere="0")

    assertContains(clerk_client.get(asked["Location"]), "2 orders will change.")
    assert statuses_of(here, there) == ["ready", "ready"]
    response = act(clerk_client, shop, [here], "fulfilment:in_progress", shown=shown, elsewhere="1")
    assert said(response) == ["2 orders set to In progress."]


def test_all_matching_are_acted_on_whatever_the_page_shows(clerk_client, shop):
    ready = [make_order(shop, fulfilment_status="ready") for _ in range(3)]
    other = make_order(shop, fulfilment_status="new")
    tick(clerk_client, shop, [], [], filter="status=ready", all="1")
    assert kept(clerk_client, shop) == 3

    response = act(clerk_client, shop, [], "fulfilment:in_progress", filter="status=ready", shown="")

    assert said(response) == ["3 orders set to In progress."]
    assert statuses_of(*ready, other) == ["in_progress"] * 3 + ["new"]


def test_all_matching_tells_when_others_match_by_then(clerk_client, shop, monkeypatch):
    monkeypatch.setattr("orders.views.bulk.MOST_AT_ONCE", 1)
    make_order(shop, fulfilment_status="ready")
    make_order(shop, fulfilment_status="ready")
    tick(clerk_client, shop, [], [], filter="status=ready", all="1")
    make_order(shop, fulfilment_status="ready")

    asked = act(clerk_client, shop, [], "fulfilment:in_progress", filter="status=ready", shown="")

    assertContains(clerk_client.get(asked["Location"]), "2 orders were selected; 3 are there now.")


def test_a_filter_that_vanished_never_widens_the_selection(clerk_client, shop, monkeypatch):
    own = ShopStatus.objects.create(
        shop=shop, kind="fulfilment", code="gift", name_en="Gift wrap", stands_for="in_progress"
    )
    wrapped, other = make_order(shop), make_order(shop)
    act(clerk_client, shop, [wrapped], "fulfilment:gift")
    tick(clerk_client, shop, [], [], filter="status=gift", all="1")
    act(clerk_client, shop, [wrapped], "fulfilment:ready", filter="status=gift", shown=wrapped.display_number)
    own.delete()
    tick(clerk_client, shop, [], [], filter="status=gift", all="1")

    act(clerk_client, shop, [], "delete:", filter="status=gift", shown="")

    other.refresh_from_db()
    assert other.deleted_at is None


@pytest.mark.parametrize(("keeps", "after"), [(False, None), (True, [1])])
def test_the_selection_is_kept_after_an_action_for_those_who_want_it(clerk_client, clerk, shop, keeps, after):
    clerk.user.keep_selection = keeps
    clerk.user.save()
    make_order(shop, number=1)

    act(clerk_client, shop, ["1"], "fulfilment:shipped", shown="1")

    assert kept(clerk_client, shop) == after


def test_clearing_forgets(clerk_client, shop):
    tick(clerk_client, shop, ["1"], ["1"])

    tick(clerk_client, shop, ["1"], [], clear="1")

    assert kept(clerk_client, shop) is None


def test_a_selection_of_one_shop_is_unknown_in_another(clerk_client, clerk, shop, other_shop):
    make_staff(other_shop, Role.OWNER, email=clerk.user.email)
    make_order(other_shop, number=1)
    tick(clerk_client, shop, ["1"], ["1"])

    page = html.fromstring(clerk_client.get(reverse("orders:list", args=[other_shop.number])).content)

    assert not page.cssselect("tbody input[checked]")


def test_script_is_answered_without_a_page(clerk_client, shop):
    response = clerk_client.post(
        reverse("orders:select", args=[shop.number]),
        {"shown": "1", "order": ["1"]},
        headers={"X-Requested-With": "fetch"},
    )

    assert (response.status_code, kept(clerk_client, shop)) == (204, [1])


def test_a_plan_of_somebody_else_does_not_exist(clerk_client, client, shop):
    ready, cancelled = make_order(shop), make_order(shop, fulfilment_status="cancelled")
    asked = act(clerk_client, shop, [ready, cancelled], "fulfilment:shipped")
    colleague = Client()
    colleague.force_login(make_staff(shop, Role.OWNER).user)

    assert colleague.get(asked["Location"]).status_code == 404
    assert colleague.post(asked["Location"]).status_code == 404
    assert statuses_of(ready) == ["ready"]


# --- hold, lines, folder, printed -------------------------------------------------------------------


def test_holding_asks_why_and_releasing_goes_back(clerk_client, shop):
    order = make_order(shop, fulfilment_status="in_progress")

    asked = act(clerk_client, shop, [order], "hold:")
    assertContains(clerk_client.get(asked["Location"]), "Reason")
    go_ahead(clerk_client, asked, reason="Address is incomplete")

    assert statuses_of(order) == ["on_hold"]
    assert order.hold_reason == "Address is incomplete"

    act(clerk_client, shop, [order], "release:")
    assert statuses_of(order) == ["in_progress"]
    assert order.hold_reason == ""


def test_moving_on_from_a_hold_forgets_the_reason(clerk_client, shop, actor):
    order = make_order(shop)
    act(clerk_client, shop, [order], "hold:", reason="Why not")

    act(clerk_client, shop, [order], "fulfilment:shipped")

    order.refresh_from_db()
    assert (order.hold_reason, order.status_before_hold) == ("", "")


def test_releasing_what_is_not_on_hold_is_refused(clerk_client, shop):
    order = make_order(shop, number=101)

    assert said(act(clerk_client, shop, [order], "release:")) == ["1 refused: 00101 (This order is not on hold)."]


def test_all_lines_of_the_selected_orders(clerk_client, shop):
    first, second = make_order(shop, lines=2), make_order(shop, lines=1)
    gone = make_order(shop, number=103)
    act(clerk_client, shop, [gone], "delete:")

    response = go_ahead(clerk_client, act(clerk_client, shop, [first, second, gone], "line:shipped"))

    assert "2 orders with all lines set to Shipped" in said(response)[-1]
    assert [line.status for order in (first, second, gone) for line in order.lines.all()] == [
        "shipped",
        "shipped",
        "shipped",
        "ready",
    ]
    first.refresh_from_db()
    assert first.number_of_lines_done == 2


def test_moving_to_a_folder_of_this_shop_only(clerk_client, shop, other_shop):
    folder = Folder.objects.create(shop=shop, name="Trade fair")
    foreign = Folder.objects.create(shop=other_shop, name="Theirs")
    order = make_order(shop)

    act(clerk_client, shop, [order], f"folder:{folder.pk}")
    order.refresh_from_db()
    assert order.folder == folder

    refused = act(clerk_client, shop, [order], f"folder:{foreign.pk}")
    assert said(refused)[-1] == "There is no such status."
    act(clerk_client, shop, [order], "folder:")
    order.refresh_from_db()
    assert order.folder is None


def test_marking_as_printed_keeps_the_first_time(clerk_client, shop, time_machine):
    order = make_order(shop)
    time_machine.move_to("2026-03-22T10:00:00Z", tick=False)
    act(clerk_client, shop, [order], "printed:")
    time_machine.move_to("2026-03-23T10:00:00Z", tick=False)

    assert said(act(clerk_client, shop, [order], "printed:"))[-1] == "1 was so already."
    order.refresh_from_db()
    assert order.printed_at.isoformat() == "2026-03-22T10:00:00+00:00"


# --- many: a job ------------------------------------------------------------------------------------


@pytest.fixture
def sixty(shop, actor):
    with changing(shop, by=actor):
        return [make_order(shop, fulfilment_status="cancelled" if i == 7 else "ready") for i in range(60)]


def test_more_than_fifty_are_a_job_that_names_each_outcome(clerk_client, shop, sixty):
    tick(clerk_client, shop, [], [], all="1")
    asked = act(clerk_client, shop, [], "fulfilment:shipped", shown="")
    assertContains(clerk_client.get(asked["Location"]), "59 orders will change.")

    response = go_ahead(clerk_client, asked)
    job = Job.objects.get()
    assert response["Location"] == reverse("job", args=[shop.number, job.pk])
    jobs.run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.number_done, job.number_failed) == ("done", 59, 1)
    failed = job.items.get(state="failed")
    assert (failed.label, failed.reason) == (
        sixty[7].display_number,
        "An order that is Cancelled cannot become Shipped.",
    )
    assert statuses_of(sixty[0], sixty[7]) == ["shipped", "cancelled"]
    page = clerk_client.get(response["Location"])
    assertContains(page, "Set to Shipped: 60 orders")


def test_sending_the_go_ahead_twice_starts_one_job(clerk_client, shop, sixty):
    tick(clerk_client, shop, [], [], all="1")
    asked = act(clerk_client, shop, [], "fulfilment:shipped", shown="")

    assert go_ahead(clerk_client, asked)["Location"] == go_ahead(clerk_client, asked)["Location"]
    assert Job.objects.count() == 1


def test_a_job_is_undone_by_a_job(clerk_client, shop, sixty):
    tick(clerk_client, shop, [], [], all="1")
    go_ahead(clerk_client, act(clerk_client, shop, [], "fulfilment:shipped", shown=""))
    job = Job.objects.get()
    jobs.run(job.pk)

    clerk_client.post(reverse("orders:undo", args=[shop.number]), {"act": str(job.act)})
    back = Job.objects.exclude(pk=job.pk).get()
    jobs.run(back.pk)

    back.refresh_from_db()
    assert (back.number_done, back.number_failed) == (59, 0)
    assert set(statuses_of(*sixty)) == {"ready", "cancelled"}


def test_the_job_of_another_shop_does_not_exist(clerk_client, shop, other_shop, actor):
    job = jobs.start("orders.bulk", shop=other_shop, by=actor, arguments={"action": "delete:", "reason": ""})

    for name, method in [("job", "get"), ("job-stop", "post"), ("job-retry", "post"), ("job-file", "get")]:
        assert getattr(clerk_client, method)(reverse(name, args=[shop.number, job.pk])).status_code == 404


# --- what is predicted is what happens ----------------------------------------------------------------

ACTIONS = [
    "fulfilment:shipped",
    "fulfilment:new",
    "payment:paid",
    "payment:refunded",
    "hold:",
    "release:",
    "delete:",
    "restore:",
    "printed:",
    "line:shipped",
]


@pytest.mark.parametrize("action", ACTIONS)
def test_what_is_predicted_is_what_happens(shop, actor, action):
    states = itertools.cycle(itertools.product(FulfilmentStatus.values, PaymentStatus.values, [False, True]))
    with changing(shop, by=actor):
        orders = [
            make_order(shop, fulfilment_status=fulfilment, payment_status=payment)
            for fulfilment, payment, _deleted in itertools.islice(states, 0, 234, 3)
        ]
    delete_orders([order.pk for order in orders[::5]], shop=shop, by=actor)
    before = list(OrderLogEntry.objects.values_list("pk", flat=True))
    chosen = bulk.action_of(action, shop)

    forecast = chosen.forecast(Order.objects.for_shop(shop))
    assert list(OrderLogEntry.objects.values_list("pk", flat=True)) == before
    result = bulk.run(chosen, [order.pk for order in orders], shop=shop, by=actor)

    assert (forecast.changed, forecast.unchanged) == (len(result.changed), len(result.unchanged))
    assert forecast.refused == Counter(str(reason) for _order, reason in result.refused)


@pytest.mark.parametrize("action", ACTIONS)
def test_undo_gives_back_exactly_what_was(shop, actor, action):
    with changing(shop, by=actor):
        orders = [make_order(shop, fulfilment_status=status, lines=2) for status in FulfilmentStatus.values]
    before = picture_of(shop)
    result = bulk.run(bulk.action_of(action, shop), [order.pk for order in orders], shop=shop, by=actor)

    if result.changed:
        undo(result.act, shop=shop, by=actor)

    assert picture_of(shop) == before


def picture_of(shop):
    """Everything about the orders but their version and stamps."""
    stamps = {"version", "changed_at", "change_mark", "changed_by"}
    fields = [field.attname for field in Order._meta.concrete_fields if field.name not in stamps]
    return list(Order.objects.for_shop(shop).order_by("pk").values_list(*fields)), list(
        OrderLine.objects.order_by("pk").values_list("status", "own_status", "is_backordered")
    )
