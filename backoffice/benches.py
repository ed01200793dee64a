"""Benches: each app measures its own in a module `benches`, `manage.py bench` runs them all and prints one table.

What is held is a ratio of two things measured in turns in one run, or a count of queries: neither depends on the
machine. Nothing here is a test; a machine that is busy makes benches fuzzy, not red.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from django.db import connection, transaction

DEFAULT_SIZE = 25_900


@dataclass(frozen=True)
class Measured:
    """One line of the table; `hold` is the most it may be, None when there is nothing to hold."""

    what: str
    value: float
    hold: float | None = None
    unit: str = "×"
    remark: str = ""

    @property
    def is_held(self) -> bool:
        return self.hold is None or self.value <= self.hold


@dataclass(frozen=True)
class Bench:
    """`measure(size)` works on a database of its own, in which there are shops of up to `size` orders."""

    name: str
    measure: Callable[[int], Iterable[Measured]]
    is_for_postgresql: bool = False


BENCHES: dict[str, Bench] = {}


def bench(name: str, *, is_for_postgresql: bool = False) -> Callable:
    """Register a function that measures something under `name`."""

    def register(measure: Callable[[int], Iterable[Measured]]) -> Callable[[int], Iterable[Measured]]:
        BENCHES[name] = Bench(name, measure, is_for_postgresql)
        return measure

    return register


def seconds_in_turns(works: Sequence[Callable[[], object]], *, times: int) -> list[float]:
    """The median seconds of each work; they take turns, so that what disturbs the machine disturbs all."""
    seconds: list[list[float]] = [[] for _ in works]
    for turn in range(times + 1):
        for work, own in zip(works, seconds, strict=True):
            started = time.perf_counter()
            work()
            if turn:  # the first turn warms up
                own.append(time.perf_counter() - started)
    return [median(own) for own in seconds]


def memory_kib() -> int:
    """The memory this process holds for itself now; pages of a mapped database file belong to all and do not count."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon:"))


def peak_kib(process_id: int | str = "self") -> int:
    """The most memory that a process of this machine has held at once."""
    lines = Path(f"/proc/{process_id}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


def tidy_tables() -> None:
    """As a server keeps its tables, a minute after they were filled; only outside of a transaction."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


def rows_examined(queries: Iterable[str]) -> int:
    """How many rows of tables PostgreSQL looks at for these SELECTs, used or not, when each is found by an index.

    Small tables it reads as a whole, which says nothing about large ones: so that is turned off meanwhile.
    """
    number = 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for query in queries:
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}")
            (answer,) = cursor.fetchone()
            plans = json.loads(answer) if isinstance(answer, str) else answer
            number += sum(map(_rows_of, _scans(plans[0]["Plan"])))
    return number


def _scans(plan: dict) -> Iterator[dict]:
    if "Relation Name" in plan and "Scan" in plan["Node Type"]:
        yield plan
    for below in plan.get("Plans", []):
        yield from _scans(below)


def _rows_of(scan: dict) -> int:
    removed = sum(number for name, number in scan.items() if name.startswith("Rows Removed by"))
    return (scan["Actual Rows"] + removed) * scan["Actual Loops"]
