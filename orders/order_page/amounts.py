"""What an order costs, what came in and what went back."""

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orders import display, progress
from orders.models import Payment, PaymentState, Refund, RefundState
from orders.order_page.context import PageContext, dotted, named
from orders.providers import adapter_for
from statuses.kinds import Look


@dataclass(frozen=True)
class Amount:
    """One line of the totals; `css` says how loud."""

    label: str
    value: str
    css: str = ""


@dataclass(frozen=True)
class MoneyRow:
    """A payment or a refund."""

    title: str
    about: str
    amount: str
    look: Look
    icon: str


@dataclass(frozen=True)
class ToPayOut:
    """A refund that is still to reach the customer; `provider` is set where an adapter can do it."""

    pk: int
    text: str
    provider: str = ""


_PAYMENT_LOOKS = {
    PaymentState.PENDING: Look("pending", PaymentState.PENDING.label, "yellow", "open"),
    PaymentState.PAID: Look("paid", PaymentState.PAID.label, "green", "full"),
    PaymentState.FAILED: Look("failed", PaymentState.FAILED.label, "red", "stop"),
    PaymentState.CANCELLED: Look("cancelled", PaymentState.CANCELLED.label, "grey", "stop"),
    PaymentState.EXPIRED: Look("expired", PaymentState.EXPIRED.label, "brown", "stop"),
}
_REFUND_LOOKS = {
    RefundState.TO_PAY_OUT: Look("to_pay_out", gettext_lazy("To pay out"), "orange", "half"),
    RefundState.PAID_OUT: Look("paid_out", RefundState.PAID_OUT.label, "purple", "full"),
}


def money_rows(at: PageContext, payments: list[Payment], refunds: list[Refund]) -> list[MoneyRow]:
    """Payments, then refunds, oldest first."""
    return [*(_payment(at, each) for each in payments), *(_refund(at, each) for each in refunds)]


def still_to_pay_out(at: PageContext, refunds: list[Refund]) -> list[ToPayOut]:
    """The refunds that nobody has paid out yet."""
    return [_to_pay_out(at, each) for each in refunds if each.state == RefundState.TO_PAY_OUT]


def totals(at: PageContext) -> list[Amount]:
    """As the customer was quoted: with VAT in each amount, or net amounts and VAT on top."""
    order = at.order
    rows = [Amount(_("Lines"), at.money(order.lines_total + order.discount))]
    if order.discount:
        rows.append(Amount(_("Discount"), at.money(-order.discount)))
    if order.shipping_cost:
        rows.append(Amount(named(_("Shipping"), order.shipping_method), at.money(order.shipping_cost)))
    if order.payment_fee:
        rows.append(Amount(named(_("Payment fee"), order.payment_method), at.money(order.payment_fee)))
    if not order.prices_include_vat:
        rows.append(Amount(_("Total excl. VAT"), at.money(order.total_ex)))
    rows += [_vat(at, each) for each in order.vat_totals]
    rows.append(Amount(_("Total"), at.money(order.total), "g"))
    return rows + _in_shop_currency(at) + _settled(at)


def _vat(at: PageContext, row: dict[str, str]) -> Amount:
    words = _("of which VAT %(rate)s") if at.order.prices_include_vat else _("VAT %(rate)s")
    return Amount(words % {"rate": display.rate(Decimal(row["rate"]))}, at.money(Decimal(row["vat"])), "mut")


def _in_shop_currency(at: PageContext) -> list[Amount]:
    order = at.order
    if order.currency == at.shop.currency:
        return []
    rate = {"currency": at.shop.currency, "rate": display.exchange_rate(order.exchange_rate)}
    own = display.money(order.total * order.exchange_rate, at.shop.currency)
    return [Amount(_("In %(currency)s at %(rate)s") % rate, own, "mut")]


def _settled(at: PageContext) -> list[Amount]:
    """What came in and went back, and what is left."""
    order = at.order
    rows = []
    if order.paid_total:
        rows.append(Amount(_("Paid"), at.money(order.paid_total)))
    if order.refunded_total:
        rows.append(Amount(_("Refunded"), at.money(-order.refunded_total)))
    due = order.open_amount
    if due > 0 and order.fulfilment_status not in progress.STOPPED and order.payment_status not in progress.PAID:
        rows.append(Amount(_("Still open"), at.money(due), "due"))
    elif due < 0:
        rows.append(Amount(_("To give back"), at.money(-due), "due"))
    return rows


def _payment(at: PageContext, payment: Payment) -> MoneyRow:
    moment = payment.paid_at or payment.created_at
    return MoneyRow(
        title=named(payment.method, payment.provider),
        about=dotted(display.date_time(moment, at.zone), payment.provider_reference, _moved(payment)),
        amount=at.money(payment.amount),
        look=_PAYMENT_LOOKS[payment.state],
        icon="card",
    )


def _moved(payment: Payment) -> str:
    """Which order money was counted over to, or from; empty for money that came in."""
    if payment.other_order is None:
        return ""
    words = _("counted over to order %(number)s") if payment.amount < 0 else _("counted over from order %(number)s")
    return words % {"number": payment.other_order.display_number}


def _refund(at: PageContext, refund: Refund) -> MoneyRow:
    by = _("by %(name)s") % {"name": refund.created_by} if refund.created_by else ""
    return MoneyRow(
        title=named(_("Refund"), refund.reason),
        about=dotted(display.date_time(refund.paid_out_at or refund.created_at, at.zone), by, refund.reference),
        amount=at.money(-refund.amount),
        look=_REFUND_LOOKS[refund.state],
        icon="undo",
    )


def _to_pay_out(at: PageContext, refund: Refund) -> ToPayOut:
    amount = at.money(refund.amount)
    provider = refund.payment.provider if refund.payment else ""
    if provider:
        words = _("%(amount)s must still be paid out in your account at %(provider)s.")
        text = words % {"amount": amount, "provider": provider}
        return ToPayOut(refund.pk, text, provider if adapter_for(provider) else "")
    return ToPayOut(refund.pk, _("%(amount)s must still be paid out to the customer.") % {"amount": amount})
