"""Where orders stand by their age, and how they came there, as data."""

from backoffice.actor import SYSTEM, Actor, Channel
from backoffice.roles import Role
from statuses.kinds import FulfilmentStatus as F
from statuses.kinds import LineStatus
from statuses.kinds import PaymentStatus as P

# Weights of the statuses of orders that are at most so many days old, by the calendar.
STANDING: tuple[tuple[float, dict[F, int]], ...] = (
    (1, {F.READY: 40, F.NEW: 14, F.IN_PROGRESS: 18, F.BACKORDERED: 9, F.ON_HOLD: 6, F.SHIPPED: 11, F.CANCELLED: 2}),
    (
        3,
        {
            F.READY: 12,
            F.IN_PROGRESS: 10,
            F.BACKORDERED: 8,
            F.ON_HOLD: 4,
            F.PARTLY_SHIPPED: 6,
            F.SHIPPED: 55,
            F.CANCELLED: 3,
            F.NEW: 2,
        },
    ),
    (
        10,
        {
            F.BACKORDERED: 4,
            F.ON_HOLD: 1,
            F.PARTLY_SHIPPED: 3,
            F.SHIPPED: 36,
            F.DELIVERED: 48,
            F.CANCELLED: 3,
            F.EXPIRED: 2,
            F.RETURNED: 2,
        },
    ),
    (
        21,
        {F.BACKORDERED: 1, F.SHIPPED: 6, F.DELIVERED: 50, F.COMPLETED: 33, F.CANCELLED: 3, F.EXPIRED: 3, F.RETURNED: 4},
    ),
    (float("inf"), {F.DELIVERED: 3, F.COMPLETED: 89, F.CANCELLED: 3, F.EXPIRED: 2, F.RETURNED: 3}),
)
# What follows the first status, with the usual hours of work since the one before; ten hours are a day.
PATHS: dict[F, tuple[tuple[F, int], ...]] = {
    F.NEW: (),
    F.READY: (),
    F.BACKORDERED: (),
    F.IN_PROGRESS: ((F.IN_PROGRESS, 2),),
    F.ON_HOLD: ((F.ON_HOLD, 3),),
    F.PARTLY_SHIPPED: ((F.IN_PROGRESS, 3), (F.PARTLY_SHIPPED, 7)),
    F.SHIPPED: ((F.IN_PROGRESS, 2), (F.SHIPPED, 7)),
    F.DELIVERED: ((F.IN_PROGRESS, 3), (F.SHIPPED, 8), (F.DELIVERED, 16)),
    F.COMPLETED: ((F.IN_PROGRESS, 3), (F.SHIPPED, 8), (F.DELIVERED, 16), (F.COMPLETED, 80)),
    F.CANCELLED: ((F.CANCELLED, 4),),
    F.EXPIRED: ((F.EXPIRED, 50),),
    F.RETURNED: ((F.IN_PROGRESS, 3), (F.SHIPPED, 8), (F.DELIVERED, 16), (F.RETURNED, 45)),
}
WORKED_BY = {F.CANCELLED: Role.ORDERS, F.ON_HOLD: Role.ORDERS, F.RETURNED: Role.ORDERS}
CARRIER = Actor("Carrier", Channel.API)
BY_ITSELF = {F.DELIVERED: CARRIER, F.COMPLETED: SYSTEM, F.EXPIRED: SYSTEM}
SENT = {F.SHIPPED, F.DELIVERED, F.COMPLETED, F.RETURNED}
STOPPED = {F.CANCELLED, F.EXPIRED}
WORK_TO_DO = {F.NEW, F.READY, F.IN_PROGRESS, F.ON_HOLD, F.BACKORDERED}
LINE_STATUS = {
    F.NEW: LineStatus.OPEN,
    F.ON_HOLD: LineStatus.READY,
    F.READY: LineStatus.READY,
    F.IN_PROGRESS: LineStatus.READY,
    F.BACKORDERED: LineStatus.READY,
    F.PARTLY_SHIPPED: LineStatus.SHIPPED,
    F.CANCELLED: LineStatus.CANCELLED,
    F.EXPIRED: LineStatus.CANCELLED,
    F.RETURNED: LineStatus.RETURNED,
}
FOLLOWS_PAYMENT = {
    "paid": P.PAID,
    "partly": P.PARTLY_PAID,
    "failed": P.FAILED,
    "expired": P.EXPIRED,
    "cancelled": P.CANCELLED,
}
