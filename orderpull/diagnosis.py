"""How a signature was made wrongly. Both for the call log, where it must be cheap, and for the tester, which tries
everything that integrators are known to do. No answer ever holds a key or a signature that would be right.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from hmac import compare_digest
from itertools import permutations
from urllib.parse import quote

from django.utils.translation import gettext as _

from orderpull.calls import SignedCall, sha1
from orderpull.reasons import Reason

HEX = set("0123456789abcdef")
SHA1_LENGTH = 40
OTHER_FORMS_OF_TIME = (
    "%Y%m%d",
    "%Y%m%d%H%M",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M:%SZ",
    "%d%m%Y%H%M%S",
    "%y%m%d%H%M%S",
)


def reason_for(call: SignedCall, keys: list[str], previous_key: str = "") -> Reason:
    """The likeliest reason why `call` fits none of `keys`; always the same small amount of work.

    The caller waits for it, and among the mistakes is the right signature in upper case: so it is compared as
    carefully as there, and its time tells nothing of how much of a guess is right.
    """
    sent = call.pk.lower()
    mistakes = _common_mistakes(call, keys, previous_key)
    found = [reason for digest, reason in mistakes if compare_digest(digest.encode(), sent.encode())]
    if found:
        return found[0]
    return Reason.PK_UNKNOWN if is_sha1(sent) else Reason.PK_FORM


def is_sha1(text: str) -> bool:
    return len(text) == SHA1_LENGTH and set(text) <= HEX


def _common_mistakes(call: SignedCall, keys: list[str], previous_key: str) -> Iterator[tuple[str, Reason]]:
    for key in keys:
        yield call.signature(key), Reason.PK_UPPER_CASE
        yield other_edition(call, key), Reason.PK_OTHER_EDITION
        for order in permutations((call.shop_number, call.subject, call.rpc_id, key)):
            yield sha1("".join(order)), Reason.PK_ORDER
    if previous_key:
        yield call.signature(previous_key), Reason.PK_OLD_KEY


def other_edition(call: SignedCall, key: str) -> str:
    """The signature by the rule of the other edition."""
    if call.partner is not None:
        return replace(call, partner=None).signature(key)
    return sha1(call.shop_number + call.subject + key + call.rpc_id)


def wider_mistakes(call: SignedCall, key: str) -> Iterator[tuple[str, str]]:
    """(signature, sentence) of what else was seen in the wild: other hashes, other forms of the parts."""
    yield from _other_hashes(call, key)
    yield from _other_keys(call, key)
    yield from _other_times(call, key)
    yield from _between_parts(call, key)
    yield from _left_out(call, key)


def _signed_text(call: SignedCall, key: str) -> str:
    if call.partner is None:
        return call.shop_number + call.subject + call.rpc_id + key
    return call.shop_number + call.subject + key + call.partner + call.module + call.rpc_id


def _other_hashes(call: SignedCall, key: str) -> Iterator[tuple[str, str]]:
    signed = _signed_text(call, key)
    data, secret = signed.encode(), key.encode()
    digest = hashlib.sha1(data, usedforsecurity=False).digest()
    for name in ("md5", "sha224", "sha256", "sha384", "sha512"):
        text = hashlib.new(name, data, usedforsecurity=False).hexdigest()
        yield text, _("pk was made with %(hash)s; the protocol uses SHA-1.") % {"hash": name.upper()}
    keyless = call.shop_number + call.subject + call.rpc_id
    yield (
        hmac.new(secret, keyless.encode(), hashlib.sha1).hexdigest(),
        _("pk is an HMAC; the protocol uses a plain SHA-1 of the parts, one behind the other."),
    )
    encoded = _("pk is a SHA-1, but encoded as Base64; it must be hexadecimal.")
    yield base64.b64encode(digest).decode(), encoded
    yield quote(base64.b64encode(digest).decode()), encoded
    yield sha1(digest.hex()), _("pk is the SHA-1 of a SHA-1; hash the parts once.")


def _other_keys(call: SignedCall, key: str) -> Iterator[tuple[str, str]]:
    for end in ("\n", "\r\n", " ", "\t", "\ufeff"):
        sentence = _("The key your program uses has a space, a line end or another invisible character too many.")
        yield call.signature(key + end), sentence
        yield call.signature(end + key), sentence
    for other in (key.upper(), key.lower(), key.title()):
        if other != key:
            yield call.signature(other), _("The key your program uses differs in upper and lower case.")
    yield call.signature(f'"{key}"'), _("The key your program uses has quotation marks around it.")
    yield call.signature(f"'{key}'"), _("The key your program uses has quotation marks around it.")


def _other_times(call: SignedCall, key: str) -> Iterator[tuple[str, str]]:
    moment = getattr(call, "wall_time", None)
    if moment is None:
        return
    written = _("change_time was signed in another form than it was sent: sign the 14 digits as you send them.")
    for form in OTHER_FORMS_OF_TIME:
        yield replace(call, subject=moment.strftime(form)).signature(key), written
    shifted = _("change_time was signed in another time zone than it was sent, or was changed after signing.")
    for minutes in [*range(-14 * 60, 14 * 60 + 1, 30)]:
        yield _at(call, key, timedelta(minutes=minutes)), shifted
    later = _("change_time was changed after signing: some seconds or minutes lie between the signed and the sent one.")
    for seconds in [*range(-120, 121), -86400, 86400]:
        yield _at(call, key, timedelta(seconds=seconds)), later


def _at(call: SignedCall, key: str, distance: timedelta) -> str:
    try:
        moment = call.wall_time + distance  # type: ignore[attr-defined]
    except OverflowError:
        return ""
    return replace(call, subject=f"{moment:%Y%m%d%H%M%S}").signature(key)


def _between_parts(call: SignedCall, key: str) -> Iterator[tuple[str, str]]:
    parts = [call.shop_number, call.subject, call.rpc_id, key]
    between = _("There is something between the parts that were hashed; put them one directly behind the other.")
    for mark in (" ", "&", "|", "-", "_", ",", ";", ":", "+", "\n", "."):
        yield sha1(mark.join(parts)), between
    names = ("shop", "change_time", "rpc_id", "key")
    yield (
        sha1("&".join(f"{name}={part}" for name, part in zip(names, parts, strict=True))),
        _("The names of the parameters were hashed along; hash the values only."),
    )


def _left_out(call: SignedCall, key: str) -> Iterator[tuple[str, str]]:
    parts = {"shop": call.shop_number, "change_time": call.subject, "rpc_id": call.rpc_id, _("the key"): key}
    for name in parts:
        rest = "".join(part for other, part in parts.items() if other != name)
        yield sha1(rest), _("pk was made without %(part)s.") % {"part": name}
