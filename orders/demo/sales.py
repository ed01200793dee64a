"""Sales: how an order was paid, packed, sent, credited and talked about, and who did that when.

Times follow from the age of the order, so the newest orders are work to do and the old ones are done.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import accumulate

from backoffice.actor import Actor, Channel
from backoffice.roles import Role
from orders import money
from orders.demo import words
from orders.demo.codes import CARRIERS, parcel, payment_reference
from orders.demo.credit import Credit
from orders.demo.goods import goods_of
from orders.demo.hours import after_work, worked
from orders.demo.invoices import Invoice, Row
from orders.demo.lives import CHECKOUT, SLOW_METHODS, Life, Scene, Step, method_of, new_order
from orders.demo.standing import (
    BY_ITSELF,
    FOLLOWS_PAYMENT,
    LINE_STATUS,
    PATHS,
    SENT,
    STANDING,
    STOPPED,
    WORK_TO_DO,
    WORKED_BY,
)
from orders.models import LogAction, OrderLine, OrderNote, PaymentState, RefundState
from orders.services import NewNote, NewPayment, NewRefund, NewShipment
from statuses.kinds import FulfilmentStatus as F
from statuses.kinds import Kind, LineStatus
from statuses.kinds import PaymentStatus as P


def sale(invoice: Invoice, scene: Scene, credits_of: Sequence[tuple[Credit, datetime]]) -> Life:
    """An order a customer placed; `credits_of` are the cancellations that land on it, with their moment."""
    return Sale(invoice, scene, credits_of).life()


class Sale:
    """One sale while it is being invented, step by step in the order of the methods."""

    def __init__(self, invoice: Invoice, scene: Scene, credits_of: Sequence[tuple[Credit, datetime]]):
        self.invoice, self.scene, self.stage = invoice, scene, scene.stage
        self.rng = scene.random(invoice, "sale")
        self.credits = sorted(credits_of, key=lambda credit: credit[1])
        self.goods, self.positions = goods_of(invoice, scene.customer, scene.market)
        self.lines = list(self.goods.lines)
        self.total = self.goods.total(includes_vat=scene.market.prices_include_vat)
        self.steps: list[Step] = []
        self.payments: list[NewPayment] = []
        self.refunds: list[NewRefund] = []
        self.notes: list[NewNote] = []
        self.own: dict[str, int | str] = {}
        self.times: dict[str, datetime] = {}
        self.physical = [i for i, line in enumerate(self.lines) if line.kind == OrderLine.Kind.PHYSICAL]

    def life(self) -> Life:
        self.status = self._standing()
        self._mark_lines()
        self._fulfil()
        self._pay()
        self._credit()
        self._file()
        message = self._message()
        self._talk()
        self.steps.sort(key=lambda step: step.at)
        new = new_order(
            self.invoice,
            self.scene,
            self.goods,
            lines=self.lines,
            fulfilment_status=self.status,
            payment_status=self.payment_status,
            payments=self.payments,
            refunds=self.refunds,
            shipments=self.shipments,
            notes=self.notes,
            customer_message=message,
            payment_method=self.method,
            shipping_method=self.shipping_method,
            ip_address=self.scene.customer.ip_address if self.scene.customer else None,
            affiliate=self.rng.choice(words.AFFILIATES) if self.rng.random() < 0.06 else "",
        )
        return Life(self.invoice, new, CHECKOUT, self.steps, self.own, self.times)

    # --- where it stands -------------------------------------------------------------------------

    def _standing(self) -> F:
        zone = self.stage.shop.zone
        age = (self.scene.now.astimezone(zone).date() - self.scene.placed_at.astimezone(zone).date()).days
        weights = next(weights for limit, weights in STANDING if age <= limit)
        status = self.rng.choices(list(weights), list(weights.values()))[0]
        if self.credits:
            return self._standing_of_credited(status)
        if not self.physical and status in {F.BACKORDERED, F.PARTLY_SHIPPED, F.READY}:
            return F.NEW
        if status == F.PARTLY_SHIPPED and len(self.physical) < 2:
            return F.SHIPPED
        return status

    def _standing_of_credited(self, status: F) -> F:
        """What was credited whole was cancelled or came back; what was credited in part has left the building."""
        if not self._is_credited_whole:
            return status if status in SENT - {F.RETURNED} else F.SHIPPED
        is_early = self.credits[-1][1] - self.scene.placed_at < timedelta(days=2)
        return F.CANCELLED if is_early else F.RETURNED

    @property
    def _is_credited_whole(self) -> bool:
        taken_back = self._pieces_credited()
        return all(taken_back.get(row.line_number, 0) == row.quantity for row in self.invoice.rows)

    def _pieces_credited(self) -> dict[int, int]:
        """Pieces taken back by the line number of their row."""
        pieces: dict[int, int] = {}
        for credit, _at in self.credits:
            for line_number, number in credit.pieces.items():
                pieces[line_number] = pieces.get(line_number, 0) + number
        return pieces

    def _mark_lines(self) -> None:
        waiting = self._waiting_lines()
        status = LINE_STATUS.get(self.status, LineStatus.SHIPPED)
        for i, line in enumerate(self.lines):
            if i in waiting:
                self.lines[i] = replace(
                    line, status=LineStatus.BACKORDERED, is_backordered=True, expected_on=self._expected_on()
                )
            else:
                is_taken = self.status in SENT | {F.PARTLY_SHIPPED} and i in self.physical
                self.lines[i] = replace(line, status=status, quantity_picked=line.quantity if is_taken else Decimal(0))
        self._mark_credited_lines()

    def _waiting_lines(self) -> set[int]:
        """Places of the lines that are not in stock."""
        if self.status not in {F.BACKORDERED, F.PARTLY_SHIPPED}:
            return set()
        most = len(self.physical) - (self.status == F.PARTLY_SHIPPED)
        return set(self.rng.sample(self.physical, self.rng.randint(1, min(3, most))))

    def _expected_on(self) -> date:
        return (self.scene.now + timedelta(days=self.rng.randint(-2, 24))).astimezone(self.stage.shop.zone).date()

    def _mark_credited_lines(self) -> None:
        for line_number, number in self._pieces_credited().items():
            position = self.positions.get(line_number)
            if position is None:
                continue  # postage, which is a cost of the order and no line
            line, pieces = self.lines[position - 1], Decimal(number)
            came_back = pieces if self.status != F.CANCELLED else Decimal(0)
            status = LineStatus.CREDITED if pieces == line.quantity else line.status
            self.lines[position - 1] = replace(
                line, status=status, quantity_credited=pieces, quantity_returned=came_back
            )

    # --- packed and sent -------------------------------------------------------------------------

    def _fulfil(self) -> None:
        self.shipments: list[NewShipment] = []
        carrier = self.rng.choice(self.scene.market.carriers)
        self.shipping_method = CARRIERS[carrier][0] if self.physical else ""
        path = PATHS[self.status]
        old, own_id = self._first_status(), None
        for status, at in zip([status for status, _hours in path], self._moments(path), strict=True):
            own_id = self._own_status(status) if status == self.status else None
            by = BY_ITSELF.get(status) or self.stage.by(WORKED_BY.get(status, Role.WAREHOUSE))
            change = {"fulfilment_status": {"old": old.value, "new": status.value}}
            if own_id:
                change = {"fulfilment_own_status_id": {"old": None, "new": own_id}} | change
            action = LogAction.FULFILMENT_CHANGED
            if status == F.ON_HOLD:
                action, change = LogAction.ORDER_HELD, change | self._hold(old)
            step = Step(at, by, [(action, change, "")])
            if status in {F.SHIPPED, F.PARTLY_SHIPPED} and self.physical:
                step.entries.insert(0, (LogAction.SHIPMENT_ADDED, {}, self._ship(carrier, at)))
            if status == F.IN_PROGRESS:
                self.times["printed_at"] = at
            self.steps.append(step)
            old = status
        self.ended_at = self.steps[-1].at if path else self.scene.placed_at
        if own_id:
            self.own["fulfilment_own_status_id"] = own_id

    def _hold(self, old: F) -> dict:
        """Keep why the order is held and where it goes on; returns both as the log has them."""
        reason = words.in_language(words.HOLD_REASONS, self.scene.language)
        self.own |= {"hold_reason": reason, "status_before_hold": old.value}
        return {name: {"old": "", "new": value} for name, value in self.own.items()}

    def _first_status(self) -> F:
        if self.status in {F.NEW, F.BACKORDERED}:
            return self.status
        if self.status == F.PARTLY_SHIPPED:
            return F.BACKORDERED
        return F.READY if self.stage.shop.ready_rule and self.physical else F.NEW

    def _own_status(self, status: F) -> int | None:
        """One in two orders in progress is in the shop's own status for that."""
        own = [
            row for row in self.stage.own_statuses.values() if row.kind == Kind.FULFILMENT and row.stands_for == status
        ]
        return self.rng.choice(own).pk if own and self.rng.random() < 0.5 else None

    def _moments(self, path: Sequence[tuple[F, int]]) -> list[datetime]:
        """When each status came, within the order's age; what ends with a credit ends before its moment."""
        start, end, zone = self.scene.placed_at, self.scene.latest, self.stage.shop.zone
        if self.credits and self._is_credited_whole:
            end = min(self.credits[-1][1], end)
        hours = list(accumulate(usual * self.rng.uniform(0.6, 1.4) for _status, usual in path))
        room = worked(start, end, zone) * self.rng.uniform(0.7, 0.98)
        squeeze = min(1.0, room / timedelta(hours=hours[-1])) if hours else 1.0
        return [after_work(start, timedelta(hours=each * squeeze), end, zone) for each in hours]

    def _ship(self, carrier: str, at: datetime) -> str:
        sent = parcel(carrier, self.rng)
        quantities = {}
        if self.status == F.PARTLY_SHIPPED:
            quantities = {i + 1: self.lines[i].quantity for i in self.physical if not self.lines[i].is_backordered}
        self.shipments.append(NewShipment(sent.carrier, sent.tracking_code, at, sent.tracking_url, quantities))
        return sent.tracking_code

    # --- paid ------------------------------------------------------------------------------------

    def _pay(self) -> None:
        self.method, self.provider = method_of(self.rng, self.scene)
        self.payment_status: P = P.AWAITING if self.method in SLOW_METHODS else P.OPEN
        if not self.total:
            self.payment_status = P.PAID
            return
        outcome = self._outcome()
        if outcome == "paid" and self.method not in SLOW_METHODS and self.rng.random() < 0.05:
            state = self.rng.choice((PaymentState.FAILED, PaymentState.EXPIRED, PaymentState.CANCELLED))
            self._payment(self.total, state, self.scene.placed_at + timedelta(seconds=20))
        self._settle(outcome)
        if outcome == "paid" and self.status in STOPPED | {F.RETURNED} and not self.credits:
            self._refund(self.total, "", max(self.ended_at, self._paid_at()))

    def _outcome(self) -> str:
        """paid, partly, open, failed, expired or cancelled."""
        chance = self.rng.random()
        if self.credits or self.status == F.RETURNED:
            return "paid"
        if self.status == F.EXPIRED:
            return "expired"
        if self.status == F.CANCELLED:
            return "paid" if chance < 0.45 else "failed" if chance < 0.6 else "cancelled"
        if self.status in {F.NEW, F.ON_HOLD}:
            return "paid" if chance < 0.45 else "open" if chance < 0.84 else "failed" if chance < 0.94 else "partly"
        if self.method in SLOW_METHODS and self.status != F.COMPLETED:
            return "paid" if chance < 0.45 else "partly" if chance < 0.53 else "open"
        return "paid" if chance < 0.985 else "partly" if self.method in SLOW_METHODS else "open"

    def _settle(self, outcome: str) -> None:
        slow = self.method in SLOW_METHODS
        begun_at = self.scene.placed_at + timedelta(seconds=self.rng.randint(40, 240))
        settled_at = begun_at
        if slow:
            # A cancelled or returned order was paid before that.
            end = self.steps[0].at if self.steps and (self.credits or self.status in STOPPED) else self.scene.latest
            settled_at = self.scene.work_moment(self.rng, end, at_most=timedelta(hours=120))
        settled_at = min(settled_at, self.scene.latest)
        amount = self.total
        if outcome == "partly" and self.total > 2:
            amount = money.rounded(self.total * self.rng.choice((Decimal("0.25"), Decimal("0.5"), Decimal("0.9"))))
        elif outcome == "partly":
            outcome = "paid"
        if outcome == "open":
            if not slow:
                self._payment(amount, PaymentState.PENDING, begun_at)
            return
        state = {"partly": PaymentState.PAID}.get(outcome) or PaymentState(outcome)
        self._payment(amount, state, min(begun_at, settled_at), settled_at)
        is_money = state == PaymentState.PAID
        action = LogAction.PAYMENT_RECEIVED if is_money else LogAction.PAYMENT_CHANGED
        by = Actor(self.provider, Channel.API) if self.provider else self.stage.by(Role.FINANCE)
        self._payment_step(settled_at, by, action, FOLLOWS_PAYMENT[outcome], self.method)

    def _payment(
        self, amount: Decimal, state: PaymentState, begun_at: datetime, paid_at: datetime | None = None
    ) -> None:
        reference = payment_reference(self.provider, self.invoice.number, self.rng)
        paid_at = paid_at if state == PaymentState.PAID else None
        self.payments.append(NewPayment(amount, self.method, state, begun_at, self.provider, reference, paid_at))

    def _payment_step(self, at: datetime, by: Actor, action: LogAction, status: P, subject: str) -> None:
        change = {}
        if status != self.payment_status:
            change = {"payment_status": {"old": self.payment_status.value, "new": status.value}}
        self.steps.append(Step(at, by, [(action, change, subject)]))
        self.payment_status = status

    def _refund(self, amount: Decimal, reason: str, at: datetime) -> None:
        """Give back `amount`, by the provider or, one in four, still to be paid out by hand."""
        paid = sum((payment.amount for payment in self.payments if payment.state == PaymentState.PAID), money.ZERO)
        back = sum((refund.amount for refund in self.refunds), money.ZERO) + amount
        is_open = self.rng.random() < (0.25 if self.provider else 0.5) and self.scene.now - at < timedelta(days=20)
        state = RefundState.TO_PAY_OUT if is_open else RefundState.PAID_OUT
        by = self.stage.by(Role.FINANCE)
        self.refunds.append(NewRefund(amount, reason, state, at, None if is_open else at, by.name))
        status = P.REFUNDED if back >= paid else P.PARTLY_REFUNDED
        self._payment_step(at, by, LogAction.REFUND_MADE, status, f"{amount} {self.scene.market.currency}")

    def _credit(self) -> None:
        rows = {row.line_number: row for row in self.invoice.rows}
        left = self.total
        for i, (credit, moment) in enumerate(self.credits):
            is_last = i == len(self.credits) - 1
            at = min(max(moment, self.scene.placed_at), self.scene.latest)
            amount = sum((self._worth(rows[number], pieces) for number, pieces in credit.pieces.items()), money.ZERO)
            amount = left if is_last and self._is_credited_whole else min(amount, left)
            left -= amount
            if amount:
                self._refund(amount, f"Credit {credit.name}", max(at, self._paid_at()))

    def _paid_at(self) -> datetime:
        return max((payment.paid_at for payment in self.payments if payment.paid_at), default=self.scene.placed_at)

    def _worth(self, row: Row, pieces: int) -> Decimal:
        """What `pieces` of a row cost, VAT included."""
        position = self.positions.get(row.line_number)
        rate = self.lines[position - 1].vat_rate if position else self.goods.shipping_vat_rate
        amount = money.rounded(pieces * row.price * self.scene.market.per_pound)
        return money.with_vat(amount, rate, includes_vat=self.scene.market.prices_include_vat).incl

    # --- filed and talked about ------------------------------------------------------------------

    def _file(self) -> None:
        folder = self.stage.folders.get(self._folder())
        if folder:
            change = {"folder_id": {"old": None, "new": folder.pk}}
            self._office_step(LogAction.FOLDER_CHANGED, change, folder.name)
            self.own["folder_id"] = folder.pk
        internal = self.stage.own_statuses.get((Kind.INTERNAL, self._internal_status()))
        if internal:
            change = {"internal_status_id": {"old": None, "new": internal.pk}}
            self._office_step(LogAction.INTERNAL_CHANGED, change, "")
            self.own["internal_status_id"] = internal.pk

    def _folder(self) -> str:
        chance = self.rng.random()
        if self.status == F.ON_HOLD or self.payment_status == P.FAILED:
            return "To be checked" if chance < 0.6 else ""
        if chance < 0.15 and any("CHRISTMAS" in line.name for line in self.lines):
            return "Christmas campaign" if "Christmas campaign" in self.stage.folders else "Julmarknad"
        if chance < 0.3 and self.scene.customer and self.scene.customer.company:
            return "B2B" if "B2B" in self.stage.folders else "Återförsäljare"
        return "Trade fair" if chance > 0.97 else ""

    def _internal_status(self) -> str:
        chance = self.rng.random()
        if self.status in {F.BACKORDERED, F.PARTLY_SHIPPED} and chance < 0.7:
            return "waiting-for-supplier"
        if self.status == F.ON_HOLD and chance < 0.6:
            return "call-customer"
        return "gift-wrap" if self.status in WORK_TO_DO and chance < 0.07 else ""

    def _message(self) -> str:
        """What the customer wrote at checkout; the older it is, the surer it was read."""
        self.times["mailed_at"] = min(self.scene.placed_at + timedelta(seconds=90), self.scene.latest)
        if self.rng.random() > (0.2 if self.status in WORK_TO_DO else 0.08):
            return ""
        language = self.scene.customer.language if self.scene.customer else self.scene.language
        is_read = self.status not in WORK_TO_DO or self.rng.random() < 0.35
        if is_read:
            self.times["message_read_at"] = self._office_step(LogAction.MESSAGE_READ, {}, "")
        return self.rng.choice(words.in_language(words.CUSTOMER_MESSAGES, language))

    def _talk(self) -> None:
        language = self.scene.language
        if self.status == F.CANCELLED and self.rng.random() < 0.6:
            self._note(words.in_language(words.CANCELLED_NOTES, language))
        elif self.status in {F.DELIVERED, F.COMPLETED} and self.physical and self.rng.random() < 0.015:
            place = self.rng.choice(self.physical)
            self.lines[place] = replace(self.lines[place], status=LineStatus.COMPLAINT)
            self._note(words.in_language(words.COMPLAINT_NOTES, language))
        elif self.rng.random() < 0.05:
            self._note(self.rng.choice(words.in_language(words.INTERNAL_NOTES, language)))
        if self.status in {F.PARTLY_SHIPPED, F.BACKORDERED} or self.rng.random() < 0.02:
            text = self.rng.choice(words.in_language(words.CUSTOMER_NOTES, language))
            self._note(text, OrderNote.Audience.CUSTOMER)

    def _note(self, text: str, audience: str = OrderNote.Audience.INTERNAL) -> None:
        change = {"note": {"old": None, "new": text}}
        at = self._office_step(LogAction.NOTE_ADDED, change, audience)
        self.notes.append(NewNote(text, self.stage.by(Role.ORDERS).name, at, audience))

    def _office_step(self, action: LogAction, change: dict, subject: str) -> datetime:
        at = self.scene.work_moment(self.rng, self.scene.latest, at_most=timedelta(hours=14))
        self.steps.append(Step(at, self.stage.by(Role.ORDERS), [(action, change, subject)]))
        return at
