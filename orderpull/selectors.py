"""What the pages show of calls, keys and receipts, as text in the language of whoever looks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, Q
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backoffice.models import Shop
from orderpull.models import GOOD_OUTCOMES, Outcome, PullCall, PullEvent, PullReceipt, PullSettings
from orders import display
from orders.models import Order
from orders.order_page.panels import OrderPanel
from orders.timeline import Log

CALLS_PER_PAGE = 50
EVENTS_SHOWN = 20
RECEIPTS_SHOWN = 10


@dataclass(frozen=True)
class CallRow:
    """One line of the call log."""

    pk: int
    at: str
    address: str
    step: str
    caller: str
    asked_for: str
    result: str
    reason: str
    is_refused: bool
    is_faulty: bool
    number_of_orders: str
    milliseconds: str


@dataclass(frozen=True)
class CallPage:
    rows: list[CallRow]
    # The key to ask for what came before, None at the end.
    earlier: int | None


def call_page(
    shop: Shop, *, only_refused: bool = False, before: int | None = None, size: int = CALLS_PER_PAGE
) -> CallPage:
    """Calls of `shop`, newest first, without the answers that are kept with them."""
    calls = PullCall.objects.for_shop(shop).defer("answer").order_by("-id")
    if only_refused:
        calls = calls.exclude(outcome__in=GOOD_OUTCOMES)
    if before is not None:
        calls = calls.filter(pk__lt=before)
    found = list(calls[: size + 1])
    earlier = found[size - 1].pk if len(found) > size else None
    return CallPage([call_row(call, shop) for call in found[:size]], earlier)


def call_row(call: PullCall, shop: Shop) -> CallRow:
    return CallRow(
        pk=call.pk,
        at=second(call.at, shop),
        address=call.address or "–",
        step=str(call.get_step_display()),
        caller=_caller_of(call),
        asked_for=since(call.asked_for),
        result=result_of(call),
        reason=call.reason_in_words,
        is_refused=call.is_refused,
        is_faulty=call.outcome in (Outcome.CUT_OFF, Outcome.BROKEN_OFF, Outcome.NOT_DONE),
        number_of_orders=display.integer(call.number_of_orders) if call.step != PullCall.Step.ID else "",
        milliseconds=display.integer(call.milliseconds),
    )


def _caller_of(call: PullCall) -> str:
    """Whom it was signed by, or says it was; nobody when the signature of the shop's own key was not found good."""
    is_signed = call.step != PullCall.Step.ID and not call.is_refused
    return call.partner or (_("own key") if is_signed else "")


def result_of(call: PullCall) -> str:
    outcome = str(call.get_outcome_display())
    return _("Refused: %(reason)s") % {"reason": outcome} if call.is_refused else outcome


def second(moment: datetime, shop: Shop) -> str:
    """Day and time to the second, which is what programs differ by."""
    return f"{display.date_time(moment, shop.zone)}:{moment.astimezone(shop.zone):%S}"


def since(asked_for: str) -> str:
    """`20260322090000` as `2026-03-22 09:00:00`; everything else as it is."""
    if len(asked_for) != len("yyyymmddhhmmss") or not asked_for.isascii() or not asked_for.isdigit():
        return asked_for
    day, clock = asked_for[:8], asked_for[8:]
    return f"{day[:4]}-{day[4:6]}-{day[6:]} {clock[:2]}:{clock[2:4]}:{clock[4:]}"


def size_of(call: PullCall) -> str:
    return filesizeformat(call.number_of_bytes)


def last_used(shop: Shop) -> dict[str, datetime]:
    """When each caller ("" for the shop's own key) last got an answer to a signed call, {partner: moment}."""
    calls = PullCall.objects.for_shop(shop).filter(outcome=Outcome.ANSWERED).exclude(step=PullCall.Step.ID)
    return dict(calls.order_by().values_list("partner").annotate(Max("at")))


