"""Language and theme belong to the person; before sign-in a cookie remembers the language."""

import pytest
from django.urls import reverse

LOGIN = "/accounts/login/"


def language_of(response) -> str:
    return response.content.decode().split('<html lang="')[1][:2]


def test_a_person_keeps_a_language_on_every_device(client, clerk_client, clerk):
    response = clerk_client.post(reverse("set-language"), {"language": "nl", "next": "/help/"})

    assert response["Location"] == "/help/"
    clerk.user.refresh_from_db()
    assert clerk.user.language == "nl"
    client.cookies.clear()
    client.force_login(clerk.user)
    assert language_of(client.get("/help/", headers={"accept-language": "sv"})) == "nl"


@pytest.mark.django_db
def test_before_sign_in_a_cookie_remembers_the_language(client):
    response = client.post(reverse("set-language"), {"language": "sv", "next": f"{LOGIN}?next=/help/"})

    assert response["Location"] == f"{LOGIN}?next=/help/"
    assert language_of(client.get(LOGIN)) == "sv"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("asked", "spoken"), [("nl-BE,en;q=0.5", "nl"), ("sv", "sv"), ("fr,de", "en"), ("", "en"), ("x" * 600, "en")]
)
def test_a_stranger_is_spoken_to_as_the_browser_asks(client, asked, spoken):
    response = client.get(LOGIN, headers={"accept-language": asked})

    assert [language_of(response), response["Content-Language"]] == [spoken, spoken]


@pytest.mark.django_db
@pytest.mark.parametrize("kept", ["xx", "../../etc", "", "nl\u00e9"])
def test_a_cookie_that_is_no_language_of_ours_is_as_good_as_none(client, kept):
    client.cookies["django_language"] = kept

    assert language_of(client.get(LOGIN, headers={"accept-language": "sv"})) == "sv"


@pytest.mark.parametrize("theme", ["light", "dark", "system"])
def test_a_person_keeps_a_theme(clerk_client, clerk, theme):
    clerk.user.theme = "light" if theme == "dark" else "dark"
    clerk.user.save()

    response = clerk_client.post(reverse("set-theme"), {"theme": theme, "next": "/help/?q=a"})

    assert response["Location"] == "/help/?q=a"
    clerk.user.refresh_from_db()
    assert clerk.user.theme == theme
    page = clerk_client.get("/help/").content.decode()
    assert (f'data-theme="{theme}"' in page) is (theme != "system")
    assert ("data-theme=" in page) is (theme != "system")


@pytest.mark.parametrize("value", ["", "xx", "NL", 'nl"><script>', "nl\x00"])
def test_a_value_that_does_not_exist_changes_nothing(clerk_client, clerk, value):
    language = clerk_client.post(reverse("set-language"), {"language": value, "next": "/help/"})
    theme = clerk_client.post(reverse("set-theme"), {"theme": value, "next": "/help/"})

    assert [language["Location"], theme["Location"]] == ["/help/", "/help/"]
    assert language.cookies == {}
    clerk.user.refresh_from_db()
    assert [clerk.user.language, clerk.user.theme] == ["en", "system"]


def test_reading_an_address_changes_neither(clerk_client):
    answers = [
        clerk_client.get(reverse(name), {"language": "nl", "theme": "dark"}) for name in ("set-language", "set-theme")
    ]

    assert [answer.status_code for answer in answers] == [405, 405]


def test_the_settings_page_saves_what_is_chosen_and_answers_in_the_new_language(clerk_client, clerk):
    chosen = {"name": "Marit B.", "language": "sv", "theme": "dark", "density": "roomy"}

    response = clerk_client.post(reverse("profile"), chosen, follow=True)

    clerk.user.refresh_from_db()
    assert {name: getattr(clerk.user, name) for name in chosen} == chosen
    assert [clerk.user.shortcuts_enabled, clerk.user.keep_selection] == [False, False]
    assert language_of(response) == "sv"


@pytest.mark.parametrize(
    "wrong",
    [{"name": ""}, {"name": "x" * 121}, {"theme": "blue"}, {"language": "xx"}, {"density": ""}, {"name": "a\x00b"}],
)
def test_settings_that_cannot_be_are_named_and_nothing_is_saved(clerk_client, clerk, wrong):
    typed = {"name": "Typed name", "language": "sv", "theme": "dark", "density": "roomy"} | wrong

    response = clerk_client.post(reverse("profile"), typed)

    assert response.status_code == 422
    [field] = wrong
    assert list(response.context["form"].errors) == [field]
    assert "1 field needs attention" in response.content.decode()
    clerk.user.refresh_from_db()
    assert clerk.user.name == "Marit Bakker"


def test_nobody_makes_themselves_more_than_they_are(clerk_client, clerk):
    more = {"email": "owner@12345.example", "is_superuser": "on", "role": "owner", "is_staff": "on"}

    clerk_client.post(reverse("profile"), {"name": "M", "language": "en", "theme": "dark", "density": "normal"} | more)

    clerk.user.refresh_from_db()
    clerk.refresh_from_db()
    assert [clerk.user.name, clerk.user.email, clerk.user.is_superuser] == ["M", "clerk@12345.example", False]
    assert clerk.role == "orders"
