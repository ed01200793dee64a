"""For load balancers: `/healthz` says the process lives, `/readyz` that it can serve."""

from django.core.cache import cache, caches
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache

from backoffice.access import public
from backoffice.cache import SteadyRedisCache


@never_cache
@public
def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@public
def readyz(request: HttpRequest) -> HttpResponse:
    """200 or 503 with one word per part: {"database": "ok", "migrations": "ok", "cache": "ok"}.

    "away" is a word for whoever watches: pages go on without Redis, and all machines would be taken out at once.
    """
    parts = {"database": _database(), "migrations": _migrations(), "cache": _cache()}
    ready = set(parts.values()) <= {"ok", "away"}
    return JsonResponse(parts, status=200 if ready else 503)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "unreachable"
    return "ok"


def _migrations() -> str:
    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return "unknown"
    return "waiting" if waiting else "ok"


def _cache() -> str:
    try:
        if isinstance(caches["default"], SteadyRedisCache) and not caches["default"].is_there():
            return "away"
        cache.set("readyz", "1", 5)
        return "ok" if cache.get("readyz") == "1" else "unreachable"
    except Exception as problem:  # noqa: BLE001  (each cache backend has errors of its own)
        return type(problem).__name__
