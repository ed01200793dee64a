"""What is wrong with a call that was refused, for whoever wrote the program that makes it.

Everything wrong is named at once, part by part. Keys, and signatures that would be right, are never named.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

from django.utils.translation import gettext as _

from backoffice.models import Shop
from orderpull.calls import (
    CHANGE_TIME,
    ORDER_ID,
    PARAMETERS,
    RPC_ID,
    ListCall,
    PullRefused,
    earliest_moment,
    read_query,
)
from orderpull.diagnosis import HEX, SHA1_LENGTH, is_sha1, reason_for, wider_mistakes
from orderpull.models import RPC_ID_LIFETIME, Outcome, PullSettings, RpcId
from orderpull.reasons import Reason
from orders import display

OK, BAD, HINT = "ok", "bad", "info"
LENGTHS = {32: "MD5", 56: "SHA-224", 64: "SHA-256", 96: "SHA-384", 128: "SHA-512"}
MODULES = {"/RPC/orders/list": "orders_get", "/RPC/orders/count": "orders_count"}


@dataclass(frozen=True)
class Finding:
    """One sentence about one part of the call."""

    kind: str
    part: str
    text: str


def ok(part: str, text: str) -> Finding:
    return Finding(OK, part, text)


def hint(part: str, text: str) -> Finding:
    return Finding(HINT, part, text)


def bad(part: str, text: str, **values: object) -> Finding:
    return Finding(BAD, part, text % values if values else text)


def examine(address: str, *, shop: Shop, settings: PullSettings, at: datetime) -> list[Finding]:
    """What there is to say about a call to `address` at the moment `at`; the first step and both lists."""
    return list(_Examination(address, shop, settings, at).findings())


def _taken_apart(address: str) -> tuple[str, str]:
    """Path and query; both empty when it is no address at all."""
    try:
        parts = urlsplit(address if "://" in address or address.startswith("/") else f"//{address}")
    except ValueError:
        return "", ""
    return parts.path, parts.query


class _Examination:
    def __init__(self, address: str, shop: Shop, settings: PullSettings, at: datetime):
        self.path, self.query = _taken_apart(address)
        self.shop = shop
        self.settings = settings
        self.at = at
        pairs = parse_qsl(self.query, keep_blank_values=True, errors="replace")
        self.sent = dict(pairs)
        self.names = [name for name, _value in pairs]

    def findings(self) -> Iterator[Finding]:
        if not self.settings.is_on:
            yield bad(_("Settings"), str(Outcome.PULL_OFF.label))
        yield from self._path()
        yield from self._names()
        target = yield from self._shop_number()
        if self.path == "/RPC/id":
            return
        yield from self._subject()
        yield from self._rpc_id(target)
        yield from self._pk(target)

    def _path(self) -> Iterator[Finding]:
        known = ["/RPC/id", *MODULES]
        if self.path in known:
            yield ok(_("Address"), self.path)
        elif self.path.rstrip("/").lower() in [each.lower() for each in known]:
            yield bad(
                _("Address"),
                _("Addresses are written exactly so, without a slash at the end: %(paths)s")
                % {"paths": ", ".join(known)},
            )
        elif self.path == "/RPC/orders/update":
            yield bad(
                _("Address"),
                _("Updates are sent by POST, with everything in the body; this tester reads calls by GET."),
            )
        else:
            yield bad(_("Address"), _("There is no such address. There are: %(paths)s") % {"paths": ", ".join(known)})

    def _names(self) -> Iterator[Finding]:
        known = {name.lower(): name for name in PARAMETERS}
        for name in dict.fromkeys(self.names):
            if name in PARAMETERS:
                if self.names.count(name) > 1:
                    yield bad(name, _("This parameter comes twice."))
            elif name.strip().lower() in known:
                right = known[name.strip().lower()]
                yield bad(name, _("The parameter is called %(name)s."), name=right)
            else:
                yield hint(name[:40], _("This parameter is not known and is ignored."))
        if "%26" in self.query or "&amp;" in self.query:
            yield bad(_("Address"), _("The & between the parameters is encoded. It stands there as it is."))
        try:
            read_query(self.query)
        except PullRefused as refusal:
            if refusal.reason not in (Reason.TWICE, None):
                yield bad(_("Parameters"), str(refusal.reason.label))

    def _shop_number(self) -> Iterator[Finding]:
        """Yields findings; returns the shop that was called, when it is this one or one of its target shops."""
        number = self.sent.get("shop", "")
        mine = {each.number: each for each in [self.shop, *self.shop.targets()]}
        if not number:
            yield bad("shop", str(Reason.SHOP_MISSING.label))
        elif number in mine:
            yield ok("shop", number)
            return mine[number]
        elif number.strip().lstrip("0") in mine:
            yield bad(
                "shop",
                _("The number has a space or a 0 in front: it is %(number)s.") % {"number": number.strip().lstrip("0")},
            )
        else:
            yield bad(
                "shop",
                _("This is not the number of this shop: that is %(number)s.") % {"number": self.shop.number},
            )
        return None

    def _subject(self) -> Iterator[Finding]:
        moment, order_id = self.sent.get("change_time"), self.sent.get("order_id")
        if moment is not None and order_id is not None:
            yield bad("change_time", str(Reason.SUBJECT_TWICE.label))
        elif order_id is not None:
            is_right = ORDER_ID.fullmatch(order_id) is not None
            yield ok("order_id", order_id) if is_right else bad("order_id", str(Reason.ORDER_ID_FORM.label))
        elif not moment:
            yield bad("change_time", str(Reason.SUBJECT_MISSING.label))
        else:
            yield self._change_time(moment)

    def _change_time(self, digits: str) -> Finding:
        if not CHANGE_TIME.fullmatch(digits):
            form = _("It must be 14 digits, yyyymmddhhmmss; these are %(number)d characters.")
            return bad("change_time", form % {"number": len(digits)})
        try:
            call = ListCall.since({"shop": "1", "rpc_id": "1000000000", "pk": "x", "change_time": digits})
        except PullRefused as refusal:
            return bad("change_time", str(refusal.reason.label))
        moment = earliest_moment(call.wall_time, self.shop.zone)
        if moment > self.at:
            text = _("This is in the future, so nothing can have changed since. Is the clock of your machine right?")
            return hint("change_time", text)
        words = {"moment": display.date_time(moment, self.shop.zone), "zone": self.shop.time_zone}
        return ok("change_time", _("Since %(moment)s on the clock of %(zone)s.") % words)

    def _rpc_id(self, target: Shop | None) -> Iterator[Finding]:
        digits = self.sent.get("rpc_id", "")
        if not digits:
            yield bad("rpc_id", str(Reason.RPC_ID_MISSING.label))
        elif not RPC_ID.fullmatch(digits):
            yield bad("rpc_id", str(Reason.RPC_ID_FORM.label))
        else:
            yield self._issued(RpcId.objects.filter(digits=digits).select_related("shop").first(), target)

    def _issued(self, issued: RpcId | None, target: Shop | None) -> Finding:
        mine = {self.shop.pk, *(each.pk for each in self.shop.targets())}
        if issued is None:
            return bad("rpc_id", _("This id was never given, or longer ago than is remembered (17 minutes)."))
        if issued.shop_id not in mine or (target is not None and issued.shop_id != target.pk):
            return bad(
                "rpc_id",
                _("This id was given for another shop number: ask for it with the number you then call with."),
            )
        times = {
            "given": f"{issued.issued_at.astimezone(self.shop.zone):%H:%M:%S}",
            "until": f"{(issued.issued_at + RPC_ID_LIFETIME).astimezone(self.shop.zone):%H:%M:%S}",
        }
        if issued.is_valid_at(self.at):
            return ok("rpc_id", _("Given at %(given)s, valid until %(until)s.") % times)
        return hint("rpc_id", _("Given at %(given)s and valid until %(until)s. Calls after that are refused.") % times)

    def _pk(self, target: Shop | None) -> Iterator[Finding]:
        sent = self.sent.get("pk", "")
        if not sent:
            yield bad("pk", str(Reason.PK_MISSING.label))
            return
        try:
            call = ListCall.read({name: value for name, value in self.sent.items() if name in PARAMETERS})
        except PullRefused:
            yield hint("pk", _("The signature is looked at as soon as the other parts are in order."))
            return
        partner = self.settings.partners.filter(name=call.partner).first() if call.partner is not None else None
        if call.partner is not None and partner is None:
            yield bad("partner", _("There is no partner of this name. Capitals count."))
            return
        if partner is not None and call.module != MODULES.get(self.path):
            right = MODULES.get(self.path, "orders_get")
            yield bad("module", _("module must be %(module)s here."), module=right)
        keys = [partner.key] if partner else self.settings.keys_at(self.at)
        if call.is_signed_with(keys):
            yield ok("pk", _("The signature fits."))
        else:
            yield bad("pk", next(self._mistakes(call, keys)))

    def _mistakes(self, call: ListCall, keys: list[str]) -> Iterator[str]:
        """What explains the signature, the likeliest first; at last what can be said without an explanation."""
        reason = reason_for(call, keys, self.settings.previous_key)
        if reason not in (Reason.PK_FORM, Reason.PK_UNKNOWN):
            yield str(reason.label)
        for key in [*keys, *self._other_keys(keys)]:
            for digest, sentence in wider_mistakes(call, key):
                if digest and digest in (call.pk, call.pk.lower()):
                    yield sentence
        for sentence, other in self._other_parts(call):
            if other.is_signed_with(keys):
                yield sentence
        yield from self._keys_of_others(call, keys)
        yield self._form_of(call.pk)

    def _keys_of_others(self, call: ListCall, keys: list[str]) -> Iterator[str]:
        for partner in self.settings.partners.all():
            if partner.key not in keys and call.is_signed_with([partner.key]):
                yield _("pk was made with the key of partner %(name)s.") % {"name": partner.name}
        if call.partner is not None and call.is_signed_with(self.settings.keys_at(self.at)):
            yield _("pk was made with the shop's own key; a partner signs with its own.")

    def _other_keys(self, keys: list[str]) -> list[str]:
        return [key for key in [self.settings.previous_key] if key and key not in keys]

    def _other_parts(self, call: ListCall) -> Iterator[tuple[str, ListCall]]:
        """The same call with another shop number or another id, as it may have been signed."""
        numbers = [each.number for each in [self.shop, *self.shop.targets()]]
        for number in numbers:
            yield _("pk was made with another shop number than the one sent."), replace(call, shop_number=number)
        yield _("pk was made without an rpc_id."), replace(call, rpc_id="")
        since = self.at - timedelta(hours=1)
        lately = RpcId.objects.filter(shop__number__in=numbers, issued_at__gte=since).order_by("-issued_at")[:200]
        for issued in lately:
            yield _("pk was made with another rpc_id than the one sent."), replace(call, rpc_id=issued.digits)

    def _form_of(self, pk: str) -> str:
        if pk != pk.strip():
            return _("pk has a space or a line end in front or behind.")
        if is_sha1(pk.lower()):
            return str(Reason.PK_UNKNOWN.label)
        if set(pk.lower()) <= HEX and len(pk) in LENGTHS:
            words = {"number": len(pk), "hash": LENGTHS[len(pk)]}
            return _("pk has %(number)d digits: that looks like %(hash)s. SHA-1 has 40.") % words
        if set(pk.lower()) <= HEX:
            words = {"number": len(pk), "right": SHA1_LENGTH}
            return _("pk has %(number)d digits, a SHA-1 has %(right)d: it was cut off or has some too many.") % words
        return str(Reason.PK_FORM.label)
