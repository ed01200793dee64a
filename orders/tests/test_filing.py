"""Folders and tags: filing orders, the pages that keep them, and the way back."""

import pytest
from django.urls import reverse
from lxml import html
from pytest_django.asserts import assertContains

from backoffice.tests.factories import make_staff
from orders import bulk
from orders.models import Folder, LogAction, Order, OrderTag, Tag
from orders.services import (
    NothingToUndo,
    OrderNotFound,
    UnknownStatus,
    add_tag,
    delete_orders,
    move_to_folder,
    remove_tag,
    undo,
)
from orders.tests.factories import make_order
from orders.tests.test_columns import cells
from orders.tests.test_filters import found
from orders.tests.test_list_page import list_url, numbers_on

pytestmark = pytest.mark.django_db

SHELVES = [("folders", "folder", Folder), ("tags", "tag", Tag)]
each_shelf = pytest.mark.parametrize(("name", "one", "model"), SHELVES, ids=["folders", "tags"])


def shelf_url(shop, name):
    return reverse(f"orders:{name}", args=[shop.number])


def act_url(row, one, act):
    return reverse(f"orders:{one}-{act}", args=[row.shop.number, row.pk])


def tags_on(order):
    return sorted(order.tags.values_list("name", flat=True))


# --- filing orders ---------------------------------------------------------------------------------


def test_moving_to_a_folder_is_logged_and_moves_the_mark(shop, actor):
    folder = Folder.objects.create(shop=shop, name="Urgent")
    order = make_order(shop)

    result = move_to_folder([order.pk], folder, shop=shop, by=actor)

    assert result.changed == [order]
    mark = order.change_mark
    order.refresh_from_db()
    assert order.folder == folder
    assert order.change_mark > mark
    assert order.log.first().changes == {"folder_id": {"old": None, "new": folder.pk}}
    assert move_to_folder([order.pk], folder, shop=shop, by=actor).unchanged == [order]


def test_a_move_is_undone(shop, actor):
    folder = Folder.objects.create(shop=shop, name="Urgent")
    order = make_order(shop)
    act = move_to_folder([order.pk], folder, shop=shop, by=actor).act

    undo(act, shop=shop, by=actor)

    order.refresh_from_db()
    assert order.folder is None


def test_foreign_folders_tags_and_orders_are_refused(shop, other_shop, actor):
    order, foreign = make_order(shop), make_order(other_shop)
    folder, tag = Folder.objects.create(shop=other_shop, name="A"), Tag.objects.create(shop=other_shop, name="A")

    with pytest.raises(ValueError, match="another shop"):
        move_to_folder([order.pk], folder, shop=shop, by=actor)
    with pytest.raises(ValueError, match="another shop"):
        add_tag([order.pk], tag, shop=shop, by=actor)
    with pytest.raises(OrderNotFound):
        move_to_folder([order.pk, foreign.pk], None, shop=shop, by=actor)
    assert not OrderTag.objects.exists()


def test_tags_come_and_go_and_the_log_names_them_all(shop, actor):
    fragile, gift = Tag.objects.create(shop=shop, name="Fragile"), Tag.objects.create(shop=shop, name="Gift")
    order = make_order(shop)

    add_tag([order.pk], gift, shop=shop, by=actor)
    add_tag([order.pk], fragile, shop=shop, by=actor)
    assert add_tag([order.pk], gift, shop=shop, by=actor).unchanged == [order]
    remove_tag([order.pk], gift, shop=shop, by=actor)

    assert tags_on(order) == ["Fragile"]
    entries = order.log.filter(action=LogAction.TAGS_CHANGED).order_by("id")
    assert [(entry.changes["tags"]["old"], entry.changes["tags"]["new"]) for entry in entries] == [
        ("", "Gift"),
        ("Gift", "Fragile, Gift"),
        ("Fragile, Gift", "Fragile"),
    ]


def test_tags_of_several_orders_change_at_once_and_those_in_deleted_are_refused(shop, actor):
    tag = Tag.objects.create(shop=shop, name="Gift")
    marked, plain, deleted = (make_order(shop) for _ in range(3))
    add_tag([marked.pk], tag, shop=shop, by=actor)
    delete_orders([deleted.pk], shop=shop, by=actor)

    result = add_tag([marked.pk, plain.pk, deleted.pk], tag, shop=shop, by=actor)

    assert (result.changed, result.unchanged) == ([plain], [marked])
    assert [order for order, _reason in result.refused] == [deleted]
    assert (tags_on(plain), tags_on(deleted)) == (["Gift"], [])


