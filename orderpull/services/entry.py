"""Who may enter: the shop, its settings, the caller's address and pace, the rpc id and the signature."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from backoffice.models import Shop
from orderpull.calls import PullRefused, SignedCall
from orderpull.diagnosis import reason_for
from orderpull.models import GOOD_OUTCOMES, Outcome, PullCall, PullPartner, PullSettings, RpcId
from orderpull.reasons import Reason

WINDOW = timedelta(seconds=60)
# Per shop and address and minute. Guessing ends long before it gets anywhere, an ERP that works never notices.
FAILURES_ALLOWED = 20
IDS_ALLOWED = 120
# Stands where there is no key to judge a signature by; nobody knows it, and who signs with it is refused all the same.
STAND_IN = secrets.token_hex(20)


@dataclass(frozen=True)
class Pull:
    """A caller who may enter: the shop asked for and the settings that hold for it."""

    shop: Shop
    settings: PullSettings

    @property
    def owner(self) -> Shop:
        """The shop whose orders they are: the base shop of a target shop."""
        return self.shop.base_shop or self.shop


def enter(shop_number: str, call: PullCall) -> Pull:
    """Find the shop and see whether this caller may ask there at all; notes the shop on `call`.

    Raises PullRefused. A target shop is pulled with the settings and keys of its base shop.
    """
    shop, failures, ids_given = _shop_and_pace(shop_number, call)
    owner = shop.base_shop or shop
    call.shop, call.shop_number = owner, shop_number
    if failures >= FAILURES_ALLOWED:
        raise PullRefused(Outcome.TOO_MANY, is_noted=failures == FAILURES_ALLOWED)
    if call.step == PullCall.Step.ID and ids_given >= IDS_ALLOWED:
        raise PullRefused(Outcome.TOO_MANY)
    settings = getattr(owner, "pull_settings", None)
    if settings is None or not settings.is_on:
        raise PullRefused(Outcome.PULL_OFF)
    if not settings.allows(call.address):
        raise PullRefused(Outcome.ADDRESS_NOT_ALLOWED)
    return Pull(shop, settings)


def _shop_and_pace(number: str, call: PullCall) -> tuple[Shop, int, int]:
    """The shop with its settings; how often its caller failed and got an id in the last minute. In one query.

    Raises PullRefused when there is no such shop.
    """
    lately = PullCall.objects.filter(
        shop=Coalesce(OuterRef("base_shop"), OuterRef("pk")), address=call.address, at__gt=call.at - WINDOW
    )
    shop = (
        Shop.objects.select_related("pull_settings", "base_shop__pull_settings")
        .annotate(
            failures=_number_of(lately.exclude(outcome__in=GOOD_OUTCOMES)),
            ids_given=_number_of(lately.filter(step=PullCall.Step.ID, outcome=Outcome.ANSWERED)),
        )
        .filter(number=number)
        .first()
    )
    if shop is None:
        raise PullRefused(Outcome.UNKNOWN_SHOP)
    return shop, shop.failures, shop.ids_given


def _number_of(calls: QuerySet[PullCall]) -> Coalesce:
    return Coalesce(Subquery(calls.order_by().values("shop").annotate(number=Count("pk")).values("number")), 0)


def check_signature(call: SignedCall, pull: Pull, record: PullCall, *, module: str) -> None:
    """Raise PullRefused unless `call` carries an id of this shop and was signed with one of its keys.

    `module` is what a partner must ask for at this address. The signature is judged whatever else is wrong, so that the
    time a refusal takes does not tell which of it was.
    """
    problem = _problem_with_id(call, pull.shop, record.at)
    keys = _keys_for(call, pull.settings, record.at, module)
    reason = _judged(call, keys or [STAND_IN], pull.settings.previous_key)
    if problem or not keys:
        raise PullRefused(problem or Outcome.PARTNER_UNKNOWN)
    if reason:
        raise PullRefused(Outcome.SIGNATURE_WRONG, reason)
    record.with_old_key = len(keys) > 1 and not call.is_signed_with(keys[:1])


def check_for_nothing(call: SignedCall) -> None:
    """Do what judging `call` costs, for a caller who is refused before: there may be no shop to judge it by."""
    RpcId.objects.filter(digits=call.rpc_id).first()
    if call.partner is not None:
        PullPartner.objects.filter(settings=0, name=call.partner).first()
    _judged(call, [STAND_IN])


def _problem_with_id(call: SignedCall, shop: Shop, at: datetime) -> Outcome | None:
    issued = RpcId.objects.filter(digits=call.rpc_id).first()
    if issued is None:
        return Outcome.ID_UNKNOWN
    if issued.shop_id != shop.pk:
        return Outcome.ID_OF_OTHER_SHOP
    return None if issued.is_valid_at(at) else Outcome.ID_EXPIRED


def _keys_for(call: SignedCall, settings: PullSettings, at: datetime, module: str) -> list[str]:
    """Those that may have signed `call`; none for a partner who is not known or not meant here."""
    if call.partner is None:
        return settings.keys_at(at)
    partner = settings.partners.filter(name=call.partner).first()
    return [partner.key] if partner is not None and call.module == module else []


def _judged(call: SignedCall, keys: list[str], previous_key: str = "") -> Reason | None:
    """Why `call` was signed with none of `keys`; None when it was with one."""
    return None if call.is_signed_with(keys) else reason_for(call, keys, previous_key)


def issue_rpc_id(shop: Shop, *, at: datetime) -> str:
    """Ten digits for calls of `shop`, good for two minutes. The first is not 0: some clients keep numbers."""
    while True:
        digits = str(10**9 + secrets.randbelow(9 * 10**9))
        _issued, is_new = RpcId.objects.get_or_create(digits=digits, defaults={"shop": shop, "issued_at": at})
        if is_new:
            return digits
