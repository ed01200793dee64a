"""What `manage.py check` must refuse: a page that does not say whom it lets in."""

from collections.abc import Iterator

from django.core.checks import Error, register
from django.urls import URLPattern, URLResolver, get_resolver

# allauth guards its own pages; its access is tried in the access table like that of every other page.
FOREIGN_MODULES = ("allauth.",)


def named_patterns(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every URL pattern of the project as (namespaced name, pattern)."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            namespace = f"{prefix}{entry.namespace}:" if entry.namespace else prefix
            yield from named_patterns(entry, namespace)
        else:
            yield f"{prefix}{entry.name}", entry


@register()
def every_view_says_who_may_enter(app_configs=None, **kwargs) -> list[Error]:
    errors = []
    for name, pattern in named_patterns():
        view = pattern.callback
        if view.__module__.startswith(FOREIGN_MODULES) or hasattr(view, "access"):
            continue
        errors.append(
            Error(
                f"The page {name!r} ({view.__module__}.{view.__name__}) does not say who may enter.",
                hint="Put @requires(Permission.…), @signed_in or @public on the view.",
                id="backoffice.E001",
            )
        )
    return errors
