"""A pull by the shop itself: both steps as a business system takes them, but for the way through the network."""

import time
from dataclasses import dataclass, field
from datetime import datetime

from django.utils import timezone

from backoffice.models import Shop
from orderpull.calls import ListCall, PullRefused
from orderpull.models import PullCall
from orderpull.services import Pull, answer, check_signature, issue_rpc_id, settings_of

LINES_SHOWN = 20
# Enough to see how large answers get; a whole shop would keep the page waiting for minutes.
MOST_BYTES = 5_000_000


@dataclass
class Trial:
    """What happened; times in milliseconds. `problem` says why it went no further."""

    id_ms: int = 0
    list_ms: int = 0
    number_of_orders: int = 0
    number_of_bytes: int = 0
    is_whole: bool = True
    lines: list[str] = field(default_factory=list)
    problem: str = ""


def try_pull(shop: Shop, *, since: datetime) -> Trial:
    """Pull what changed since a wall time. Nothing of it reaches the call log, and no order counts as pulled."""
    trial, settings = Trial(), settings_of(shop)
    if not settings.is_on:
        trial.problem = "pull_off"
        return trial
    pull, record = Pull(shop, settings), PullCall(step=PullCall.Step.LIST, at=timezone.now())
    started = time.perf_counter()
    rpc_id = issue_rpc_id(shop, at=record.at)
    trial.id_ms = _milliseconds(started)
    digits = f"{since:%Y%m%d%H%M%S}".zfill(14)  # %Y of an early year has fewer than four
    parameters = {"shop": shop.number, "change_time": digits, "rpc_id": rpc_id, "pk": "unsigned"}
    started = time.perf_counter()
    try:
        pk = ListCall.read(parameters).signature(settings.key)
        call = ListCall.read(parameters | {"pk": pk})
        check_signature(call, pull, record, module="")
    except PullRefused as refusal:
        trial.problem = str(refusal.outcome)
        return trial
    _read(answer(call, pull, record), trial)
    trial.list_ms, trial.number_of_orders = _milliseconds(started), record.number_of_orders
    return trial


def _read(pieces, trial: Trial) -> None:
    head = b""
    for piece in pieces:
        trial.number_of_bytes += len(piece)
        if head.count(b"\n") < LINES_SHOWN:
            head += piece
        if trial.number_of_bytes > MOST_BYTES:
            trial.is_whole = False
            pieces.close()
            break
    trial.lines = head.decode().splitlines()[:LINES_SHOWN]


def _milliseconds(started: float) -> int:
    return round((time.perf_counter() - started) * 1000)
