"""What somebody sent after their sign-in had run out: kept for a quarter of an hour and offered again after sign-in.

The fields lie encrypted in the cache under a name that only the sender's session knows. They are offered to whoever
signs in with that session, if that person works in the shop the form belongs to.
"""

import json
import secrets
from dataclasses import dataclass

from cryptography.fernet import InvalidToken
from django.core.cache import cache
from django.http import Http404, HttpRequest
from django.urls import Resolver404, resolve

from backoffice.access import View
from backoffice.crypto import decrypt, encrypt
from backoffice.limits import is_too_often
from backoffice.middleware import membership_or_404
from backoffice.network import client_ip
from backoffice.roles import Permission

SECONDS = 15 * 60
LARGEST = 1_000_000
# An address that sends more within the quarter of an hour is not a person who was signed out.
MOST_PER_ADDRESS = 20
IN_SESSION = "kept_form"
NOT_KEPT = {"csrfmiddlewaretoken"}


@dataclass(frozen=True)
class KeptForm:
    """Where it was going, and its fields in the order they were sent."""

    path: str
    fields: list[tuple[str, str]]


def keep(request: HttpRequest, view: View) -> bool:
    """Keep the posted form of somebody who is not signed in; False when it is none of ours, or too large.

    A form with files is not kept: the files would be missing, and it would look as if they were there.
    """
    if not isinstance(getattr(view, "access", None), Permission) or request.FILES:
        return False
    if is_too_often("kept-form", client_ip(request) or "", limit=MOST_PER_ADDRESS, seconds=SECONDS):
        return False
    fields = [(name, value) for name, values in request.POST.lists() for value in values if name not in NOT_KEPT]
    text = json.dumps([request.get_full_path(), fields])
    if not fields or len(text) > LARGEST:
        return False
    token = secrets.token_urlsafe()
    cache.set(_place(token), encrypt(text), SECONDS)
    request.session[IN_SESSION] = token
    return True


def find(request: HttpRequest) -> KeptForm | None:
    """The form that this session kept, None when there is none (any more) or it is of a shop of others."""
    token = request.session.get(IN_SESSION)
    kept = cache.get(_place(token)) if token else None
    if kept is None:
        return None
    try:
        path, fields = json.loads(decrypt(kept))
    except InvalidToken:
        return None
    return KeptForm(path, [tuple(field) for field in fields]) if _is_at_home(request, path) else None


def forget(request: HttpRequest) -> None:
    if token := request.session.pop(IN_SESSION, None):
        cache.delete(_place(token))


def _is_at_home(request: HttpRequest, path: str) -> bool:
    try:
        membership_or_404(request.user, resolve(path.partition("?")[0]).kwargs["shop_number"])
    except (Resolver404, Http404, KeyError):
        return False
    return True


def _place(token: str) -> str:
    return f"kept-form:{token}"
