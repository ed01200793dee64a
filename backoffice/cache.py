"""The cache when its Redis is away: each process remembers by itself, and nobody's page fails for it."""

from collections.abc import Callable
from typing import Any

import structlog
from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = structlog.get_logger("backoffice.cache")


class SteadyRedisCache(RedisCache):
    """What lies here is counted tries and forms of people who were signed out.

    Without Redis tries are counted in each process for itself, so somebody may try as often in each of them; a form is
    offered again by the process that kept it.
    """

    def __init__(self, server: str, params: dict[str, Any]):
        super().__init__(server, params)
        self._own = LocMemCache("while-redis-is-away", {})

    def is_there(self) -> bool:
        try:
            return self._cache.get_client().ping()
        except RedisError:
            return False

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return self._ask(super().add, key, value, timeout, version)

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        return self._ask(super().get, key, default, version)

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        self._ask(super().set, key, value, timeout, version)

    def delete(self, key: str, version: int | None = None) -> bool:
        return self._ask(super().delete, key, version)

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        return self._ask(super().incr, key, delta, version)

    def _ask(self, method: Callable[..., Any], *args: Any) -> Any:
        try:
            return method(*args)
        except RedisError as problem:
            log.warning("cache away", asked=method.__name__, problem=type(problem).__name__)
            return getattr(self._own, method.__name__)(*args)
