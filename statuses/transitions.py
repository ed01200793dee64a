"""Which status may follow which, as data. Guards that need an order (money, stock) live with the order services.

The tables are generous on purpose: staff correct mistakes, and events of the world arrive out of order
(paid after refunded, shipped before paid) and must never be lost. What is refused is what cannot be true.
"""

from statuses.kinds import FulfilmentStatus as F
from statuses.kinds import Kind
from statuses.kinds import LineStatus as L
from statuses.kinds import PaymentStatus as P

_BEFORE_SHIPPING = {F.NEW, F.IN_PROGRESS, F.ON_HOLD, F.BACKORDERED, F.READY}
_SENT = {F.PARTLY_SHIPPED, F.SHIPPED, F.DELIVERED, F.COMPLETED}
_STOPPED = {F.CANCELLED, F.EXPIRED}

_FULFILMENT: dict[str, set[str]] = {
    # An aborted checkout becomes an order when the payment arrives after all, or lapses.
    F.ABORTED: {F.NEW, F.IN_PROGRESS, F.BACKORDERED, F.READY, F.CANCELLED, F.EXPIRED},
    **dict.fromkeys(_BEFORE_SHIPPING, _BEFORE_SHIPPING | _SENT | _STOPPED),
    F.PARTLY_SHIPPED: _BEFORE_SHIPPING | _SENT | {F.CANCELLED, F.RETURNED},
    F.SHIPPED: _BEFORE_SHIPPING | _SENT | {F.RETURNED},
    F.DELIVERED: _SENT | {F.RETURNED},
    F.COMPLETED: _BEFORE_SHIPPING | _SENT | {F.RETURNED},
    F.RETURNED: _SENT | {F.IN_PROGRESS},
    # A stopped order can be taken up again, but it cannot have been sent while it was stopped.
    F.CANCELLED: _BEFORE_SHIPPING | {F.EXPIRED},
    F.EXPIRED: _BEFORE_SHIPPING | {F.CANCELLED},
}
_REFUNDING = {P.PARTLY_REFUNDED, P.REFUNDED}
_UNPAID = {P.OPEN, P.AWAITING, P.FAILED, P.CANCELLED, P.EXPIRED}
_PAYMENT: dict[str, set[str]] = {
    **{status: _UNPAID | {P.PAID, P.PARTLY_PAID} for status in _UNPAID},
    P.PARTLY_PAID: _UNPAID | {P.PAID} | _REFUNDING,
    P.PAID: _UNPAID | {P.PARTLY_PAID} | _REFUNDING,
    P.PARTLY_REFUNDED: {P.PAID, P.REFUNDED},
    P.REFUNDED: {P.PAID, P.PARTLY_REFUNDED},
}
_LINE: dict[str, set[str]] = {status: set(L) for status in L}

TABLES: dict[str, dict[str, set[str]]] = {
    Kind.FULFILMENT: {old: new - {old} for old, new in _FULFILMENT.items()},
    Kind.PAYMENT: {old: new - {old} for old, new in _PAYMENT.items()},
    Kind.LINE: {old: new - {old} for old, new in _LINE.items()},
}


def may_follow(kind: str, old: str, new: str) -> bool:
    """Whether the built-in status `new` may come after `old`; the same status may always be kept."""
    return old == new or new in TABLES[kind].get(old, set())
