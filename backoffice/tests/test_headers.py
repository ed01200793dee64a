"""What every answer tells the browser to refuse, keep secret and forget."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as product
from django.test import Client
from django.urls import reverse

from backoffice.tests.factories import PASSWORD
from backoffice.tests.test_settings import GOOD
from orders.tests.factories import make_order

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "frame-src": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
}
FIXED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def policy(response) -> dict[str, str]:
    return dict(part.strip().split(" ", 1) for part in response["Content-Security-Policy"].split(";") if part.strip())


@pytest.mark.parametrize("path", ["/accounts/login/", "/s/12345/orders/", "/me/", "/healthz", "/nowhere"])
def test_every_answer_carries_the_strict_policy(clerk_client, path):
    response = clerk_client.get(path)

    assert policy(response) == POLICY
    assert {name: response[name] for name in FIXED} == FIXED


def test_cookies_are_out_of_reach_of_script_and_of_other_sites(client, clerk):
    client.get("/accounts/login/")
    response = client.post("/accounts/login/", {"login": clerk.user.email, "password": PASSWORD})
    language = client.post(reverse("set-language"), {"language": "sv"})

    given = response.cookies | language.cookies
    assert sorted(given) == ["csrftoken", "django_language", "sessionid"]
    assert {(cookie["httponly"], cookie["samesite"]) for cookie in given.values()} == {(True, "Lax")}


@pytest.fixture
def pages(shop, clerk):
    number = make_order(shop).display_number
    own = ["/me/", "/help/", "/shops/?all", "/accounts/2fa/", "/accounts/sessions/", "/accounts/password/change/"]
    of_shop = ["orders/", "menu/", "orders/export.xml", f"orders/{number}/", "jobs/", "nowhere/"]
    return own + [f"/s/{shop.number}/{path}" for path in of_shop]


def test_no_cache_keeps_what_a_signed_in_person_saw(clerk_client, pages):
    kept = [path for path in pages if clerk_client.get(path)["Cache-Control"] != "no-store, private"]

    assert kept == []


def test_the_answer_to_a_form_is_kept_by_no_cache_either(client, clerk):
    response = client.post("/accounts/login/", {"login": clerk.user.email, "password": "wrong"})

    assert response["Cache-Control"] == "no-store, private"


@pytest.mark.parametrize("path", ["/RPC/id", "/RPC/orders/list", "/RPC/nonsense", "/RPC/"])
def test_order_pull_gives_machines_no_cookie_and_leads_nowhere(clerk_client, path):
    for client in (Client(), clerk_client):
        for method in (client.get, client.head, client.post):
            response = method(path, {"shop": "1"})

            assert response.status_code in (400, 403)
            assert response.cookies == {}
            assert "Cookie" not in response.get("Vary", "")
            assert [response["X-Content-Type-Options"], policy(response)] == ["nosniff", POLICY]


@pytest.mark.parametrize(
    "path", ["/.git/config", "/.env", "/admin/", "/static/../settings.py", "/media/", "/__debug__/"]
)
def test_nothing_of_the_workshop_is_served(clerk_client, path):
    assert clerk_client.get(path).status_code == 404


# --- Production, in a process of its own: its settings are read once

START = """
import json, sys
import django
from django.conf import settings
# What is asked is who answers how, not the hashed names of files.
settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
django.setup()
from django.test import Client

def tell(**answers):
    seen = {
        name.replace("_", " "): {
            "status": answer.status_code,
            "headers": dict(answer.headers),
            "cookies": [morsel.OutputString() for morsel in answer.cookies.values()],
        }
        for name, answer in answers.items()
    }
    json.dump(seen, sys.stdout)

us = Client(SERVER_NAME="backoffice.example")
behind_a_proxy = us.get("/help/", headers={"x-forwarded-proto": "https"})
"""
SIGN_IN = """
from django.core.management import call_command
call_command("migrate", verbosity=0)
call_command("createcachetable", verbosity=0)
from backoffice.models import User
User.objects.create_user("clerk@12345.example", "a-long-test-password")
typed = {"login": "clerk@12345.example", "password": "a-long-test-password"}
tell(
    behind_a_proxy=behind_a_proxy,
    plain=us.get("/s/12345/orders/?page=2"),
    health=us.get("/healthz"),
    pull=us.get("/RPC/id?shop=1"),
    other_host=us.get("/help/", SERVER_NAME="evil.example", secure=True),
    sign_in=us.post("/accounts/login/", typed, secure=True, headers={"referer": "https://backoffice.example/"}),
)
"""


def ask_production(script: str, folder: Path, **variables: str) -> dict:
    """What the answers in `script` were: {name: {"status", "headers", "cookies"}}."""
    environment = {
        "PATH": os.environ["PATH"],
        "DJANGO_ENV": "production",
        "DJANGO_SETTINGS_MODULE": "backoffice.settings",
    }
    answer = subprocess.run(
        [sys.executable, "-c", START + script],
        cwd=Path(product.BASE_DIR),
        env=environment | {"VAR_DIR": str(folder)} | GOOD | variables,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def test_production_speaks_https_alone(tmp_path):
    answers = ask_production(SIGN_IN, tmp_path)

    signed_in = answers["sign in"]
    assert signed_in["status"] == 302
    assert signed_in["headers"]["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
    cookies = {cookie.strip().split("=")[0]: cookie for cookie in signed_in["cookies"]}
    assert sorted(cookies) == ["__Host-csrf", "__Host-session"]
    for cookie in cookies.values():
        attributes = {part.strip() for part in cookie.split(";")[1:]}
        assert {"HttpOnly", "Secure", "SameSite=Lax", "Path=/"} <= attributes
        assert not any(attribute.startswith("Domain") for attribute in attributes)
    assert answers["plain"]["status"] == 301
    assert answers["plain"]["headers"]["Location"] == "https://backoffice.example/s/12345/orders/?page=2"
    # Machines that do not follow redirects are answered where they ask.
    assert answers["health"]["status"] == 200
    assert answers["pull"]["status"] in (400, 403)
    assert answers["other host"]["status"] == 400
    # Nobody said that a proxy of ours stands in front, so a caller's own word is not believed.
    assert answers["behind a proxy"]["status"] == 301


def test_behind_a_proxy_of_ours_its_word_for_https_counts(tmp_path):
    answers = ask_production("tell(behind_a_proxy=behind_a_proxy)", tmp_path, TRUSTED_PROXIES="1")

    assert answers["behind a proxy"]["status"] == 302
    assert answers["behind a proxy"]["headers"]["Location"].startswith("/accounts/login/")
