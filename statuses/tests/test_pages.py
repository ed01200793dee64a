"""Stories of the statuses' pages. What orders do with statuses is told in orders/tests."""

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import override

from backoffice.roles import Role
from backoffice.tests.factories import make_staff
from statuses.catalogue import catalogue_of
from statuses.kinds import FulfilmentStatus
from statuses.models import ShopStatus
from statuses.tests.factories import make_own_status

pytestmark = pytest.mark.django_db

OWN = {
    "name_en": "Gift wrapping",
    "name_nl": "Inpakken",
    "name_sv": "",
    "stands_for": "in_progress",
    "colour": "pink",
    "shape": "half",
    "row_look": "edge",
    "is_todo": "on",
}


@pytest.fixture
def manager(shop):
    return make_staff(shop, Role.MANAGER, name="Elin Berg")


@pytest.fixture
def client(client, manager):
    client.force_login(manager.user)
    return client


def url(shop, name, *args):
    return reverse(f"statuses:{name}", args=[shop.number, *args])


def create(client, shop, kind="fulfilment", **values):
    return client.post(url(shop, "create", kind), OWN | values)


def edit(client, shop, kind, code, version, **values):
    return client.post(url(shop, "edit", kind, code), OWN | {"version": version} | values)


def errors_of(response):
    return {field: list(errors) for field, errors in response.context["form"].errors.items()}


def labels(shop, kind):
    return [label for _code, label in catalogue_of(shop).choices(kind)]


