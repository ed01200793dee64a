"""Building the demo world: shops first, then every invoice as an order with its past."""

import resource
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zlib import crc32
from zoneinfo import ZoneInfo

from backoffice.roles import Role
from orders.demo import demo_world_built, lives
from orders.demo.credit import Credit, find_credits
from orders.demo.history import PlacedLife, set_clock, write_history
from orders.demo.invoices import Invoice, InvoiceFile, Problem
from orders.demo.own_layouts import make_own_layouts
from orders.demo.people import Customer, customer_of, other_address
from orders.demo.places import COUNTRIES, HOME
from orders.demo.sales import sale
from orders.demo.shops import GIFTS, GIFTS_ENGLISH, MARKETS, SWEDISH, TEA, Stage, build_shops
from orders.models import OrderLogEntry
from orders.planner import tell_planner
from orders.services import OrderRefused, changing, place_orders

CUT = Path(__file__).parent / "online-retail-newest.csv.gz"
LONDON = ZoneInfo("Europe/London")
BATCH = 200
# Per cent of the customers, and of the orders, taken by hash so that they stay the same in every cut.
SHARE_OF_TEA, SHARE_OF_SWEDISH, SHARE_OF_ENGLISH = 1, 15, 15
SHARE_OF_ABANDONED, SHARE_OF_OTHER_ADDRESSES = 5, 8
WIDEST_SEARCH = 500


@dataclass
class Tally:
    """What was made."""

    orders: Counter[str] = field(default_factory=Counter)
    lines: Counter[str] = field(default_factory=Counter)
    credited: int = 0
    problems: list[Problem] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def number_of_orders(self) -> int:
        return sum(self.orders.values())

    @property
    def orders_per_second(self) -> float:
        return self.number_of_orders / self.seconds if self.seconds else 0.0

    @property
    def peak_memory_mb(self) -> float:
        """The most this process ever held, in MB."""
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def build_world(path: Path, *, now: datetime, newest: int | None = None, say: Callable[[str], None]) -> Tally:
    """Build the demo world from the `newest` invoices of a file, all with None, as if they had come in until `now`.

    Raises UnreadableFile before anything is stored. A row or order that makes no sense is in the tally's problems.
    """
    begun = time.monotonic()
    file = InvoiceFile(path, newest=newest)
    say(f"{len(file)} invoices in {path.name}")
    stages = build_shops(say)
    builder = Builder(file, stages, now)
    builder.place_all(say)
    tell_planner()
    for stage in stages.values():
        set_clock(stage.shop, now)
    make_own_layouts(stages[GIFTS].shop, by=stages[GIFTS].by(Role.MANAGER))
    shops = {number: stage.shop for number, stage in stages.items()}
    shops |= {stage.target_shop.number: stage.target_shop for stage in stages.values() if stage.target_shop}
    demo_world_built.send(sender=Builder, shops=shops)
    builder.tally.seconds = time.monotonic() - begun
    return builder.tally


