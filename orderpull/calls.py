"""What a caller sends: the parameters of /RPC calls, checked in form and signed. Nothing here reads the database."""

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hmac import compare_digest
from typing import Self
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from orderpull.models import Outcome
from orderpull.reasons import Reason

SIGNED = {"shop", "pk", "rpc_id", "partner", "module"}
PARAMETERS = SIGNED | {"change_time", "order_id", "system_export"}
UPDATE_PARAMETERS = SIGNED | {"order_id", "status", "carrier", "tracking_code", "note"}
# Lines of a note are meant; everywhere else a line end is a slip of the program that made the address.
MAY_HAVE_LINES = {"note"}
MOST_PARAMETERS = 20
# Of what is malformed no more than this is looked at.
LONGEST_READ = 2_000
SHOP_NUMBER = re.compile("[1-9][0-9]{0,11}")
CHANGE_TIME = re.compile("[0-9]{14}")
ORDER_ID = re.compile("([1-9][0-9]{0,11})_([0-9]{5,18})")
RPC_ID = re.compile("[0-9]{10}")
CONTROL = re.compile("[\x00-\x1f\x7f]")
CONTROL_IN_LINES = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
LONGEST = {"status": 40, "carrier": 60, "tracking_code": 80, "note": 4000}


class PullRefused(Exception):
    """A call that gets the one refusal; `outcome` and `reason` are for the shop's own call log alone.

    One with `is_noted=False` does not even get there: a flood of calls must not become a flood of rows.
    """

    def __init__(self, outcome: Outcome, reason: Reason | None = None, *, is_noted: bool = True):
        self.outcome = outcome
        self.reason = reason
        self.is_noted = is_noted
        super().__init__(outcome, reason)


def malformed(reason: Reason) -> PullRefused:
    return PullRefused(Outcome.MALFORMED, reason)


def read_query(query_string: str, names: Collection[str] = PARAMETERS) -> dict[str, str]:
    """The parameters called `names`, {name: value}; others are ignored. Raises PullRefused.

    Each may come once: of two values one would be signed and the other used.
    """
    if not query_string.isascii():
        raise malformed(Reason.ENCODING)
    if query_string.count("&") >= MOST_PARAMETERS:
        raise malformed(Reason.TOO_MANY_PARAMETERS)
    try:
        pairs = parse_qsl(query_string, keep_blank_values=True, errors="strict")
    except ValueError:
        raise malformed(Reason.ENCODING) from None
    known = [(name, value) for name, value in pairs if name in names]
    parameters = dict(known)
    if len(parameters) != len(known):
        raise malformed(Reason.TWICE)
    if any((CONTROL_IN_LINES if name in MAY_HAVE_LINES else CONTROL).search(value) for name, value in known):
        raise malformed(Reason.CONTROL_CHARACTER)
    return parameters


def shop_meant(sent: str) -> str:
    """The number of the one shop that a query names which cannot be read otherwise; empty when there is none."""
    numbers = {value for name, value in parse_qsl(sent[:LONGEST_READ], errors="replace") if name == "shop"}
    number = numbers.pop() if len(numbers) == 1 else ""
    return number if SHOP_NUMBER.fullmatch(number) else ""


def shop_number_of(parameters: dict[str, str]) -> str:
    """The shop that is asked for: digits without a leading zero, so that a signature fits one shop only."""
    return _matching(parameters, "shop", SHOP_NUMBER, Reason.SHOP_MISSING, Reason.SHOP_FORM)


def _matching(
    parameters: dict[str, str], name: str, form: re.Pattern[str], is_missing: Reason, is_wrong: Reason
) -> str:
    value = parameters.get(name, "")
    if not value:
        raise malformed(is_missing)
    if not form.fullmatch(value):
        raise malformed(is_wrong)
    return value


@dataclass(frozen=True)
class SignedCall:
    """What every second step has. `subject` is what was asked for, as it goes into the signature."""

    shop_number: str
    subject: str
    rpc_id: str
    pk: str
    partner: str | None = None
    module: str = ""

    def is_signed_with(self, keys: list[str]) -> bool:
        """Whether `pk` was made with one of the keys; takes the same time for every wrong one."""
        sent = self.pk.encode()
        fits = [compare_digest(sent, self.signature(key).encode()) for key in keys]
        return any(fits)

    def signature(self, key: str) -> str:
        """SHA-1 in lower-case hex, as the protocol lays down; it guards one call for two minutes, nothing else."""
        asked = self.shop_number + self.subject
        if self.partner is None:
            return sha1(asked + self.rpc_id + key)
        return sha1(asked + key + self.partner + self.module + self.rpc_id)