@pytest.mark.parametrize("off", [False, True])
def test_a_tag_is_undone(shop, actor, off):
    kept, tag = Tag.objects.create(shop=shop, name="Kept"), Tag.objects.create(shop=shop, name="Gift")
    order = make_order(shop)
    add_tag([order.pk], kept, shop=shop, by=actor)
    act = add_tag([order.pk], tag, shop=shop, by=actor).act
    if off:
        act = remove_tag([order.pk], tag, shop=shop, by=actor).act

    undo(act, shop=shop, by=actor)

    assert tags_on(order) == (["Gift", "Kept"] if off else ["Kept"])
    assert order.log.first().undoes == act


def test_a_tag_that_was_followed_by_another_is_not_undone(shop, actor):
    one, two = Tag.objects.create(shop=shop, name="One"), Tag.objects.create(shop=shop, name="Two")
    order = make_order(shop)
    act = add_tag([order.pk], one, shop=shop, by=actor).act
    add_tag([order.pk], two, shop=shop, by=actor)

    result = undo(act, shop=shop, by=actor)

    assert isinstance(result.refused[0][1], NothingToUndo)
    assert tags_on(order) == ["One", "Two"]


def test_tags_are_a_column_and_a_filter(clerk_client, shop, actor):
    gift = Tag.objects.create(shop=shop, name="Gift", colour="pink")
    marked, _plain = make_order(shop, number=1), make_order(shop, number=2)
    add_tag([marked.pk], gift, shop=shop, by=actor)

    response = clerk_client.get(list_url(shop, f"tag={gift.pk}&columns=tags"))

    assert numbers_on(response) == ["00001"]
    assert cells(response)["Tags"] == "Gift"
    assert found(shop, f"tag={gift.pk}&tag__is=not") == [2]
    assert found(shop, "tag__is=empty") == [2]


def test_the_timeline_tells_of_tags(clerk_client, shop, actor):
    order = make_order(shop)
    add_tag([order.pk], Tag.objects.create(shop=shop, name="Gift"), shop=shop, by=actor)

    page = clerk_client.get(reverse("orders:detail", args=[shop.number, order.display_number]))

    assertContains(page, "Gift")


@pytest.mark.parametrize("off", [False, True])
def test_tags_as_a_bulk_action_do_what_was_foretold(shop, actor, off):
    tag = Tag.objects.create(shop=shop, name="Gift")
    marked, plain, deleted = (make_order(shop) for _ in range(3))
    add_tag([marked.pk], tag, shop=shop, by=actor)
    delete_orders([deleted.pk], shop=shop, by=actor)
    action = bulk.action_of(f"{'untag' if off else 'tag'}:{tag.pk}", shop)

    forecast = action.forecast(Order.objects.for_shop(shop))
    result = bulk.run(action, [marked.pk, plain.pk, deleted.pk], shop=shop, by=actor)

    assert (forecast.changed, forecast.unchanged, forecast.number_refused) == (1, 1, 1)
    assert (len(result.changed), len(result.unchanged), len(result.refused)) == (1, 1, 1)
    assert result.changed == [marked if off else plain]


@pytest.mark.parametrize("code", ["", "x", "0", "99999999999999999999999"])
def test_a_tag_that_is_not_there_is_no_bulk_action(shop, code):
    with pytest.raises(UnknownStatus):
        bulk.action_of(f"tag:{code}", shop)


# --- the pages -------------------------------------------------------------------------------------


@each_shelf
def test_the_page_says_how_many_orders_each_holds(clerk_client, shop, other_shop, actor, name, one, model):
    row = model.objects.create(shop=shop, name="Urgent")
    model.objects.create(shop=other_shop, name="Secret")
    for _ in range(2):
        order = make_order(shop)
        if model is Folder:
            move_to_folder([order.pk], row, shop=shop, by=actor)
        else:
            add_tag([order.pk], row, shop=shop, by=actor)
    make_order(shop)

    page = html.fromstring(clerk_client.get(shelf_url(shop, name)).content)

    first = page.cssselect(".shelf li")[0]
    assert first.cssselect(".nm")[0].text_content() == "Urgent"
    assert first.cssselect(".mut")[0].text == "2 orders"
    assert first.cssselect("a.nm")[0].get("href") == list_url(shop, f"{one}={row.pk}")
    assert "Secret" not in page.text_content()