@dataclass(frozen=True)
class LastDay:
    """What happened in the last 24 hours."""

    answered: int
    refused: int
    with_old_key: int


def last_day(shop: Shop) -> LastDay:
    calls = PullCall.objects.for_shop(shop).filter(at__gt=timezone.now() - timedelta(days=1))
    is_good = Q(outcome__in=GOOD_OUTCOMES)
    return LastDay(
        **calls.order_by().aggregate(
            answered=Count("pk", filter=is_good & ~Q(step=PullCall.Step.ID)),
            refused=Count("pk", filter=~is_good),
            with_old_key=Count("pk", filter=Q(with_old_key=True)),
        )
    )


@dataclass(frozen=True)
class EventRow:
    text: str
    old: str
    new: str
    about: str


def event_rows(shop: Shop) -> list[EventRow]:
    return [_event_row(event, shop) for event in PullEvent.objects.for_shop(shop)[:EVENTS_SHOWN]]


SWITCHES = {PullEvent.Kind.ABORTED, PullEvent.Kind.UPDATES}


def _event_row(event: PullEvent, shop: Shop) -> EventRow:
    text = str(event.get_kind_display())
    if event.about:
        text = f"{text}: {event.about}"
    old, new = event.old, event.new
    if event.kind in SWITCHES:
        old, new = (_("on") if value == "1" else _("off") for value in (old, new))
    return EventRow(text, old, new, f"{event.actor} · {display.date_time(event.at, shop.zone)}")


# --- What a business system has of an order -------------------------------------------------------


@dataclass(frozen=True)
class ReceiptRow:
    caller: str
    text: str
    at: str
    call_pk: int


@dataclass(frozen=True)
class CallerState:
    """The newest version that a caller has; `behind` is empty when that is the present one."""

    caller: str
    text: str
    behind: str


@dataclass(frozen=True)
class Window:
    """What business systems have of one order, and since when they had what."""

    states: list[CallerState]
    receipts: list[ReceiptRow]


def panel_of(order: Order, shop: Shop, log: Log) -> OrderPanel | None:
    """The card of the order page."""
    window = window_on(order, shop)
    return OrderPanel("orderpull/_window.html", window) if window else None


def window_on(order: Order, shop: Shop) -> Window | None:
    """None for a shop that is not pulled. One query, one more when nothing was pulled yet."""
    receipts = list(
        PullReceipt.objects.for_shop(shop).filter(order_number=order.number).order_by("-version", "caller")[:200]
    )
    if not receipts and not PullSettings.objects.filter(shop=shop, is_on=True).exists():
        return None
    return Window(_states(receipts, order, shop), [_receipt_row(each, shop) for each in receipts[:RECEIPTS_SHOWN]])


def _states(receipts: Sequence[PullReceipt], order: Order, shop: Shop) -> list[CallerState]:
    newest: dict[str, PullReceipt] = {}
    for receipt in receipts:
        newest.setdefault(receipt.caller, receipt)
    return [_state(receipt, order, shop) for receipt in newest.values()]


def _state(receipt: PullReceipt, order: Order, shop: Shop) -> CallerState:
    number = order.version - receipt.version
    behind = ngettext("%(number)d version behind", "%(number)d versions behind", number) % {"number": number}
    return CallerState(_caller(receipt), _version(receipt, shop), behind if number > 0 else "")


def _receipt_row(receipt: PullReceipt, shop: Shop) -> ReceiptRow:
    text = _("version %(version)d") % {"version": receipt.version}
    return ReceiptRow(_caller(receipt), text, second(receipt.at, shop), receipt.call_id)


def _caller(receipt: PullReceipt) -> str:
    return receipt.caller or _("Business system")


def _version(receipt: PullReceipt, shop: Shop) -> str:
    words = {"version": receipt.version, "at": display.date_time(receipt.at, shop.zone)}
    return _("Version %(version)d, sent %(at)s") % words