def sha1(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def _signed_parts(parameters: dict[str, str]) -> dict[str, str | None]:
    """The parameters of a SignedCall but its subject. Raises PullRefused."""
    if not parameters.get("pk"):
        raise malformed(Reason.PK_MISSING)
    return {
        "shop_number": shop_number_of(parameters),
        "rpc_id": _matching(parameters, "rpc_id", RPC_ID, Reason.RPC_ID_MISSING, Reason.RPC_ID_FORM),
        "pk": parameters["pk"],
        "partner": parameters.get("partner"),
        "module": parameters.get("module", ""),
    }


@dataclass(frozen=True)
class ListCall(SignedCall):
    """A call for the orders that changed, or for one; its subject is the change time or the order id as sent."""

    # The change time on the shop's wall clock; None when one order is asked for.
    wall_time: datetime | None = None
    # (shop number, order number) of the order id.
    order: tuple[str, int] | None = None

    @classmethod
    def read(cls, parameters: dict[str, str]) -> Self:
        """The call in `parameters`. Raises PullRefused."""
        if "order_id" not in parameters:
            return cls.since(parameters)
        if "change_time" in parameters:
            raise malformed(Reason.SUBJECT_TWICE)
        order_id = order_id_of(parameters)
        return cls(subject=order_id, order=_order_of(order_id), **_signed_parts(parameters))

    @classmethod
    def since(cls, parameters: dict[str, str]) -> Self:
        """A call that may only ask since a moment. Raises PullRefused."""
        subject = _matching(parameters, "change_time", CHANGE_TIME, Reason.SUBJECT_MISSING, Reason.CHANGE_TIME_FORM)
        return cls(subject=subject, wall_time=_wall_time(subject), **_signed_parts(parameters))


@dataclass(frozen=True)
class UpdateCall(SignedCall):
    """A call that tells of one order; what is told is signed along, a line end behind each of the four."""

    order: tuple[str, int] = ("", 0)
    status: str = ""
    carrier: str = ""
    tracking_code: str = ""
    note: str = ""

    @classmethod
    def read(cls, parameters: dict[str, str]) -> Self:
        """The call in `parameters`. Raises PullRefused."""
        order_id = order_id_of(parameters)
        told = {name: parameters.get(name, "") for name in LONGEST}
        if not (told["status"] or told["tracking_code"] or told["note"].strip()):
            raise malformed(Reason.NOTHING_TO_UPDATE)
        if any(len(value) > LONGEST[name] for name, value in told.items()):
            raise malformed(Reason.TOO_LONG)
        subject = f"{order_id}\n{told['status']}\n{told['carrier']}\n{told['tracking_code']}\n{told['note']}\n"
        return cls(subject=subject, order=_order_of(order_id), **told, **_signed_parts(parameters))


def order_id_of(parameters: dict[str, str]) -> str:
    order_id = _matching(parameters, "order_id", ORDER_ID, Reason.ORDER_ID_MISSING, Reason.ORDER_ID_FORM)
    number = order_id.partition("_")[2]
    if f"{int(number):05d}" != number:
        raise malformed(Reason.ORDER_ID_FORM)
    return order_id


def _wall_time(digits: str) -> datetime:
    """`yyyymmddhhmmss` as a naive time. Not by strptime, which takes fewer digits and those of other scripts."""
    parts = int(digits[:4]), *(int(digits[start : start + 2]) for start in range(4, 14, 2))
    try:
        return datetime(*parts)  # noqa: DTZ001  (a wall time; its zone is the shop's)
    except ValueError:
        raise malformed(Reason.CHANGE_TIME_DATE) from None


def _order_of(order_id: str) -> tuple[str, int]:
    shop_number, _underscore, number = order_id.partition("_")
    return shop_number, int(number)


def earliest_moment(wall_time: datetime, zone: ZoneInfo) -> datetime:
    """The moment a wall clock in `zone` shows `wall_time`: in a doubled hour, and in the hour that is skipped, the
    earlier of the two readings. So an order may come twice in the night of the clock change, but is never missed."""
    readings = [wall_time.replace(tzinfo=zone, fold=fold) for fold in (0, 1)]
    offset = max(reading.utcoffset() or timedelta(0) for reading in readings)
    try:
        return wall_time.replace(tzinfo=UTC) - offset
    except OverflowError:  # before the year 1, which is everything, or after 9999, which is nothing
        is_early = offset > timedelta(0)
        return datetime.min.replace(tzinfo=UTC) if is_early else datetime.max.replace(tzinfo=UTC)
