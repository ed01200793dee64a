"""Putting orders on hold with a reason, and letting them go on where they were."""

from typing import Any

from django.utils.translation import gettext as _

from orders.models import Order
from orders.services.errors import ChangeRefused, StatusChangeRefused
from statuses.kinds import FulfilmentStatus, Kind
from statuses.transitions import may_follow


class NotOnHold(ChangeRefused):
    def __init__(self) -> None:
        super().__init__(_("This order is not on hold."))


def held(order: Order, reason: str) -> dict[str, Any]:
    """The values of `order` on hold; the status it comes from is kept. Raises StatusChangeRefused."""
    if order.fulfilment_status == FulfilmentStatus.ON_HOLD:
        return {"hold_reason": reason or order.hold_reason}
    if not may_follow(Kind.FULFILMENT, order.fulfilment_status, FulfilmentStatus.ON_HOLD):
        old = FulfilmentStatus(order.fulfilment_status).label
        raise StatusChangeRefused(str(old), str(FulfilmentStatus.ON_HOLD.label))
    return {
        "fulfilment_status": FulfilmentStatus.ON_HOLD.value,
        "fulfilment_own_status_id": None,
        "hold_reason": reason,
        "status_before_hold": order.fulfilment_status,
    }


def released(order: Order) -> dict[str, Any]:
    """The values of `order` where it was before the hold. Raises NotOnHold."""
    if order.fulfilment_status != FulfilmentStatus.ON_HOLD:
        raise NotOnHold
    return {
        "fulfilment_status": order.status_before_hold or FulfilmentStatus.IN_PROGRESS.value,
        "fulfilment_own_status_id": None,
        "hold_reason": "",
        "status_before_hold": "",
    }
