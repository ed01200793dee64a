"""What a caller sends: the parameters of /RPC calls, checked in form and signed. Nothing here reads the database."""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hmac import compare_digest
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from orderpull.models import Outcome

PARAMETERS = {"shop", "pk", "change_time", "order_id", "rpc_id", "partner", "module", "system_export"}
MOST_PARAMETERS = 20
SHOP_NUMBER = re.compile("[1-9][0-9]{0,11}")
CHANGE_TIME = re.compile("[0-9]{14}")
ORDER_ID = re.compile("([1-9][0-9]{0,11})_([0-9]{5,18})")
RPC_ID = re.compile("[0-9]{10}")
CONTROL = re.compile("[\x00-\x1f\x7f]")
MODULE = "orders_get"


class PullRefused(Exception):
    """A call that gets the one refusal; `outcome` and `detail` are for the shop's own call log alone.

    One with `is_noted=False` does not even get there: a flood of calls must not become a flood of rows.
    """

    def __init__(self, outcome: Outcome, detail: str = "", *, is_noted: bool = True):
        self.outcome = outcome
        self.detail = detail
        self.is_noted = is_noted
        super().__init__(outcome, detail)


def malformed(detail: str) -> PullRefused:
    return PullRefused(Outcome.MALFORMED, detail)


def read_query(query_string: str) -> dict[str, str]:
    """The protocol's parameters, {name: value}; others are ignored. Raises PullRefused.

    Each may come once: of two values one would be signed and the other used.
    """
    if not query_string.isascii():
        raise malformed("The query is not URL encoded.")
    try:
        pairs = parse_qsl(query_string, keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS)
    except ValueError:
        raise malformed("The query is not UTF-8 or has too many parameters.") from None
    known = [(name, value) for name, value in pairs if name in PARAMETERS]
    parameters = dict(known)
    if len(parameters) != len(known):
        raise malformed("A parameter comes twice.")
    if any(CONTROL.search(value) for value in parameters.values()):
        raise malformed("A control character.")
    return parameters


def shop_number_of(parameters: dict[str, str]) -> str:
    """The shop that is asked for: digits without a leading zero, so that a signature fits one shop only."""
    return _matching(parameters, "shop", SHOP_NUMBER)


def _matching(parameters: dict[str, str], name: str, form: re.Pattern[str]) -> str:
    value = parameters.get(name, "")
    if not form.fullmatch(value):
        raise malformed(f"{name} is missing or has the wrong form.")
    return value


@dataclass(frozen=True)
class ListCall:
    """The second step as it was sent. `subject` is the change time or the order id, whichever was asked for."""

    shop_number: str
    subject: str
    rpc_id: str
    pk: str
    # The change time on the shop's wall clock; None when one order is asked for.
    wall_time: datetime | None = None
    # (shop number, order number) of the order id.
    order: tuple[str, int] | None = None
    partner: str | None = None
    module: str = ""

    @classmethod
    def read(cls, parameters: dict[str, str]) -> "ListCall":
        """The call in `parameters`. Raises PullRefused."""
        if ("change_time" in parameters) == ("order_id" in parameters):
            raise malformed("One of change_time and order_id is needed.")
        if not parameters.get("pk"):
            raise malformed("pk is missing.")
        wall_time = order = None
        if "change_time" in parameters:
            subject = _matching(parameters, "change_time", CHANGE_TIME)
            wall_time = _wall_time(subject)
        else:
            subject = _matching(parameters, "order_id", ORDER_ID)
            order = _order_of(subject)
        return cls(
            shop_number=shop_number_of(parameters),
            subject=subject,
            rpc_id=_matching(parameters, "rpc_id", RPC_ID),
            pk=parameters["pk"],
            wall_time=wall_time,
            order=order,
            partner=parameters.get("partner"),
            module=parameters.get("module", ""),
        )

    def is_signed_with(self, keys: list[str]) -> bool:
        """Whether `pk` was made with one of the keys; takes the same time for every wrong one."""
        sent = self.pk.encode()
        return any(compare_digest(sent, self.signature(key).encode()) for key in keys)

    def signature(self, key: str) -> str:
        """SHA-1 in lower-case hex, as the protocol lays down; it guards one call for two minutes, nothing else."""
        asked = self.shop_number + self.subject
        if self.partner is None:
            signed = asked + self.rpc_id + key
        else:
            signed = asked + key + self.partner + self.module + self.rpc_id
        return hashlib.sha1(signed.encode(), usedforsecurity=False).hexdigest()


def _wall_time(digits: str) -> datetime:
    """`yyyymmddhhmmss` as a naive time. Not by strptime, which takes fewer digits and those of other scripts."""
    parts = int(digits[:4]), *(int(digits[start : start + 2]) for start in range(4, 14, 2))
    try:
        return datetime(*parts)  # noqa: DTZ001  (a wall time; its zone is the shop's)
    except ValueError:
        raise malformed("change_time is not a date and time.") from None


def _order_of(order_id: str) -> tuple[str, int]:
    shop_number, number = ORDER_ID.fullmatch(order_id).groups()
    if f"{int(number):05d}" != number:
        raise malformed("order_id has the wrong form.")
    return shop_number, int(number)


def earliest_moment(wall_time: datetime, zone: ZoneInfo) -> datetime:
    """The moment a wall clock in `zone` shows `wall_time`: in a doubled hour, and in the hour that is skipped, the
    earlier of the two readings. So an order may come twice in the night of the clock change, but is never missed."""
    readings = [wall_time.replace(tzinfo=zone, fold=fold) for fold in (0, 1)]
    offset = max(reading.utcoffset() or timedelta(0) for reading in readings)
    try:
        return wall_time.replace(tzinfo=UTC) - offset
    except OverflowError:  # before the year 1: everything
        return datetime.min.replace(tzinfo=UTC)
