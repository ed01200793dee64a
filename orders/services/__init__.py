"""Everything that changes an order. Nothing else does."""

from orders.services.bin import delete_orders, restore_orders
from orders.services.change import changing, order_changed
from orders.services.edit import EditConflict, Edited, OrderIsFrozen, PlanLacksEditing, edit_order
from orders.services.editing import Conflict, Edit, Wish
from orders.services.errors import (
    ChangedMeanwhile,
    ChangeRefused,
    InputRefused,
    NothingToUndo,
    OrderIsDeleted,
    OrderNotFound,
    OrderRefused,
    RefundedMeanwhile,
    StatusChangeRefused,
    UnknownStatus,
)
from orders.services.folders import move_to_folder
from orders.services.merge import merge_orders
from orders.services.merge_back import merge_back
from orders.services.merging import MergeRefused
from orders.services.new_order import NewLine, NewNote, NewOrder, NewPayment, NewRefund, NewShipment
from orders.services.notes import add_note, change_note, mark_message_read, remove_note
from orders.services.payments import record_payment
from orders.services.place import Placed, place_order, place_orders
from orders.services.privacy import show_personal_number
from orders.services.refunding import LineWish, Refundable, RefundPlan, RefundSum, refund_sum, refundable
from orders.services.refunds import Refunded, mark_paid_out, pay_out, refund_order
from orders.services.returns import announce_return, receive_return, refuse_return, returnable, settle_return
from orders.services.rules import Rule
from orders.services.shipments import (
    Dispatch,
    ShipmentStays,
    ShippedMeanwhile,
    add_shipment,
    add_tracking,
    change_shipment,
    remove_shipment,
)
from orders.services.split import SplitRefused, split_order
from orders.services.status import (
    BulkResult,
    set_fulfilment_status,
    set_internal_status,
    set_line_status,
    set_payment_status,
    set_status_of_many,
)
from orders.services.tags import add_tag, remove_tag
from orders.services.undo import actions_of, is_undoable, undo

__all__ = [
    "BulkResult",
    "ChangeRefused",
    "ChangedMeanwhile",
    "Conflict",
    "Dispatch",
    "Edit",
    "EditConflict",
    "Edited",
    "InputRefused",
    "LineWish",
    "MergeRefused",
    "NewLine",
    "NewNote",
    "NewOrder",
    "NewPayment",
    "NewRefund",
    "NewShipment",
    "NothingToUndo",
    "OrderIsDeleted",
    "OrderIsFrozen",
    "OrderNotFound",
    "OrderRefused",
    "Placed",
    "PlanLacksEditing",
    "RefundPlan",
    "RefundSum",
    "Refundable",
    "Refunded",
    "RefundedMeanwhile",
    "Rule",
    "ShipmentStays",
    "ShippedMeanwhile",
    "SplitRefused",
    "StatusChangeRefused",
    "UnknownStatus",
    "Wish",
    "actions_of",
    "add_note",
    "add_shipment",
    "add_tag",
    "add_tracking",
    "announce_return",
    "change_note",
    "change_shipment",
    "changing",
    "delete_orders",
    "edit_order",
    "is_undoable",
    "mark_message_read",
    "mark_paid_out",
    "merge_back",
    "merge_orders",
    "move_to_folder",
    "order_changed",
    "pay_out",
    "place_order",
    "place_orders",
    "receive_return",
    "record_payment",
    "refund_order",
    "refund_sum",
    "refundable",
    "refuse_return",
    "remove_note",
    "remove_shipment",
    "remove_tag",
    "restore_orders",
    "returnable",
    "set_fulfilment_status",
    "set_internal_status",
    "set_line_status",
    "set_payment_status",
    "set_status_of_many",
    "settle_return",
    "show_personal_number",
    "split_order",
    "undo",
]
