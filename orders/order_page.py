"""All that the order page shows, read with a known number of queries and ready to print.

`order_page` reads the order's rows once and turns them into plain strings; the template only lays them out. Orders
of a thousand lines exist, so nothing here asks the database per line and the template has little to do per line.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from urllib.parse import urlencode

from django.db.models import Count
from django.http import QueryDict
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from backoffice.models import Shop, StaffMember
from backoffice.roles import Permission
from orders import display, progress
from orders.models import (
    Address,
    Order,
    OrderLine,
    OrderLogEntry,
    OrderNote,
    Payment,
    PaymentState,
    Refund,
    RefundState,
    Shipment,
    Source,
)
from orders.order_list import neighbours
from orders.services.status import current_code
from orders.status_menu import choices_of
from orders.timeline import SHOWN_LABELS, Shown, Timeline, entries_of, timeline, words_of
from statuses.catalogue import Catalogue, catalogue_of
from statuses.kinds import FulfilmentStatus, Kind, LineStatus, Look
from statuses.transitions import may_follow

# Beyond this a line's menu is opened by its link: a thousand menus are ten thousand buttons nobody looks at.
LINES_WITH_MENUS = 100
LONGEST_QUERY = 2000
OFF = {LineStatus.CANCELLED, LineStatus.CREDITED, LineStatus.RETURNED}


@dataclass(frozen=True)
class PageQuery:
    """What the address asks for; whatever makes no sense falls back to the usual."""

    lines: str = ""
    line: int | None = None
    log: Shown = Shown.ALL
    before: int | None = None
    list_query: str = ""

    @classmethod
    def of(cls, query: QueryDict) -> "PageQuery":
        lines, log = query.get("lines", ""), query.get("log", "")
        return cls(
            lines=lines if lines in Shop.LineOrder.values else "",
            line=_small(query.get("line", "")),
            log=Shown(log) if log in set(Shown) else Shown.ALL,
            before=_small(query.get("before", "")),
            list_query=query.get("from", "")[:LONGEST_QUERY],
        )

    def but(self, **other: str) -> str:
        """The query string of this page with other values; what is not set is left out."""
        log = "" if self.log == Shown.ALL else self.log
        values = {"lines": self.lines, "log": log, "from": self.list_query} | other
        kept = {name: value for name, value in values.items() if value}
        return f"?{urlencode(kept)}" if kept else ""


def _small(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


@dataclass(frozen=True)
class Link:
    label: str | Promise
    url: str
    is_current: bool = False


@dataclass(frozen=True)
class Button:
    """A form of one button that moves a status; `seen` is what the page showed when it was pressed."""

    label: str | Promise
    icon: str
    url: str
    status: str
    seen: str


@dataclass(frozen=True)
class StatusMenu:
    """The statuses of one kind that may come next."""

    label: str | Promise
    url: str
    looks: list[Look]
    seen: str
    can_clear: bool = False


@dataclass(frozen=True)
class LineRow:
    position: int
    name: str
    about: str
    look: Look
    css: str
    location: str
    weight: str
    volume: str
    quantity: str
    so_far: str
    price_ex: str
    price_incl: str
    vat_rate: str
    total: str
    has_menu: bool
    menu_url: str


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
class ShipmentRow:
    title: str
    about: str
    code: str
    url: str


@dataclass(frozen=True)
class NoteRow:
    pk: int
    text: str
    about: str
    for_customer: bool


@dataclass(frozen=True)
class Fact:
    """A term and what is known about it; `rows` are its lines."""

    label: str
    rows: Sequence[str]
    kind: str = ""


@dataclass(frozen=True)
class Rights:
    """What this member of staff may do with this order; in Deleted it can only be restored and noted."""

    change: bool
    pay: bool
    note: bool
    restore: bool
    see_personal_data: bool


@dataclass
class OrderPage:
    number: str
    rights: Rights
    url: str
    query: str
    back_url: str
    list_is_filtered: bool
    previous_url: str
    next_url: str
    is_deleted: bool
    deleted_at: str
    pills: list[Look]
    meta: list[str]
    total: str
    folder: str
    stations: list[progress.Station]
    primary: Button | None
    menus: list[StatusMenu]
    lines: list[LineRow]
    number_of_lines: str
    open_line: int | None
    line_looks: list[Look]
    line_sorts: list[Link]
    size: str
    totals: list[Amount]
    message: str
    message_is_read: bool
    message_read_at: str
    customer: list[Fact]
    customer_url: str
    ship_to: list[str]
    bill_to: list[str]
    payments: list[MoneyRow]
    refunds_to_pay_out: list[str]
    shipments: list[ShipmentRow]
    notes: list[NoteRow]
    more: list[Fact]
    timeline: Timeline
    timeline_tabs: list[Link]
    earlier_url: str
    has_personal_number: bool
    personal_number: str = ""


def order_page(
    order: Order, *, shop: Shop, staff: StaffMember, query: PageQuery, personal_number: str = ""
) -> OrderPage:
    """Read and lay out everything; `order` comes with `folder` and `target_shop`, `personal_number` when it may show.

    Ten queries, whatever the order holds, and two more for the orders beside it.
    """
    return _Reader(order, shop, staff, query).page(personal_number)


@dataclass
class _Reader:
    order: Order
    shop: Shop
    staff: StaffMember
    query: PageQuery
    catalogue: Catalogue = field(init=False)

    def __post_init__(self) -> None:
        self.catalogue = catalogue_of(self.shop)
        self.zone = self.shop.zone
        self.url = reverse("orders:detail", args=[self.shop.number, self.order.number])
        deleted = self.order.deleted_at is not None
        self.rights = Rights(
            change=not deleted and self.staff.may(Permission.CHANGE_ORDERS),
            pay=not deleted and self.staff.may(Permission.CHANGE_PAYMENTS),
            note=self.staff.may(Permission.WRITE_NOTES),
            restore=deleted and self.staff.may(Permission.CHANGE_ORDERS),
            see_personal_data=self.staff.may(Permission.VIEW_PERSONAL_DATA),
        )

    def page(self, personal_number: str) -> OrderPage:
        order = self.order
        lines = list(order.lines.all())
        payments, refunds = list(order.payments.all()), list(order.refunds.select_related("payment"))
        shipments = list(order.shipments.annotate(number_of_lines=Count("lines")))
        log = entries_of(order, shown=self.query.log, before=self.query.before)
        told = timeline(
            log,
            order,
            staff=self.staff,
            words=words_of(self.shop),
            zone=self.zone,
            shown=self.query.log,
            is_newest_page=self.query.before is None,
        )
        beside = neighbours(order, self.shop, QueryDict(self.query.list_query))
        steps = progress.next_steps(order)
        ship_to, bill_to = order.shipping_address, order.billing_address
        return OrderPage(
            number=order.display_number,
            rights=self.rights,
            url=self.url + self.query.but(),
            query=self.query.but(),
            back_url=self._list_url(),
            list_is_filtered=bool(self.query.list_query),
            previous_url=self._order_url(beside.newer),
            next_url=self._order_url(beside.older),
            is_deleted=order.deleted_at is not None,
            deleted_at=display.date_time(order.deleted_at, self.zone) if order.deleted_at else "",
            pills=self._pills(),
            meta=self._meta(lines),
            total=self._money(order.total),
            folder=order.folder.name if order.folder else "",
            stations=self._stations(payments, log),
            primary=self._primary(steps),
            menus=self._menus(),
            lines=[self._line(line, len(lines)) for line in self._sorted(lines)],
            number_of_lines=ngettext("%(number)s line", "%(number)s lines", len(lines))
            % {"number": display.integer(len(lines))},
            open_line=self.query.line,
            line_looks=self._line_looks(),
            line_sorts=self._line_sorts(),
            size=self._size(),
            totals=self._totals(),
            message=order.customer_message,
            message_is_read=order.message_read_at is not None,
            message_read_at=display.date_time(order.message_read_at, self.zone) if order.message_read_at else "",
            customer=self._customer(),
            customer_url=self._customer_url(),
            ship_to=_address_rows(ship_to),
            bill_to=_address_rows(bill_to) if bill_to != ship_to else [],
            payments=[*map(self._payment, payments), *map(self._refund, refunds)],
            refunds_to_pay_out=[self._to_pay_out(each) for each in refunds if each.state == RefundState.TO_PAY_OUT],
            shipments=[self._shipment(each) for each in shipments],
            notes=[self._note(each) for each in order.notes.all()],
            more=self._more(),
            timeline=told,
            timeline_tabs=[
                Link(label, f"{self.url}{self.query.but(log=shown)}#timeline", shown == self.query.log)
                for shown, label in SHOWN_LABELS.items()
            ],
            earlier_url=f"{self.url}{self.query.but(before=str(told.earlier))}#timeline" if told.earlier else "",
            has_personal_number=bool(order.personal_number) and self.rights.see_personal_data,
            personal_number=personal_number,
        )

    # --- around the order ------------------------------------------------------------------------

    def _list_url(self) -> str:
        url = reverse("orders:list", args=[self.shop.number])
        return f"{url}?{self.query.list_query}" if self.query.list_query else url

    def _order_url(self, number: str | None) -> str:
        if number is None:
            return ""
        kept = f"?{urlencode({'from': self.query.list_query})}" if self.query.list_query else ""
        return reverse("orders:detail", args=[self.shop.number, number]) + kept

    def _action_url(self, name: str) -> str:
        return reverse(f"orders:{name}", args=[self.shop.number, self.order.number]) + self.query.but()

    # --- head ------------------------------------------------------------------------------------

    def _pills(self) -> list[Look]:
        order = self.order
        pills = [
            self.catalogue.look(Kind.FULFILMENT, order.fulfilment_status, order.fulfilment_own_status_id),
            self.catalogue.look(Kind.PAYMENT, order.payment_status, order.payment_own_status_id),
        ]
        if order.internal_status_id is not None:
            pills.append(self.catalogue.look(Kind.INTERNAL, "", order.internal_status_id))
        waiting = order.number_of_lines_backordered
        if waiting:
            text = ngettext("%(number)s line backordered", "%(number)s lines backordered", waiting)
            pills.append(Look("", text % {"number": display.integer(waiting)}, "orange", "half"))
        return pills

    def _meta(self, lines: list[OrderLine]) -> list[str]:
        order = self.order
        pieces = sum((line.quantity for line in lines if line.kind != OrderLine.Kind.FEE), Decimal(0))
        source = [str(Source(order.source).label), order.source_name, order.customer_language]
        if order.target_shop:
            source.insert(1, order.target_shop.name)
        items = ngettext("%(number)s item", "%(number)s items", int(abs(pieces))) % {"number": display.quantity(pieces)}
        facts = [
            display.weekday_date_time(order.placed_at, self.zone),
            _dotted(*source),
            order.shipping_method,
            _dotted(items, self._weight(order.weight_g)),
        ]
        return [fact for fact in facts if fact]

    def _stations(self, payments: list[Payment], log: list[OrderLogEntry]) -> list[progress.Station]:
        order = self.order
        paid = next((each for each in reversed(payments) if each.state == PaymentState.PAID), None)
        done: dict[str, str] = {}
        for entry in log:
            reached = entry.changes.get("fulfilment_status", {}).get("new")
            if reached:
                done.setdefault(reached, self._short(entry.created_at))
        look = self.catalogue.look(Kind.FULFILMENT, order.fulfilment_status, order.fulfilment_own_status_id)
        return progress.stations(
            order,
            placed=self._short(order.placed_at),
            paid=", ".join(filter(None, [self._short(paid.paid_at or paid.created_at), paid.method])) if paid else "",
            done=done,
            status_label=str(look.label),
        )

    def _short(self, moment) -> str:
        """The time beside the order's own day, the day where it was another."""
        return display.short_time(moment, self.zone, self.order.placed_at.astimezone(self.zone).date())

    # --- what can be done ------------------------------------------------------------------------

    def _may(self, kind: str) -> bool:
        return self.rights.pay if kind == Kind.PAYMENT else self.rights.change

    def _primary(self, steps: list[progress.Step]) -> Button | None:
        for step in steps:
            if self._may(step.kind):
                seen = current_code(self.order, step.kind, self.catalogue)
                return Button(step.label, step.icon, self._action_url(f"set-{step.kind}"), step.code, seen)
        return None

    def _menus(self) -> list[StatusMenu]:
        """The moves that are possible, by kind; a kind without one, or without the right to it, is left out."""
        order = self.order
        menus = []
        for kind, old in (
            (Kind.FULFILMENT, order.fulfilment_status),
            (Kind.PAYMENT, order.payment_status),
            (Kind.INTERNAL, ""),
        ):
            seen = current_code(order, kind, self.catalogue)
            looks = [look for look in self._looks(kind) if look.code != seen and self._may_follow(kind, old, look.code)]
            can_clear = kind == Kind.INTERNAL and bool(seen)
            if self._may(kind) and (looks or can_clear):
                menus.append(StatusMenu(Kind(kind).label, self._action_url(f"set-{kind}"), looks, seen, can_clear))
        return menus

    def _looks(self, kind: str) -> list[Look]:
        return [choice.look for choice in choices_of(self.catalogue, kind)]

    def _may_follow(self, kind: str, old: str, code: str) -> bool:
        if kind == Kind.INTERNAL:
            return True
        own = self.catalogue.find(kind, code)
        new = own.stands_for if own else code
        return new != FulfilmentStatus.ABORTED and may_follow(kind, old, new)

    def _line_looks(self) -> list[Look]:
        return self._looks(Kind.LINE) if self.rights.change else []

    # --- lines -----------------------------------------------------------------------------------

    def _sorted(self, lines: list[OrderLine]) -> list[OrderLine]:
        by = self.query.lines or self.shop.line_order
        if by == Shop.LineOrder.LOCATION:
            # Without a place on a shelf there is nothing to walk to: last.
            return sorted(lines, key=lambda line: (not line.location, line.location.casefold(), line.position))
        if by == Shop.LineOrder.SKU:
            return sorted(lines, key=lambda line: (line.sku.casefold(), line.position))
        return lines

    def _line_sorts(self) -> list[Link]:
        chosen = self.query.lines or self.shop.line_order
        return [
            Link(label, f"{self.url}{self.query.but(lines=value)}", value == chosen)
            for value, label in Shop.LineOrder.choices
        ]

    def _line(self, line: OrderLine, number_of_lines: int) -> LineRow:
        currency = self.order.currency
        is_waiting = line.status == LineStatus.BACKORDERED
        return LineRow(
            position=line.position,
            name=line.name or line.sku or _("No description"),
            about=_dotted(line.sku if line.name else "", line.options, self._line_news(line)),
            look=self.catalogue.look(Kind.LINE, line.status, line.own_status_id),
            css="bo" if is_waiting else "off" if line.status in OFF else "",
            location=line.location,
            weight=self._weight(line.weight_g),
            volume=display.volume(line.volume_cm3) if line.volume_cm3 else "",
            quantity=display.quantity(line.quantity),
            so_far=self._so_far(line),
            price_ex=self._unit_price(line.unit_price_ex, is_quoted=not self.order.prices_include_vat),
            price_incl=self._unit_price(line.unit_price_incl, is_quoted=self.order.prices_include_vat),
            vat_rate=display.rate(line.vat_rate),
            total=display.money(line.total, currency),
            has_menu=self.rights.change and (number_of_lines <= LINES_WITH_MENUS or line.position == self.query.line),
            menu_url=f"{self.url}{self.query.but(line=str(line.position))}#line-{line.position}",
        )

    def _unit_price(self, price: Decimal, *, is_quoted: bool) -> str:
        """As it was quoted, to the last of its places; the one computed from it in cents."""
        return (display.price if is_quoted else display.money)(price, self.order.currency)

    def _line_news(self, line: OrderLine) -> str:
        news = []
        if line.status == LineStatus.BACKORDERED and line.expected_on:
            news.append(_("expected %(day)s") % {"day": display.day(line.expected_on)})
        taken_off = line.discount + line.discount_share
        if taken_off:
            news.append(_("discount %(amount)s") % {"amount": display.money(taken_off, self.order.currency)})
        return _dotted(*news)

    def _so_far(self, line: OrderLine) -> str:
        """How much of the line is on its way or came back, in words; empty for the plain case."""
        parts = [
            (line.quantity_shipped, _("%(number)s shipped")),
            (line.quantity_picked, _("%(number)s picked")),
            (line.quantity_credited, _("%(number)s credited")),
            (line.quantity_returned, _("%(number)s returned")),
        ]
        return ", ".join(words % {"number": display.quantity(number)} for number, words in parts if number)

    def _weight(self, grams: int) -> str:
        return display.weight(grams) if grams else ""

    def _size(self) -> str:
        order = self.order
        parts = []
        if order.weight_g:
            parts.append(_("Weight %(weight)s") % {"weight": display.weight(order.weight_g)})
        if order.volume_cm3:
            parts.append(_("volume %(volume)s") % {"volume": display.volume(order.volume_cm3)})
        return _dotted(*parts)

    # --- money -----------------------------------------------------------------------------------

    def _money(self, amount: Decimal) -> str:
        return display.money(amount, self.order.currency)

    def _totals(self) -> list[Amount]:
        """As the customer was quoted: with VAT in each amount, or net amounts and VAT on top."""
        order = self.order
        rows = [Amount(_("Lines"), self._money(order.lines_total + order.discount))]
        if order.discount:
            rows.append(Amount(_("Discount"), self._money(-order.discount)))
        if order.shipping_cost:
            rows.append(Amount(_named(_("Shipping"), order.shipping_method), self._money(order.shipping_cost)))
        if order.payment_fee:
            rows.append(Amount(_named(_("Payment fee"), order.payment_method), self._money(order.payment_fee)))
        if not order.prices_include_vat:
            rows.append(Amount(_("Total excl. VAT"), self._money(order.total_ex)))
        rows += [self._vat(each) for each in order.vat_totals]
        rows.append(Amount(_("Total"), self._money(order.total), "g"))
        return rows + self._in_shop_currency() + self._settled()

    def _vat(self, row: dict[str, str]) -> Amount:
        words = _("of which VAT %(rate)s") if self.order.prices_include_vat else _("VAT %(rate)s")
        return Amount(words % {"rate": display.rate(Decimal(row["rate"]))}, self._money(Decimal(row["vat"])), "mut")

    def _in_shop_currency(self) -> list[Amount]:
        order = self.order
        if order.currency == self.shop.currency:
            return []
        rate = {"currency": self.shop.currency, "rate": display.exchange_rate(order.exchange_rate)}
        own = display.money(order.total * order.exchange_rate, self.shop.currency)
        return [Amount(_("In %(currency)s at %(rate)s") % rate, own, "mut")]

    def _settled(self) -> list[Amount]:
        """What came in and went back, and what is left. Money given back was owed no more, so it is not open again."""
        order = self.order
        rows = []
        if order.paid_total:
            rows.append(Amount(_("Paid"), self._money(order.paid_total)))
        if order.refunded_total:
            rows.append(Amount(_("Refunded"), self._money(-order.refunded_total)))
        due, surplus = order.total - order.paid_total, order.paid_total - order.refunded_total - order.total
        if due > 0 and order.fulfilment_status not in progress.STOPPED and order.payment_status not in progress.PAID:
            rows.append(Amount(_("Still open"), self._money(due), "due"))
        elif surplus > 0:
            rows.append(Amount(_("Paid too much"), self._money(surplus), "due"))
        return rows

    def _payment(self, payment: Payment) -> MoneyRow:
        moment = payment.paid_at or payment.created_at
        return MoneyRow(
            title=_named(payment.method, payment.provider),
            about=_dotted(display.date_time(moment, self.zone), payment.provider_reference),
            amount=self._money(payment.amount),
            look=_PAYMENT_LOOKS[payment.state],
            icon="card",
        )

    def _refund(self, refund: Refund) -> MoneyRow:
        by = _("by %(name)s") % {"name": refund.created_by} if refund.created_by else ""
        return MoneyRow(
            title=_named(_("Refund"), refund.reason),
            about=_dotted(display.date_time(refund.paid_out_at or refund.created_at, self.zone), by),
            amount=self._money(-refund.amount),
            look=_REFUND_LOOKS[refund.state],
            icon="undo",
        )

    def _to_pay_out(self, refund: Refund) -> str:
        amount = self._money(refund.amount)
        provider = refund.payment.provider if refund.payment else ""
        if provider:
            words = _("%(amount)s must still be paid out in your account at %(provider)s.")
            return words % {"amount": amount, "provider": provider}
        return _("%(amount)s must still be paid out to the customer.") % {"amount": amount}

    # --- cards -----------------------------------------------------------------------------------

    def _customer(self) -> list[Fact]:
        order = self.order
        facts = [
            Fact(_("Name"), [order.customer_name or order.billing_name or _("Guest")]),
            Fact(_("Company"), [order.customer_company]),
            Fact(_("E-mail"), [order.customer_email], "mail"),
            Fact(_("Phone"), [order.customer_phone], "phone"),
            Fact(_("VAT number"), [order.vat_number], "mono"),
        ]
        return [fact for fact in facts if fact.rows[0]]

    def _customer_url(self) -> str:
        """The customer's orders: whoever has the same address."""
        email = self.order.customer_email
        return reverse("orders:list", args=[self.shop.number]) + "?" + urlencode({"q": email}) if email else ""

    def _shipment(self, shipment: Shipment) -> ShipmentRow:
        number = shipment.number_of_lines
        parcels = shipment.number_of_parcels
        return ShipmentRow(
            title=shipment.carrier or _("Shipment"),
            about=_dotted(
                display.date_time(shipment.shipped_at, self.zone),
                ngettext("%(number)s line", "%(number)s lines", number) % {"number": display.integer(number)},
                ngettext("%(number)s parcel", "%(number)s parcels", parcels) % {"number": parcels},
                self._weight(shipment.weight_g),
            ),
            code=shipment.tracking_code,
            # An import may bring anything; only what leads to a web page becomes a link.
            url=shipment.tracking_url if shipment.tracking_url.startswith(("https://", "http://")) else "",
        )

    def _note(self, note: OrderNote) -> NoteRow:
        return NoteRow(
            pk=note.pk,
            text=note.text,
            about=_dotted(note.author, display.date_time(note.created_at, self.zone)),
            for_customer=note.audience == OrderNote.Audience.CUSTOMER,
        )

    def _more(self) -> list[Fact]:
        order = self.order
        facts = [
            Fact(_("Internal ID"), [order.external_id(self.shop)], "mono"),
            Fact(_("Customer number"), [order.customer_number]),
            Fact(_("Currency"), [_("%(currency)s, rate %(rate)s") % {
                "currency": order.currency, "rate": display.exchange_rate(order.exchange_rate)
            }]),
            Fact(_("Source"), [_dotted(str(Source(order.source).label), order.source_name)]),
            Fact(_("Number there"), [order.source_id or ""], "mono"),
            Fact(_("Shop"), [str(order.target_shop) if order.target_shop else ""]),
            Fact(_("Payment method"), [order.payment_method]),
            Fact(_("IP address"), [(order.ip_address or "") if self.rights.see_personal_data else ""], "mono"),
            Fact(_("Affiliate"), [order.affiliate]),
            Fact(_("Language"), [display.language_name(order.customer_language)]),
            Fact(_("Last change"), [_dotted(display.date_time(order.changed_at, self.zone), order.changed_by)]),
        ]  # fmt: skip
        return [fact for fact in facts if fact.rows[0]]


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


def _dotted(*parts: str) -> str:
    return " · ".join(filter(None, parts))


def _named(what: str, name: str) -> str:
    return ", ".join(filter(None, [what, name]))


def _address_rows(address: Address) -> list[str]:
    """The address as it stands on an envelope, without empty lines."""
    rows = [
        address.company,
        address.name,
        address.street,
        address.extra,
        " ".join(filter(None, [address.postcode, address.city])),
        address.region,
        display.country(address.country),
    ]
    return [row for row in rows if row]
