"""What an order of the demo world is made of, and the orders that are no ordinary sales.

Every choice comes from a random source that is seeded with the invoice number, so the same invoices give the same
world.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from backoffice.actor import Actor, Channel
from backoffice.roles import Role
from orders.demo import words
from orders.demo.goods import Goods, goods_of
from orders.demo.hours import moment_between
from orders.demo.invoices import Invoice
from orders.demo.people import Customer
from orders.demo.shops import Market, Stage
from orders.models import Address, LogAction, OrderLine, PaymentState, RefundState, Source
from orders.services import NewNote, NewOrder, NewPayment, NewRefund
from statuses.kinds import FulfilmentStatus as F
from statuses.kinds import LineStatus
from statuses.kinds import PaymentStatus as P

CHECKOUT = Actor("Webshop", Channel.API)
MOMENT = timedelta(minutes=10)
# (method, provider, weight) by the customer's country.
METHODS = {
    "NL": (
        ("iDEAL", "Mollie", 48),
        ("Invoice", "", 18),
        ("Credit card", "Mollie", 12),
        ("PayPal", "PayPal", 12),
        ("Bank transfer", "", 10),
    ),
    "SE": (("Klarna", "Klarna", 52), ("Credit card", "Mollie", 26), ("PayPal", "PayPal", 10), ("Invoice", "", 12)),
    "DE": (
        ("PayPal", "PayPal", 40),
        ("Klarna", "Klarna", 28),
        ("Credit card", "Mollie", 12),
        ("Bank transfer", "", 20),
    ),
    "": (("Credit card", "Mollie", 55), ("PayPal", "PayPal", 28), ("Bank transfer", "", 17)),
}
SLOW_METHODS = {"Invoice", "Bank transfer"}


@dataclass
class Step:
    """One act in an order's past: (action, changes, subject) of each of its log entries."""

    at: datetime
    by: Actor
    entries: list[tuple[LogAction, dict, str]]


@dataclass
class Life:
    """An order with its past; `own` and `times` are columns that a new order cannot bring."""

    invoice: Invoice
    new: NewOrder
    placed_by: Actor
    steps: list[Step] = field(default_factory=list)
    own: dict[str, int | str] = field(default_factory=dict)
    times: dict[str, datetime] = field(default_factory=dict)


@dataclass
class Scene:
    """Where and when an order is played: its shop and market, the customer, and the present."""

    stage: Stage
    market: Market
    is_target: bool
    customer: Customer | None
    delivery: Address | None
    placed_at: datetime
    now: datetime

    @property
    def language(self) -> str:
        return self.stage.shop.language

    @property
    def latest(self) -> datetime:
        """Nothing has happened after this."""
        return max(self.now - MOMENT, self.placed_at)

    def work_moment(self, rng: Random, end: datetime, *, at_most: timedelta) -> datetime:
        """A moment in office hours between the placing and `end`, with at most that much work before it."""
        return moment_between(rng, self.placed_at, end, at_most=at_most, zone=self.stage.shop.zone)

    def random(self, invoice: Invoice, what: str) -> Random:
        return Random(f"{what} {invoice.name}")  # noqa: S311  (invention, not secrecy)


# --- orders that are no sales --------------------------------------------------------------------


def correction(invoice: Invoice, scene: Scene) -> Life:
    """Pieces found, broken or counted again: price 0, nobody's order."""
    goods, _positions = goods_of(invoice, None, scene.market)
    note = words.in_language(words.CORRECTION_NOTES, scene.language)
    by = scene.stage.by(Role.WAREHOUSE)
    new = new_order(
        invoice,
        scene,
        goods,
        source=Source.MANUAL,
        lines=[replace(line, status=LineStatus.SHIPPED) for line in goods.lines],
        fulfilment_status=F.COMPLETED,
        notes=[NewNote(note, by.name, scene.placed_at)],
    )
    return Life(invoice, new, by)


