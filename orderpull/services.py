"""What happens behind /RPC: who may enter, handing out ids, what changed, and the call log."""

import secrets
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from backoffice.models import Shop
from orderpull.calls import MODULE, ListCall, PullRefused, earliest_moment
from orderpull.models import CALL_LOG_RETENTION, KEY_OVERLAP, RPC_ID_LIFETIME, Outcome, PullCall, PullSettings, RpcId
from orders.documents import order_documents
from orders.exports.xml import Escape, keys_of, write_orders
from orders.models import Order
from orders.models.order import OrderQuerySet
from orders.services.change import settle_clock
from statuses.kinds import FulfilmentStatus

WINDOW = timedelta(seconds=60)
# Per shop and address and minute. Guessing ends long before it gets anywhere, an ERP that works never notices.
FAILURES_ALLOWED = 20
IDS_ALLOWED = 120
GOOD_OUTCOMES = (Outcome.ANSWERED, Outcome.CUT_OFF, Outcome.BROKEN_OFF)
# An expired id is remembered for a while, so that the call log can tell "too old" from "never given".
RPC_ID_REMEMBERED = timedelta(minutes=15)

log = structlog.get_logger("orderpull")


@dataclass(frozen=True)
class Pull:
    """A caller who may enter: the shop asked for and the settings that hold for it."""

    shop: Shop
    settings: PullSettings


def new_key() -> str:
    """A private key of 160 random bits, in letters and digits that survive copying."""
    return secrets.token_hex(20)


def rotate_key(settings: PullSettings) -> str:
    """Replace the private key; the one before stays good for a day. Returns the new key, to be shown once."""
    settings.previous_key, settings.key = settings.key, new_key()
    settings.previous_key_until = timezone.now() + KEY_OVERLAP
    settings.save(update_fields=["key", "previous_key", "previous_key_until"])
    return settings.key


# Documents and integrators rely on these; production refuses to load the demo.
DEMO_KEYS = {"12345": "demo-private-key-12345", "54321": "demo-private-key-54321", "77700": ""}


def open_demo_shops(shops: dict[str, Shop]) -> None:
    """Let the demo's shops ({number: shop}) be pulled with their known keys; a shop without one is off."""
    for number, key in DEMO_KEYS.items():
        PullSettings.objects.update_or_create(shop=shops[number], defaults={"is_on": bool(key), "key": key})


# --- Who may enter -------------------------------------------------------------------------------


def enter(shop_number: str, call: PullCall) -> Pull:
    """Find the shop and see whether this caller may ask there at all; notes the shop on `call`.

    Raises PullRefused. A target shop is pulled with the settings and keys of its base shop.
    """
    shop = _shop_with_settings(shop_number, call)
    if shop is None:
        raise PullRefused(Outcome.UNKNOWN_SHOP)
    owner = shop.base_shop or shop
    call.shop, call.shop_number = owner, shop_number
    if shop.failures >= FAILURES_ALLOWED:
        raise PullRefused(Outcome.TOO_MANY, is_noted=shop.failures == FAILURES_ALLOWED)
    if call.step == PullCall.Step.ID and shop.ids_given >= IDS_ALLOWED:
        raise PullRefused(Outcome.TOO_MANY)
    settings = getattr(owner, "pull_settings", None)
    if settings is None or not settings.is_on:
        raise PullRefused(Outcome.PULL_OFF)
    if not settings.allows(call.address):
        raise PullRefused(Outcome.ADDRESS_NOT_ALLOWED)
    return Pull(shop, settings)


def _shop_with_settings(number: str, call: PullCall) -> Shop | None:
    """The shop with its settings and what its caller did in the last minute, in one query."""
    lately = PullCall.objects.filter(
        shop=Coalesce(OuterRef("base_shop"), OuterRef("pk")), address=call.address, at__gt=call.at - WINDOW
    )
    return (
        Shop.objects.select_related("pull_settings", "base_shop__pull_settings")
        .annotate(
            failures=_number_of(lately.exclude(outcome__in=GOOD_OUTCOMES)),
            ids_given=_number_of(lately.filter(step=PullCall.Step.ID, outcome=Outcome.ANSWERED)),
        )
        .filter(number=number)
        .first()
    )


def _number_of(calls: QuerySet[PullCall]) -> Coalesce:
    return Coalesce(Subquery(calls.order_by().values("shop").annotate(number=Count("pk")).values("number")), 0)


