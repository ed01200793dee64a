"""Locks 1 and 2 of access: every view says whom it lets in, and a system check finds those that do not.

Lock 1 is `SignInMiddleware`: a page asks for a sign-in unless it is `@public`.
Lock 2 is here: `@requires(Permission.…)` for pages of a shop, `@signed_in` for pages of the person, `@public` for
the world.
Lock 3 is `.for_shop(request.shop)` in every query.
"""

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from backoffice.roles import PERMISSION_LABELS, Permission, roles_with

View = Callable[..., HttpResponse]


class PermissionMissing(PermissionDenied):
    """The signed-in person lacks `permission` in this shop; the 403 page says which and who can give it."""

    def __init__(self, permission: Permission):
        self.permission = permission
        self.label = PERMISSION_LABELS[permission]
        self.roles = roles_with(permission)
        super().__init__(str(permission))


def requires(permission: Permission) -> Callable[[View], View]:
    """Let in only staff of the URL's shop that hold `permission`."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
            if not request.staff.may(permission):
                raise PermissionMissing(permission)
            return view(request, *args, **kwargs)

        guarded.access = permission
        return guarded

    return decorate


def signed_in(view: View) -> View:
    """A page of the person, not of a shop: any signed-in user sees their own."""
    view.access = "signed_in"
    return view


def public(view: View) -> View:
    """A page for the world, or one that proves identity by itself (sign-in, order pull, health)."""
    view = login_not_required(view)
    view.access = "public"
    return view


def only_looks_ahead(view: View) -> View:
    """A page that a script asks while somebody still types: nobody is sent away to sign in for it."""
    view.only_looks_ahead = True
    return view
