"""Renaming a status: a job lets the orders that show its name count as changed."""

import pytest
from django.contrib.messages import get_messages
from django.db import transaction
from django.test import TestCase
from django.urls import reverse

from backoffice import jobs
from backoffice.models import Job
from backoffice.roles import Role
from backoffice.tests.factories import make_shop, make_staff
from orders.models import LogAction, Order
from orders.services import changing, delete_orders, set_fulfilment_status, set_line_status, status_names, undo
from orders.tests.factories import make_order
from statuses.services import change_status
from statuses.tests.factories import make_own_status

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(client, shop):
    client.force_login(make_staff(shop, Role.OWNER).user)
    return client


@pytest.fixture
def wrapping(shop):
    return make_own_status(shop, "fulfilment", "wrapping", stands_for="in_progress", name="Gift wrapping")


def edit_url(shop, kind="fulfilment", code="wrapping"):
    return reverse("statuses:edit", args=[shop.number, kind, code])


def save(client, shop, **values):
    """Rename or recolour it, and let the worker hear of it."""
    usual = {"stands_for": "in_progress", "colour": "blue", "shape": "half", "row_look": "none", "version": 1}
    with TestCase.captureOnCommitCallbacks(execute=True):
        return client.post(edit_url(shop), usual | {"name_en": "Gift wrapping"} | values)


def said(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


def versions(shop):
    return list(Order.objects.for_shop(shop).order_by("number").values_list("version", flat=True))


def make_wrapped(shop, actor):
    order = make_order(shop)
    set_fulfilment_status(order, "wrapping", by=actor)
    return order


def test_the_orders_that_show_a_new_name_count_as_changed_and_their_logs_say_why(client, shop, wrapping, actor):
    wrapped, other, deleted = make_wrapped(shop, actor), make_order(shop), make_wrapped(shop, actor)
    delete_orders([deleted.pk], shop=shop, by=actor)
    before = versions(shop)

    response = save(client, shop, name_en="Wrapping")

    assert said(response) == ["Status “Wrapping” is saved. The 1 order that shows it will count as changed."]
    assert [now - then for now, then in zip(versions(shop), before, strict=True)] == [1, 0, 0]
    entry = wrapped.log.first()
    assert (entry.action, entry.changes) == (
        "status.renamed", {"name": {"old": "Gift wrapping", "new": "Wrapping"}}
    )  # fmt: skip
    assert not other.log.filter(action="status.renamed").exists()


@pytest.mark.parametrize("values", [{"colour": "teal"}, {"customer_name_nl": "Ingepakt"}, {"name_sv": "Inslagning"}])
def test_what_no_order_shows_changes_none(client, shop, wrapping, actor, values):
    make_wrapped(shop, actor)
    before = versions(shop)

    response = save(client, shop, **values)

    assert said(response) == ["Status “Gift wrapping” is saved."]
    assert versions(shop) == before


def test_a_name_in_the_language_of_a_target_shop_counts(client, shop, wrapping, actor):
    make_shop("12399", base_shop=shop, language="sv")
    make_wrapped(shop, actor)
    before = versions(shop)

    save(client, shop, name_sv="Inslagning")

    assert versions(shop) == [before[0] + 1]


def test_the_orders_of_another_shop_stay_as_they_are(shop, other_shop, actor):
    foreign = make_order(other_shop, fulfilment_status="ready")
    mine = make_order(shop, fulfilment_status="ready")

    with TestCase.captureOnCommitCallbacks(execute=True):
        saved = change_status(shop, "fulfilment", "ready", {f"name_{shop.language}": "To be packed"}, seen=0, by=actor)

    assert saved.told.number == 1
    assert versions(other_shop) == [foreign.version]
    assert versions(shop) == [mine.version + 1]


def test_an_order_that_got_another_status_meanwhile_is_not_told(client, shop, wrapping, actor):
    orders = [make_wrapped(shop, actor) for _ in range(3)]
    before = versions(shop)

    with TestCase.captureOnCommitCallbacks() as bells:
        change_status(shop, "fulfilment", "wrapping", {"name_en": "Wrapping"}, seen=1, by=actor)
    set_fulfilment_status(orders[0], "ready", by=actor)  # before a worker hears of it
    for bell in bells:
        bell()

    job = Job.objects.get()
    assert (job.state, job.number_of_items, job.number_done) == ("done", 2, 2)
    assert [now - then for now, then in zip(versions(shop), before, strict=True)] == [1, 1, 1]
    assert [order.log.first().action for order in orders] == ["fulfilment.changed", "status.renamed", "status.renamed"]
    page = client.get(reverse("job", args=[shop.number, job.pk])).content.decode()
    assert "Tell of the new name “Wrapping” of status “Gift wrapping”" in page


def test_a_job_that_is_begun_again_tells_no_order_twice(shop, wrapping, actor, monkeypatch):
    monkeypatch.setattr(status_names, "AT_ONCE", 1)
    orders = [make_wrapped(shop, actor) for _ in range(3)]
    with TestCase.captureOnCommitCallbacks():
        job = change_status(shop, "fulfilment", "wrapping", {"name_en": "Wrapping"}, seen=1, by=actor).told.job
    with changing(shop, by=actor, act=job.act) as change:
        change.record(change.lock(orders[0].pk), LogAction.STATUS_RENAMED)  # as far as a worker came before it died
    before = versions(shop)

    jobs.run(job.pk)

    assert [now - then for now, then in zip(versions(shop), before, strict=True)] == [0, 1, 1]
    job.refresh_from_db()
    assert (job.state, job.number_done) == ("done", 3)


def test_a_rename_that_is_rolled_back_tells_nobody(shop, wrapping, actor):
    make_wrapped(shop, actor)

    with transaction.atomic():
        saved = change_status(shop, "fulfilment", "wrapping", {"name_en": "X"}, seen=1, by=actor)
        transaction.set_rollback(True)

    assert saved.told.number == 1
    assert not Job.objects.exists()


def test_the_editor_says_how_many_orders_a_new_name_changes(client, shop, wrapping, actor):
    make_wrapped(shop, actor)
    order = make_wrapped(shop, actor)
    set_line_status(order, "returned", by=actor)

    def hint(kind, code):
        return client.get(edit_url(shop, kind, code)).context["of_new_names"]

    assert hint("fulfilment", "wrapping").startswith("With a new name the 2 orders that show it count as changed")
    # The built-in one stands beside the shop's own.
    assert hint("fulfilment", "in_progress").startswith("With a new name the 2 orders")
    assert hint("line", "returned").startswith("With a new name all orders")
    assert hint("fulfilment", "completed") == ""


def test_what_was_done_before_a_new_name_can_be_taken_back(client, shop, wrapping, actor):
    order = make_order(shop)
    act = set_fulfilment_status(order, "wrapping", by=actor).act
    save(client, shop, name_en="Wrapping")

    undo(act, shop=shop, by=actor)

    order.refresh_from_db()
    assert order.fulfilment_own_status_id is None