def check_signature(call: ListCall, pull: Pull, *, at: datetime) -> None:
    """Raise PullRefused unless `call` carries an id of this shop and was signed with one of its keys."""
    issued = RpcId.objects.filter(digits=call.rpc_id).first()
    if issued is None:
        raise PullRefused(Outcome.ID_UNKNOWN)
    if issued.shop_id != pull.shop.pk:
        raise PullRefused(Outcome.ID_OF_OTHER_SHOP)
    if not issued.is_valid_at(at):
        raise PullRefused(Outcome.ID_EXPIRED)
    if not call.is_signed_with(_keys_for(call, pull, at)):
        raise PullRefused(Outcome.SIGNATURE_WRONG)


def _keys_for(call: ListCall, pull: Pull, at: datetime) -> list[str]:
    if call.partner is None:
        return pull.settings.keys_at(at)
    partner = pull.settings.partners.filter(name=call.partner).first()
    if partner is None or call.module != MODULE:
        raise PullRefused(Outcome.PARTNER_UNKNOWN)
    return [partner.key]


# --- Step 1: an id -------------------------------------------------------------------------------


def issue_rpc_id(shop: Shop, *, at: datetime) -> str:
    """Ten digits for calls of `shop`, good for two minutes. The first is not 0: some clients keep numbers."""
    while True:
        digits = str(10**9 + secrets.randbelow(9 * 10**9))
        _issued, is_new = RpcId.objects.get_or_create(digits=digits, defaults={"shop": shop, "issued_at": at})
        if is_new:
            return digits


# --- Step 2: what changed ------------------------------------------------------------------------


@dataclass(frozen=True)
class Found:
    """The orders that answer a call, fixed by key, and the moment to ask for next time."""

    order_ids: "array[int]"
    next_change_time: datetime


def find_orders(call: ListCall, pull: Pull) -> Found:
    """The orders created or changed since the moment asked for, or the one order; deleted ones too.

    The shop's clock is settled first: what could be committed later with a time before `next_change_time` is
    waited for, so that no caller misses a change however it remembers where it was.
    """
    owner = pull.shop.base_shop or pull.shop
    settled = settle_clock(owner)
    orders = Order.objects.for_shop(owner)
    if pull.shop.base_shop_id:
        orders = orders.filter(target_shop=pull.shop)
    if not pull.settings.include_aborted:
        orders = orders.exclude(fulfilment_status=FulfilmentStatus.ABORTED)
    return Found(keys_of(_asked_for(orders, call, pull.shop, owner)), settled)


def _asked_for(orders: OrderQuerySet, call: ListCall, shop: Shop, owner: Shop) -> OrderQuerySet:
    if call.wall_time is not None:
        return orders.changed_since(earliest_moment(call.wall_time, shop.zone))
    shop_number, number = call.order
    return orders.filter(number=number) if shop_number == owner.number else orders.none()


def answer(call: ListCall, pull: Pull, record: PullCall) -> Iterator[bytes]:
    """The document in pieces, as the export writes it; `record` is saved when the last piece is gone.

    The orders are found before this returns, so that a fault shows as one and not as a broken document.
    """
    found = find_orders(call, pull)
    record.number_of_orders = len(found.order_ids)
    escape = Escape()
    pieces = write_orders(
        order_documents(found.order_ids, shop=pull.shop),
        shop=pull.shop,
        generated=timezone.now(),
        count=len(found.order_ids),
        change_time=call.subject if call.wall_time is not None else "",
        next_change_time=found.next_change_time,
        escape=escape,
    )
    return _recorded(pieces, record, escape)


def _recorded(pieces: Iterator[bytes], record: PullCall, escape: Escape) -> Iterator[bytes]:
    """Pass the pieces on and save `record` at the end, however it ends."""
    outcome = Outcome.BROKEN_OFF
    try:
        for piece in pieces:
            record.number_of_bytes += len(piece)
            yield piece
        outcome = Outcome.ANSWERED
    except GeneratorExit:
        outcome = Outcome.CUT_OFF
        raise
    finally:
        write_down(record, outcome)
        if escape.number_replaced:
            log.warning("characters replaced", shop=record.shop_number, number=escape.number_replaced)


# --- The call log --------------------------------------------------------------------------------


def write_down(record: PullCall, outcome: Outcome, detail: str = "") -> None:
    """Save what became of a call; calls that name no shop of ours only reach the server's log."""
    record.outcome, record.detail = outcome, detail
    record.milliseconds = max(0, round((timezone.now() - record.at).total_seconds() * 1000))
    if record.shop_id is not None:
        record.save()
    log.info(
        "call", step=str(record.step), outcome=str(outcome), shop=record.shop_number, orders=record.number_of_orders
    )


def forget_old_calls() -> None:
    """Delete rpc ids that no call can use any more and log rows older than 90 days."""
    now = timezone.now()
    RpcId.objects.filter(issued_at__lt=now - RPC_ID_LIFETIME - RPC_ID_REMEMBERED).delete()
    PullCall.objects.filter(at__lt=now - CALL_LOG_RETENTION).delete()