def said(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


# --- own ones


def test_a_shop_makes_a_status_of_its_own(client, shop):
    response = create(client, shop)

    status = ShopStatus.objects.get()
    assert (response.status_code, said(response)) == (302, ["Status “Gift wrapping” is made."])
    assert (status.shop, status.kind, status.code, status.stands_for) == (
        shop,
        "fulfilment",
        "gift-wrapping",
        "in_progress",
    )
    assert (status.colour, status.shape, status.row_look, status.is_todo) == ("pink", "half", "edge", True)
    assert status.changed_by == "Elin Berg"


def test_it_stands_behind_the_word_it_stands_for(client, shop):
    create(client, shop)

    assert labels(shop, "fulfilment")[2:4] == ["In progress", "Gift wrapping"]


def test_a_language_without_a_name_shows_another_and_says_so(client, shop):
    create(client, shop)

    with override("sv"):
        assert str(ShopStatus.objects.get()) == "Gift wrapping"
    assert "sv: no name, shows “Gift wrapping”" in client.get(url(shop, "list")).content.decode()
    assert (
        "Missing: “Gift wrapping” is shown."
        in client.get(url(shop, "edit", "fulfilment", "gift-wrapping")).content.decode()
    )


@pytest.mark.parametrize(
    ("name", "code"),
    [("New", "new"), ("Åter i lager!", "ater-i-lager"), ("已发货", "status"), ("x" * 60, "x" * 40)],
)
def test_codes_are_made_from_the_name(client, shop, name, code):
    create(client, shop, kind="internal", name_en=name, name_nl="")

    assert ShopStatus.objects.get().code == code


def test_a_code_is_never_a_built_in_word_and_never_taken_twice(client, shop):
    create(client, shop, name_en="ready!", name_nl="")
    create(client, shop, kind="internal", name_en="Call", name_nl="")
    ShopStatus.objects.filter(kind="internal").update(retired_at="2026-03-21T12:00Z")
    create(client, shop, kind="internal", name_en="Call", name_nl="")

    assert list(ShopStatus.objects.values_list("code", flat=True)) == ["ready-2", "call", "call-2"]


def test_another_name_leaves_the_code(client, shop):
    status = make_own_status(shop, "fulfilment", "gift-wrapping", stands_for="in_progress")

    edit(client, shop, "fulfilment", "gift-wrapping", 1, name_en="Ribbons")

    status.refresh_from_db()
    assert (status.name_en, status.code, status.version) == ("Ribbons", "gift-wrapping", 2)


@pytest.mark.parametrize(
    ("values", "field", "error"),
    [
        ({"name_en": "", "name_nl": ""}, "name_en", "Give the status a name in at least one language."),
        ({"name_en": "<b>Gift</b>"}, "name_en", "A name is plain text, without < and > or control characters."),
        ({"name_en": "Gift\x07"}, "name_en", "A name is plain text, without < and > or control characters."),
        ({"name_nl": "\u200b\u200b"}, "name_nl", "A name needs something that can be seen."),
        ({"name_en": "x" * 61}, "name_en", "Ensure this value has at most 60 characters (it has 61)."),
        ({"name_en": "ready"}, "name_en", "There is another status with this name."),
        ({"colour": "#ff0000"}, "colour", "Select a valid choice. #ff0000 is not one of the available choices."),
        ({"shape": "star"}, "shape", "Select a valid choice. star is not one of the available choices."),
        ({"stands_for": ""}, "stands_for", "This field is required."),
        ({"stands_for": "paid"}, "stands_for", "Select a valid choice. paid is not one of the available choices."),
    ],
)
def test_what_makes_no_sense_is_said_at_its_field_and_nothing_is_lost(client, shop, values, field, error):
    response = create(client, shop, **values)

    assert response.status_code == 422
    assert errors_of(response) == {field: [error]}
    assert response.context["form"]["name_nl"].value() == (OWN | values)["name_nl"]
    assert "<b>Gift" not in response.content.decode()
    assert not ShopStatus.objects.exists()


def test_a_name_may_not_read_like_a_built_in_word_in_its_language(client, shop):
    with override("nl"):
        word = str(FulfilmentStatus.ON_HOLD.label)

    response = create(client, shop, name_nl=word.upper())

    assert errors_of(response) == {"name_nl": ["There is another status with this name."]}


def test_two_own_statuses_cannot_read_the_same(client, shop, other_shop):
    make_own_status(shop, "fulfilment", "gift", stands_for="new", name="Gift Wrapping")
    make_own_status(other_shop, "fulfilment", "gift-2", stands_for="new", name="Inpakken")

    response = create(client, shop)

    assert errors_of(response) == {"name_en": ["There is another status with this name."]}


def test_a_shop_has_sixty_of_a_kind_at_most(client, shop):
    for number in range(60):
        make_own_status(shop, "fulfilment", f"step-{number}", stands_for="new")

    response = create(client, shop)

    assert errors_of(response) == {"__all__": ["A shop has at most 60 statuses of its own of a kind."]}


def test_fields_that_mean_nothing_for_a_kind_are_not_asked(client, shop):
    fields = {
        kind: set(client.get(url(shop, "create", kind)).context["form"].fields) - {"version"}
        for kind in ("fulfilment", "payment", "line", "internal")
    }

    names = {"name_en", "name_nl", "name_sv", "colour", "shape"}
    customer = {"is_shown_to_customer", "customer_name_en", "customer_name_nl", "customer_name_sv"}
    assert fields == {
        "fulfilment": names | customer | {"stands_for", "row_look", "is_todo"},
        "payment": names | customer | {"stands_for"},
        "line": names | customer | {"stands_for"},
        "internal": names,
    }


def test_the_customer_may_read_other_words(client, shop):
    create(client, shop, is_shown_to_customer="on", customer_name_en="We are wrapping your gift")

    status = ShopStatus.objects.get()
    assert status.name_for_customer("en") == "We are wrapping your gift"
    assert "We are wrapping your gift" in client.get(url(shop, "list")).content.decode()


def test_a_status_hidden_from_customers_has_no_words_for_them(client, shop):
    create(client, shop, customer_name_en="We are wrapping your gift")

    assert ShopStatus.objects.get().name_for_customer("en") == ""


# --- built-in ones


def test_a_built_in_status_can_be_renamed_and_coloured(client, shop):
    edit(client, shop, "fulfilment", "ready", 0, name_en="Packed", name_nl="", colour="lime", stands_for="cancelled")

    status = catalogue_of(shop).look("fulfilment", "ready")
    assert (status.label, status.colour) == ("Packed", "lime")
    row = ShopStatus.objects.get()
    assert (row.is_builtin, row.stands_for) == (True, "")
    with override("nl"):
        assert row.name_in("nl") == FulfilmentStatus.READY.label


def test_it_can_go_back_to_standard(client, shop):
    edit(client, shop, "fulfilment", "ready", 0, name_en="Packed", name_nl="", colour="lime", is_todo="")

    client.post(url(shop, "back-to-standard", "fulfilment", "ready"))

    look = catalogue_of(shop).look("fulfilment", "ready")
    assert (look.label, look.colour, look.row_look, look.is_todo) == ("Ready", "green", "edge", True)
    assert "Built in, changed" not in client.get(url(shop, "list")).content.decode()


def test_going_back_without_having_left_changes_nothing(client, shop):
    client.post(url(shop, "back-to-standard", "fulfilment", "ready"))

    assert not ShopStatus.objects.exists()


def test_a_built_in_status_cannot_be_removed(client, shop):
    edit(client, shop, "fulfilment", "ready", 0, name_en="Packed", name_nl="")

    assert client.post(url(shop, "remove", "fulfilment", "ready"), {"target": "new"}).status_code == 404
    assert labels(shop, "fulfilment").count("Packed") == 1


@pytest.mark.parametrize(
    "path", ["nonsense/ready/edit/", "fulfilment/nonsense/edit/", "new/nonsense/", "internal/x/edit/"]
)
def test_what_is_not_there_is_not_found(client, shop, path):
    assert client.get(url(shop, "list") + path).status_code == 404


def test_another_shops_status_is_not_there(client, shop, other_shop):
    make_own_status(other_shop, "internal", "call")

    assert client.get(url(shop, "edit", "internal", "call")).status_code == 404
    assert client.post(url(shop, "remove", "internal", "call")).status_code == 404
    assert client.post(url(shop, "restore", "internal", "call")).status_code == 404
    assert ShopStatus.objects.get().retired_at is None


# --- two at once


def test_two_people_at_once_are_told_of_each_other(client, shop):
    make_own_status(shop, "internal", "call", name="Call")
    edit(client, shop, "internal", "call", 1, name_en="Phone", name_nl="", colour="red")

    response = edit(client, shop, "internal", "call", 1, name_en="Ring", name_nl="")

    (error,) = response.context["form"].non_field_errors()
    assert error.startswith("Elin Berg saved this status meanwhile: Phone, Red, Half: under way.")
    assert response.context["form"]["name_en"].value() == "Ring"
    assert ShopStatus.objects.get().name_en == "Phone"

    edit(client, shop, "internal", "call", response.context["form"]["version"].value(), name_en="Ring", name_nl="")

    assert ShopStatus.objects.get().name_en == "Ring"


def test_two_who_touch_a_built_in_one_for_the_first_time_are_two(client, shop):
    edit(client, shop, "payment", "paid", 0, name_en="Money is in", name_nl="")

    response = edit(client, shop, "payment", "paid", 0, name_en="Received", name_nl="")

    assert response.status_code == 422
    assert [row.name_en for row in ShopStatus.objects.all()] == ["Money is in"]


# --- order


def test_a_status_moves_up_and_down(client, shop):
    create(client, shop)
    move = url(shop, "move", "fulfilment", "gift-wrapping")

    client.post(move, {"direction": "up"})
    assert labels(shop, "fulfilment")[1:4] == ["New", "Gift wrapping", "In progress"]
    client.post(move, {"direction": "down"})
    client.post(move, {"direction": "down"})

    assert labels(shop, "fulfilment")[2:5] == ["In progress", "On hold", "Gift wrapping"]


def test_at_the_end_of_the_list_nothing_happens(client, shop):
    before = labels(shop, "payment")

    response = client.post(url(shop, "move", "payment", "open"), {"direction": "up"})

    assert (response.status_code, labels(shop, "payment")) == (302, before)


def test_dragging_saves_a_whole_list(client, shop):
    make_own_status(shop, "internal", "call")
    make_own_status(shop, "internal", "wait")
    make_own_status(shop, "internal", "ask")

    client.post(url(shop, "arrange", "internal"), {"codes": "ask nonsense call call"})

    assert labels(shop, "internal") == ["Ask", "Call", "Wait"]


def test_moving_is_no_change_of_words(client, shop):
    client.post(url(shop, "move", "payment", "paid"), {"direction": "up"})

    assert "Built in, changed" not in client.get(url(shop, "list")).content.decode()
    assert edit(client, shop, "payment", "paid", 0, name_en="Received", name_nl="").status_code == 302


# --- sample


def test_the_sample_shows_what_is_typed_and_saves_nothing(client, shop):
    response = create(client, shop, preview="1", row_look="row", colour="teal")

    assert response.status_code == 200
    page = response.content.decode()
    assert page.count('<tr class="c-teal tint">') == 2
    assert 'data-theme="light"' in page
    assert 'data-theme="dark"' in page
    assert not ShopStatus.objects.exists()


def test_a_sample_of_nonsense_is_no_error(client, shop):
    response = create(client, shop, preview="1", colour='"><script>', name_en="<i>", row_look="9")

    assert response.status_code == 200
    assert "<script>" not in response.content.decode().split("</head>")[1].replace('type="module"', "")


def test_htmx_gets_the_sample_alone(client, shop):
    response = client.post(url(shop, "create", "internal"), OWN | {"preview": "1"}, headers={"HX-Request": "true"})

    assert response.content.decode().lstrip().startswith('<section class="card" id="sample"')


# --- looking


def test_who_may_only_look_sees_no_buttons(client, shop):
    client.force_login(make_staff(shop, Role.READ_ONLY).user)
    make_own_status(shop, "internal", "call")

    page = client.get(url(shop, "list")).content.decode()

    assert "Call" in page
    assert [button for button in ("/edit/", "/move/", "Add status") if button in page] == []


def test_the_page_costs_the_same_whatever_there_is(client, shop):
    make_own_status(shop, "line", "engraving", stands_for="open")
    client.get(url(shop, "list"))
    with CaptureQueriesContext(connection) as with_one:
        client.get(url(shop, "list"))

    for number in range(12):
        make_own_status(shop, "line", f"step-{number}", stands_for="open")
    with CaptureQueriesContext(connection) as with_many:
        client.get(url(shop, "list"))

    assert len(with_one) == len(with_many) < 15
