from orders.models.clock import NumberSeries, ShopClock, StatusCount
from orders.models.filing import Filing, Folder, OrderTag, Tag
from orders.models.invoice import Invoice, InvoiceDue, InvoiceFile, InvoiceKind, InvoiceSettings, IssueWhen
from orders.models.line import OrderLine
from orders.models.log import LogAction, OrderLogEntry
from orders.models.note import OrderNote
from orders.models.order import Address, Order, OrderSearchText, Source
from orders.models.payment import Payment, PaymentState, Refund, RefundLine, RefundState
from orders.models.returns import Return, ReturnLine, ReturnReason, ReturnState
from orders.models.shipment import Shipment, ShipmentLine
from orders.models.view import SavedView
from orders.models.waiting import WaitingFor

__all__ = [
    "Address",
    "Filing",
    "Folder",
    "Invoice",
    "InvoiceDue",
    "InvoiceFile",
    "InvoiceKind",
    "InvoiceSettings",
    "IssueWhen",
    "LogAction",
    "NumberSeries",
    "Order",
    "OrderLine",
    "OrderLogEntry",
    "OrderNote",
    "OrderSearchText",
    "OrderTag",
    "Payment",
    "PaymentState",
    "Refund",
    "RefundLine",
    "RefundState",
    "Return",
    "ReturnLine",
    "ReturnReason",
    "ReturnState",
    "SavedView",
    "Shipment",
    "ShipmentLine",
    "ShopClock",
    "Source",
    "StatusCount",
    "Tag",
    "WaitingFor",
]
