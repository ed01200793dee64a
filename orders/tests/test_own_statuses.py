"""Removing a status that orders have: they move in one act, or in a job, and come back."""

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from backoffice.models import Job
from backoffice.roles import Role
from backoffice.tests.factories import make_staff
from orders.models import OrderLine, OrderLogEntry, StatusCount
from orders.services import (
    delete_orders,
    set_fulfilment_status,
    set_internal_status,
    set_line_status,
    set_payment_status,
    set_status_of_many,
)
from orders.services.own_statuses import OrdersCarryStatuses
from orders.tabs import todo_count
from orders.tests.factories import make_order
from statuses.catalogue import catalogue_of
from statuses.models import ShopStatus
from statuses.tests.factories import make_own_status

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(client, shop):
    client.force_login(make_staff(shop, Role.OWNER).user)
    return client


@pytest.fixture
def wrapping(shop):
    return make_own_status(shop, "fulfilment", "wrapping", stands_for="in_progress", name="Gift wrapping")


def url(shop, name, status):
    return reverse(f"statuses:{name}", args=[shop.number, status.kind, status.code])


def remove(client, shop, status, target=""):
    return client.post(url(shop, "remove", status), {"target": target})


def said(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


def undo_url(response):
    (message,) = get_messages(response.wsgi_request)
    return message.extra_tags.removeprefix("undo:")


def counts(shop, kind="fulfilment"):
    rows = StatusCount.objects.for_shop(shop).filter(kind=kind).exclude(number_of_orders=0)
    return dict(rows.values_list("code", "number_of_orders"))


def test_a_status_no_order_has_is_removed_without_a_question(client, shop, wrapping):
    assert "No order has this status." in client.get(url(shop, "remove", wrapping)).content.decode()

    response = remove(client, shop, wrapping)

    assert said(response) == ["Status “Gift wrapping” is removed."]
    wrapping.refresh_from_db()
    assert wrapping.retired_at is not None


def test_its_orders_go_where_they_are_sent_those_in_deleted_too(client, shop, wrapping, actor):
    order, deleted, other = make_order(shop), make_order(shop), make_order(shop, fulfilment_status="new")
    for each in (order, deleted):
        set_fulfilment_status(each, "wrapping", by=actor)
    delete_orders([deleted.pk], shop=shop, by=actor)
    other_version = other.version

    response = remove(client, shop, wrapping, "ready")

    assert said(response) == ["Status “Gift wrapping” is removed. 2 orders got “Ready”."]
    for each in (order, deleted, other):
        each.refresh_from_db()
    assert [(each.fulfilment_status, each.fulfilment_own_status_id) for each in (order, deleted)] == [
        ("ready", None)
    ] * 2
    assert (other.fulfilment_status, other.version) == ("new", other_version)
    acts = OrderLogEntry.objects.filter(action="fulfilment.changed", order__in=[order, deleted]).order_by("-id")[:2]
    assert len({entry.act for entry in acts}) == 1
    assert counts(shop) == {"deleted": 1, "new": 1, "ready": 1}


def test_undo_brings_the_status_and_its_orders_back(client, shop, wrapping, actor):
    order = make_order(shop)
    set_fulfilment_status(order, "wrapping", by=actor)
    response = remove(client, shop, wrapping, "in_progress")

    again = client.post(undo_url(response))

    assert "Status “Gift wrapping” is back. 1 order has it again." in said(again)
    order.refresh_from_db()
    wrapping.refresh_from_db()
    assert (order.fulfilment_own_status, wrapping.retired_at) == (wrapping, None)
    assert counts(shop) == {f"own:{wrapping.pk}": 1}


def test_undo_leaves_what_somebody_changed_since(client, shop, wrapping, actor):
    order = make_order(shop)
    set_fulfilment_status(order, "wrapping", by=actor)
    response = remove(client, shop, wrapping, "in_progress")
    set_fulfilment_status(order, "shipped", by=actor)

    again = client.post(undo_url(response))

    assert "Status “Gift wrapping” is back." in said(again)
    order.refresh_from_db()
    assert order.fulfilment_status == "shipped"


def test_a_used_status_is_not_removed_without_an_answer(client, shop, wrapping, actor):
    order = make_order(shop)
    set_fulfilment_status(order, "wrapping", by=actor)

    for answer in ("", "nonsense", "wrapping", "aborted", "returned"):
        response = remove(client, shop, wrapping, answer)
        assert response.context["form"].errors["target"]

    wrapping.refresh_from_db()
    order.refresh_from_db()
    assert (wrapping.retired_at, order.fulfilment_own_status) == (None, wrapping)


def test_payment_internal_and_line_statuses_move_too(client, shop, actor):
    partly = make_own_status(shop, "payment", "deposit", stands_for="partly_paid")
    call, ask = make_own_status(shop, "internal", "call"), make_own_status(shop, "internal", "ask")
    engraving = make_own_status(shop, "line", "engraving", stands_for="open")
    order = make_order(shop, lines=3)
    set_payment_status(order, "deposit", by=actor)
    set_internal_status(order, "call", by=actor)
    set_line_status(order, "engraving", by=actor, line=order.lines.first())

    remove(client, shop, partly, "partly_paid")
    remove(client, shop, engraving, "backordered")
    remove(client, shop, call, "ask")
    order.refresh_from_db()
    assert order.internal_status == ask
    remove(client, shop, ask, "")

    order.refresh_from_db()
    assert (order.payment_status, order.payment_own_status, order.internal_status) == ("partly_paid", None, None)
    assert list(order.lines.values_list("status", "own_status", "is_backordered")) == [
        ("backordered", None, True),
        ("ready", None, False),
        ("ready", None, False),
    ]
    assert order.number_of_lines_backordered == 1
    assert not OrderLine.objects.exclude(own_status=None).exists()


def test_usage_is_told_per_kind(shop, wrapping, actor):
    call = make_own_status(shop, "internal", "call")
    engraving = make_own_status(shop, "line", "engraving", stands_for="open")
    order, deleted = make_order(shop, lines=3), make_order(shop)
    set_fulfilment_status(order, "wrapping", by=actor)
    set_line_status(order, "engraving", by=actor)
    for each in (order, deleted):
        set_internal_status(each, "call", by=actor)
    delete_orders([deleted.pk], shop=shop, by=actor)

    told = {key: number for key, number in OrdersCarryStatuses().counts(shop).items() if number}

    assert told == {
        ("fulfilment", f"own:{wrapping.pk}"): 1,
        ("fulfilment", "deleted"): 1,
        ("payment", "open"): 1,
        ("internal", f"own:{call.pk}"): 1,
        ("line", f"own:{engraving.pk}"): 1,
    }
    assert OrdersCarryStatuses().number_with(call) == 2
    assert OrdersCarryStatuses().number_with(engraving) == 1


def test_what_a_used_status_stands_for_stays_and_the_page_says_why(client, shop, wrapping, actor):
    order = make_order(shop)
    set_fulfilment_status(order, "wrapping", by=actor)
    values = {"name_en": "Gift wrapping", "stands_for": "ready", "colour": "pink", "shape": "half", "row_look": "none"}

    response = client.post(url(shop, "edit", wrapping), values | {"version": 1})

    (error,) = response.context["form"].errors["stands_for"]
    assert error.startswith("1 order has this status and is counted, reported and pulled as what it stands for.")
    wrapping.refresh_from_db()
    assert wrapping.stands_for == "in_progress"


def test_a_new_name_is_no_change_of_the_orders(client, shop, wrapping, actor):
    order = make_order(shop)
    set_fulfilment_status(order, "wrapping", by=actor)
    order.refresh_from_db()
    values = {"name_en": "Ribbons", "stands_for": "in_progress", "colour": "red", "shape": "half", "row_look": "row"}

    client.post(url(shop, "edit", wrapping), values | {"version": 1})

    before = (order.version, order.change_mark, order.changed_at)
    order.refresh_from_db()
    assert (order.version, order.change_mark, order.changed_at) == before
    page = client.get(reverse("orders:list", args=[shop.number])).content.decode()
    assert '<tr class="c-red tint">' in page
    assert '<span class="pill half c-red">Ribbons</span>' in page
    detail = client.get(reverse("orders:detail", args=[shop.number, order.display_number])).content.decode()
    assert "Ribbons" in detail


def test_a_removed_status_cannot_be_chosen_but_the_past_still_names_it(client, shop, wrapping, actor):
    order = make_order(shop)
    set_fulfilment_status(order, "wrapping", by=actor)
    remove(client, shop, wrapping, "ready")

    page = client.get(reverse("orders:detail", args=[shop.number, order.display_number])).content.decode()

    assert "Gift wrapping" in page
    assert 'value="wrapping"' not in page
    assert "fulfilment:wrapping" not in client.get(reverse("orders:list", args=[shop.number])).content.decode()


@pytest.fixture
def many(shop, wrapping, actor):
    """51 orders that carry the status: one too many for a request."""
    orders = [make_order(shop) for _ in range(51)]
    set_status_of_many([order.pk for order in orders], "fulfilment", "wrapping", shop=shop, by=actor)
    return orders


def test_more_than_fifty_orders_move_in_a_job(client, shop, wrapping, many, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        response = remove(client, shop, wrapping, "ready")

    job = Job.objects.get()
    assert response["Location"] == reverse("job", args=[shop.number, job.pk])
    assert (job.state, job.number_done, job.number_failed) == ("done", 51, 0)
    assert counts(shop) == {"ready": 51}
    acts = OrderLogEntry.objects.filter(act=job.act)
    assert acts.count() == 51
    page = client.get(response["Location"]).content.decode()
    assert "Move the orders of removed status “Gift wrapping”" in page


def test_a_job_whose_target_is_gone_says_so_and_the_status_can_be_removed_again(
    client, shop, wrapping, many, django_capture_on_commit_callbacks
):
    packing = make_own_status(shop, "fulfilment", "packing", stands_for="in_progress")
    with django_capture_on_commit_callbacks() as bells:
        remove(client, shop, wrapping, "packing")
    remove(client, shop, packing)

    for bell in bells:
        bell()

    job = Job.objects.get()
    assert (job.number_done, job.number_failed) == (0, 51)
    page = client.get(reverse("statuses:list", args=[shop.number])).content.decode()
    assert "51 orders still have it" in page

    with django_capture_on_commit_callbacks(execute=True):
        remove(client, shop, wrapping, "in_progress")

    assert counts(shop) == {"in_progress": 51}


def test_an_own_status_counts_as_to_do_by_its_own_word(shop, actor):
    make_own_status(shop, "fulfilment", "waiting-for-supplier", stands_for="in_progress", is_todo=False)
    order = make_order(shop)
    assert todo_count(shop) == 1
    set_fulfilment_status(order, "waiting-for-supplier", by=actor)

    assert todo_count(shop) == 0


def test_nothing_of_a_removed_status_is_left_to_choose_from(shop, wrapping):
    ShopStatus.objects.filter(pk=wrapping.pk).update(retired_at="2026-03-21T12:00Z")

    assert "wrapping" not in dict(catalogue_of(shop).choices("fulfilment"))
    assert catalogue_of(shop).look("fulfilment", "in_progress", wrapping.pk).label == "Gift wrapping"