class Builder:
    """Turns invoices into orders, shop by shop in batches."""

    def __init__(self, file: InvoiceFile, stages: dict[str, Stage], now: datetime):
        self.file, self.stages, self.now = file, stages, now
        self.credits = find_credits(file)
        self.folded = {credit.name for credits_of in self.credits.values() for credit in credits_of}
        # Whole days, so that every order keeps its time of day; the newest one came in yesterday.
        self.shift = (now.astimezone(LONDON).date() - timedelta(days=1)) - file.newest_at.date()
        self.tally = Tally(credited=len(self.folded), problems=list(file.problems))

    def place_all(self, say: Callable[[str], None]) -> None:
        waiting: dict[str, list[lives.Life]] = defaultdict(list)
        for invoice in self.file.invoices():
            number = shop_of(invoice)
            for life in self._lives(invoice, number):
                waiting[number].append(life)
            if len(waiting[number]) >= BATCH:
                self._place(number, waiting.pop(number))
                if self.tally.number_of_orders % 5000 < BATCH:
                    say(f"{self.tally.number_of_orders} orders")
        for number, batch in waiting.items():
            self._place(number, batch)

    # --- from invoice to life --------------------------------------------------------------------

    def _lives(self, invoice: Invoice, number: str) -> Iterator[lives.Life]:
        if invoice.name in self.folded:
            return
        scene = self._scene(invoice, number)
        if invoice.is_cancellation or invoice.is_adjustment:
            yield lives.credit_order(invoice, scene)
        elif scene.customer is None:
            yield lives.correction(invoice, scene)
        else:
            number_before = self._abandoned_before(invoice)
            if number_before:
                yield lives.abandoned_checkout(invoice, scene, number_before)
            yield sale(invoice, scene, self._credits(invoice))

    def _credits(self, invoice: Invoice) -> list[tuple[Credit, datetime]]:
        return [(credit, self._moment(credit.at)) for credit in self.credits.get(invoice.name, ())]

    def _abandoned_before(self, invoice: Invoice) -> int | None:
        """The number of the checkout that was left before this invoice, if one was: a gap in the numbers below."""
        if _hash("abandoned", invoice.name) >= SHARE_OF_ABANDONED:
            return None
        below = range(invoice.number - 1, max(invoice.number - WIDEST_SEARCH, 0), -1)
        number = next((number for number in below if number not in self.file.numbers), None)
        if number:
            self.file.numbers.add(number)
        return number

    def _scene(self, invoice: Invoice, number: str) -> lives.Scene:
        is_target = number == GIFTS and _hash("target", _key(invoice)) < SHARE_OF_ENGLISH
        market = MARKETS[GIFTS_ENGLISH if is_target else number]
        customer = None if is_nobodys(invoice) else self._customer(invoice, market)
        return lives.Scene(
            stage=self.stages[number],
            market=market,
            is_target=is_target,
            customer=customer,
            delivery=_delivery(invoice, customer, market) if customer else None,
            placed_at=self._moment(invoice.first.at),
            now=self.now,
        )

    def _customer(self, invoice: Invoice, market) -> Customer:
        number = invoice.first.customer
        named = self.file.country_of[number] if number else invoice.first.country
        country = country_code(named, _key(invoice), market.home)
        return customer_of(number, country, market.companies, guest="" if number else invoice.name)

    def _moment(self, at: datetime) -> datetime:
        """A British local time of the file, moved to our days, as an instant."""
        return (at + self.shift).replace(tzinfo=LONDON).astimezone(UTC)

    # --- from life to order ----------------------------------------------------------------------

    def _place(self, number: str, batch: list[lives.Life]) -> None:
        shop = self.stages[number].shop
        placed: list[tuple] = []
        with changing(shop, by=lives.CHECKOUT) as change:
            answers = place_orders([life.new for life in batch], shop=shop, by=lives.CHECKOUT)
            for life, answer in zip(batch, answers, strict=True):
                if isinstance(answer, OrderRefused):
                    self._report(life, answer)
                else:
                    change.set(answer.order, **life.own)
                    placed.append((answer.order, life))
        entries: dict[int, list[OrderLogEntry]] = defaultdict(list)
        for entry in change.entries:
            entries[entry.order_id].append(entry)
        write_history([PlacedLife(order, entries[order.pk], life) for order, life in placed])
        for _order, life in placed:
            self.tally.orders[number] += 1
            self.tally.lines[number] += len(life.new.lines)

    def _report(self, life: lives.Life, refused: OrderRefused) -> None:
        reasons = "; ".join(f"{name}: {' '.join(texts)}" for name, texts in refused.errors.items())
        self.tally.problems.append(
            Problem(life.invoice.first.line_number, f"invoice {life.invoice.name} is no order: {reasons}")
        )


def is_nobodys(invoice: Invoice) -> bool:
    """Whether the invoice has neither customer nor amount: a stock correction; or is an adjustment of the books."""
    if invoice.is_adjustment:
        return True
    return not invoice.first.customer and not invoice.is_cancellation and all(not row.price for row in invoice.rows)


def shop_of(invoice: Invoice) -> str:
    """Which shop's order it is: all of one customer's orders go to one shop."""
    share = _hash("shop", _key(invoice))
    if share < SHARE_OF_TEA:
        return TEA
    return SWEDISH if share < SHARE_OF_SWEDISH else GIFTS


def country_code(name: str, key: str, home: str) -> str:
    """ISO 3166 alpha-2 of a country of the data set; empty when it names none. Its home is the shop's home."""
    if name == HOME:
        return home
    code = COUNTRIES.get(name, "")
    return "GG" if code == "JE" and _hash("island", key) < 50 else code


def _delivery(invoice: Invoice, customer: Customer, market):
    """Another address than the customer's own: in the invoice's country, or now and then just another."""
    country = country_code(invoice.first.country, _key(invoice), market.home)
    if country == customer.billing.country and _hash("delivery", invoice.name) >= SHARE_OF_OTHER_ADDRESSES:
        return None
    return other_address(customer, country)


def _key(invoice: Invoice) -> str:
    return invoice.first.customer or invoice.name


def _hash(what: str, key: str) -> int:
    """0 to 99, the same in every run."""
    return crc32(f"{what} {key}".encode()) % 100