def credit_order(invoice: Invoice, scene: Scene) -> Life:
    """A cancellation that fits no earlier order, or an adjustment: an order of its own with what is given back."""
    rng = scene.random(invoice, "credit")
    goods, _positions = goods_of(invoice, scene.customer, scene.market)
    total = goods.total(includes_vat=scene.market.prices_include_vat)
    by = scene.stage.by(Role.FINANCE if invoice.is_adjustment else Role.ORDERS)
    has_goods = any(line.kind != OrderLine.Kind.FEE for line in goods.lines)
    paid_back_at = scene.work_moment(rng, scene.latest, at_most=timedelta(hours=50))
    is_paid_back = scene.now - scene.placed_at > timedelta(days=2) and rng.random() < 0.9
    refunds, payments = [], []
    if total < 0:
        state = RefundState.PAID_OUT if is_paid_back else RefundState.TO_PAY_OUT
        reason = invoice.first.description.strip() or invoice.name
        refunds = [NewRefund(-total, reason, state, scene.placed_at, paid_back_at if is_paid_back else None, by.name)]
    elif total > 0:
        payments = [NewPayment(total, "Bank transfer", PaymentState.PAID, scene.placed_at, paid_at=scene.placed_at)]
    new = new_order(
        invoice,
        scene,
        goods,
        source=Source.MANUAL,
        lines=[replace(line, status=LineStatus.CREDITED) for line in goods.lines],
        fulfilment_status=F.RETURNED if has_goods and total <= 0 else F.COMPLETED,
        payment_status=P.REFUNDED if total < 0 else P.PAID,
        payments=payments,
        refunds=refunds,
        payment_method="Bank transfer",
    )
    life = Life(invoice, new, by)
    if is_paid_back and refunds:
        subject = f"{-total} {new.currency}"
        change = {"refund": {"old": RefundState.TO_PAY_OUT.value, "new": RefundState.PAID_OUT.value}}
        life.steps.append(Step(paid_back_at, scene.stage.by(Role.FINANCE), [(LogAction.REFUND_MADE, change, subject)]))
    return life


def abandoned_checkout(invoice: Invoice, scene: Scene, number: int) -> Life:
    """The same customer, a little earlier, with the first things of the cart: left before paying. Invented whole."""
    rng = scene.random(invoice, "abandoned")
    goods, _positions = goods_of(invoice, scene.customer, scene.market)
    lines = goods.lines[: rng.randint(1, 6)]
    left_at = scene.placed_at - timedelta(minutes=rng.randint(4, 50))
    new = new_order(
        invoice,
        scene,
        Goods([replace(line, status=LineStatus.OPEN) for line in lines]),
        placed_at=left_at,
        number=number,
        source_id=f"checkout-{number}",
        fulfilment_status=F.ABORTED,
        payment_status=rng.choice((P.OPEN, P.OPEN, P.EXPIRED, P.CANCELLED, P.FAILED)),
        payment_method=method_of(rng, scene)[0],
    )
    return Life(invoice, new, CHECKOUT)


def new_order(invoice: Invoice, scene: Scene, goods: Goods, **values) -> NewOrder:
    """What every order has; `values` are NewOrder's."""
    customer = scene.customer
    usual: dict = {
        "placed_at": scene.placed_at,
        "lines": goods.lines,
        "source_id": invoice.name,
        "number": invoice.number,
        "target_shop": scene.stage.target_shop if scene.is_target else None,
        "currency": scene.market.currency,
        "exchange_rate": _rate(scene),
        "prices_include_vat": scene.market.prices_include_vat,
        "shipping_cost": goods.shipping_cost,
        "shipping_vat_rate": goods.shipping_vat_rate,
        "payment_fee": goods.payment_fee,
        "payment_fee_vat_rate": goods.payment_fee_vat_rate,
    }
    if customer:
        usual |= {
            "customer_name": customer.name,
            "customer_company": customer.company,
            "customer_email": customer.email,
            "customer_phone": customer.phone,
            "customer_number": customer.number,
            "customer_language": customer.language,
            "personal_number": customer.personal_number,
            "vat_number": customer.vat_number,
            "billing": customer.billing,
            "shipping": scene.delivery,
        }
    return NewOrder(**usual | values)


def _rate(scene: Scene) -> Decimal:
    """What one unit of the order's currency is in the shop's, as on that day."""
    if scene.market.currency == scene.stage.shop.currency:
        return Decimal(1)
    day = Random(f"rate {scene.market.currency} {scene.placed_at:%j}")  # noqa: S311
    return Decimal(day.randint(1140, 1180)).scaleb(-3)


def method_of(rng: Random, scene: Scene) -> tuple[str, str]:
    """How it was to be paid, and through which provider."""
    country = scene.customer.billing.country if scene.customer else ""
    methods = METHODS.get(country, METHODS[""])
    method, provider, _weight = rng.choices(methods, [weight for *_rest, weight in methods])[0]
    return method, provider
