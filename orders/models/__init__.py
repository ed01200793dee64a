from orders.models.clock import NumberSeries, ShopClock, StatusCount
from orders.models.line import OrderLine
from orders.models.log import LogAction, OrderLogEntry
from orders.models.note import Folder, OrderNote
from orders.models.order import Address, Order, OrderSearchText, Source
from orders.models.payment import Payment, PaymentState, Refund, RefundState
from orders.models.shipment import Shipment, ShipmentLine
from orders.models.view import SavedView
from orders.models.waiting import WaitingFor

__all__ = [
    "Address",
    "Folder",
    "LogAction",
    "NumberSeries",
    "Order",
    "OrderLine",
    "OrderLogEntry",
    "OrderNote",
    "OrderSearchText",
    "Payment",
    "PaymentState",
    "Refund",
    "RefundState",
    "SavedView",
    "Shipment",
    "ShipmentLine",
    "ShopClock",
    "Source",
    "StatusCount",
    "WaitingFor",
]