@each_shelf
def test_adding_renaming_and_moving(clerk_client, shop, name, one, model):
    for text in ("A", "B", "C"):
        clerk_client.post(shelf_url(shop, name), {"name": text, "colour": "red"})
    rows = list(model.objects.for_shop(shop))

    clerk_client.post(act_url(rows[2], one, "move"), {"step": "-1"})
    clerk_client.post(act_url(rows[0], one, "edit"), {"name": "Z", "colour": "blue"})

    assert [(row.name, row.colour) for row in model.objects.for_shop(shop)] == [
        ("Z", "blue"),
        ("C", "red"),
        ("B", "red"),
    ]


@each_shelf
def test_they_are_dragged_into_order(clerk_client, shop, name, one, model):
    a, b, c = (model.objects.create(shop=shop, name=text, position=i) for i, text in enumerate("ABC"))

    clerk_client.post(reverse(f"orders:{name}-arrange", args=[shop.number]), {"row": [c.pk, a.pk, b.pk]})

    assert [row.name for row in model.objects.for_shop(shop)] == ["C", "A", "B"]


@each_shelf
@pytest.mark.parametrize("bad", ["", "urgent", "x" * 61])
def test_a_name_that_will_not_do_is_refused_beside_its_field(clerk_client, shop, name, one, model, bad):
    row = model.objects.create(shop=shop, name="Urgent")
    other = model.objects.create(shop=shop, name="Other")

    added = clerk_client.post(shelf_url(shop, name), {"name": bad, "colour": "red"})
    renamed = clerk_client.post(act_url(other, one, "edit"), {"name": bad, "colour": "red"})

    assert (added.status_code, renamed.status_code) == (422, 422)
    assert set(model.objects.values_list("name", flat=True)) == {row.name, other.name}


def test_a_tag_has_no_comma(clerk_client, shop):
    response = clerk_client.post(shelf_url(shop, "tags"), {"name": "a, b", "colour": "red"})

    assertContains(response, "no commas", status_code=422)
    assert not Tag.objects.exists()


@each_shelf
def test_deleting_leaves_orders_in_none_and_undo_brings_all_back(clerk_client, shop, actor, name, one, model):
    row = model.objects.create(shop=shop, name="Urgent")
    order = make_order(shop, number=1)
    if model is Folder:
        move_to_folder([order.pk], row, shop=shop, by=actor)
    else:
        add_tag([order.pk], row, shop=shop, by=actor)

    page = clerk_client.post(act_url(row, one, "delete"), follow=True)

    assert found(shop, f"{one}__is=empty") == [1]
    shown = cells(clerk_client.get(list_url(shop, "columns=folder,tags")))
    assert (shown["Folder"], shown["Tags"]) == ("No folder", "")
    clerk_client.post(html.fromstring(page.content).cssselect("form:has([data-undo])")[0].get("action"))
    assert found(shop, f"{one}={row.pk}") == [1]


@each_shelf
def test_one_whose_name_is_taken_by_now_does_not_come_back(clerk_client, shop, name, one, model):
    row = model.objects.create(shop=shop, name="Urgent")
    clerk_client.post(act_url(row, one, "delete"))
    clerk_client.post(shelf_url(shop, name), {"name": "Urgent", "colour": "red"})

    response = clerk_client.post(act_url(row, one, "restore"), follow=True)

    assertContains(response, "There is another “Urgent” by now")
    assert model.objects.for_shop(shop).kept().count() == 1


@each_shelf
@pytest.mark.parametrize("act", ["edit", "move", "delete", "restore"])
def test_those_of_another_shop_do_not_exist(clerk_client, shop, other_shop, name, one, model, act):
    deleted_at = other_shop.created_at if act == "restore" else None
    foreign = model.objects.create(shop=other_shop, name="Secret", deleted_at=deleted_at)

    response = clerk_client.post(reverse(f"orders:{one}-{act}", args=[shop.number, foreign.pk]), {"name": "X"})

    assert response.status_code == 404
    foreign.refresh_from_db()
    assert (foreign.name, foreign.deleted_at) == ("Secret", deleted_at)


@each_shelf
def test_who_may_only_read_adds_nothing(client, shop, name, one, model):
    client.force_login(make_staff(shop, "readonly").user)

    assert client.post(shelf_url(shop, name), {"name": "X", "colour": "red"}).status_code == 403
    assert not model.objects.exists()


def test_folders_stand_under_orders_in_the_navigation(clerk_client, shop):
    folder = Folder.objects.create(shop=shop, name="Urgent")

    page = html.fromstring(clerk_client.get(list_url(shop, f"folder={folder.pk}")).content)

    links = {link.text: link.get("aria-current") for link in page.cssselect(".nav a.sub")}
    assert links == {"Urgent": "page", "Folders and tags": None}
