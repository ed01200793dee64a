"""What a load balancer is told."""

import pytest
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor


def test_the_process_lives_whatever_its_database_does(client):
    # No `db` here: a query would fail this story.
    response = client.get("/healthz")

    assert [response.status_code, response.content] == [200, b"ok\n"]
    assert "no-store" in response["Cache-Control"]
    assert response.cookies == {}


@pytest.mark.django_db
def test_it_is_ready_when_every_part_is(client):
    response = client.get("/readyz")

    assert response.status_code == 200
    assert response.json() == {"database": "ok", "migrations": "ok", "cache": "ok"}


@pytest.mark.django_db
def test_it_is_not_ready_without_its_database(client, monkeypatch):
    def no_cursor():
        raise DatabaseError("server closed the connection")

    monkeypatch.setattr(connection, "cursor", no_cursor)

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["database"] == "unreachable"
    assert "server closed" not in response.content.decode()


@pytest.mark.django_db
def test_it_is_not_ready_while_a_migration_waits(client, monkeypatch):
    monkeypatch.setattr(MigrationExecutor, "migration_plan", lambda self, targets: [("orders", "9999_next")])

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json() == {"database": "ok", "migrations": "waiting", "cache": "ok"}


@pytest.mark.django_db
def test_it_is_not_ready_without_its_cache_for_sign_in_limits_live_there(client, monkeypatch):
    def refused(*args, **kwargs):
        raise ConnectionRefusedError("redis")

    monkeypatch.setattr(cache, "set", refused)

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json() == {"database": "ok", "migrations": "ok", "cache": "ConnectionRefusedError"}


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_head_request_is_answered_without_a_body(client, path):
    response = client.head(path)

    assert [response.status_code, response.content] == [200, b""]
