from django.urls import URLPattern, path, register_converter

from orders.converters import OrderNumber
from orders.views import (
    actions,
    bulk,
    columns,
    detail,
    edit,
    export,
    filing,
    filters,
    invoices,
    list,
    new_order,
    notes,
    past,
    payments,
    printing,
    refunds,
    regrouping,
    returns,
    saved_views,
    shipments,
    undo,
)

register_converter(OrderNumber, "number")


def shelf_pages(shelf: filing.Shelf) -> tuple[URLPattern, ...]:
    """The pages of folders, or of tags."""
    on = {"shelf": shelf}
    return (
        path(f"{shelf.name}/", filing.listing, on, name=shelf.name),
        path(f"{shelf.name}/order/", filing.arrange, on, name=f"{shelf.name}-arrange"),
        path(f"{shelf.name}/<int:pk>/edit/", filing.edit, on, name=f"{shelf.one}-edit"),
        path(f"{shelf.name}/<int:pk>/move/", filing.move, on, name=f"{shelf.one}-move"),
        path(f"{shelf.name}/<int:pk>/delete/", filing.delete, on, name=f"{shelf.one}-delete"),
        path(f"{shelf.name}/<int:pk>/restore/", filing.restore, on, name=f"{shelf.one}-restore"),
    )


app_name = "orders"
urlpatterns = [
    path("", list.show, name="list"),
    path("new/", new_order.new, name="new"),
    path("new/total/", new_order.total, name="new-total"),
    path("new/products/", new_order.products, name="new-products"),
    path("search/", list.search, name="search"),
    path("newer/", list.newer, name="newer"),
    path("filters/", filters.show, name="filters"),
    path("views/", saved_views.listing, name="views"),
    path("views/order/", saved_views.arrange, name="views-arrange"),
    path("views/<int:pk>/", saved_views.save, name="view-save"),
    path("views/<int:pk>/edit/", saved_views.edit, name="view-edit"),
    path("views/<int:pk>/move/", saved_views.move, name="view-move"),
    path("views/<int:pk>/delete/", saved_views.delete, name="view-delete"),
    path("views/<int:pk>/restore/", saved_views.restore, name="view-restore"),
    *shelf_pages(filing.FOLDERS),
    *shelf_pages(filing.TAGS),
    path("columns/", columns.choose, name="columns"),
    path("select/", bulk.select, name="select"),
    path("refunds/", refunds.selected, name="refund-selected"),
    path("bulk/", bulk.act, name="bulk"),
    path("bulk/<uuid:token>/", bulk.confirm, name="bulk-confirm"),
    path("export.xml", export.xml, name="export"),
    path("undo/", undo.act, name="undo"),
    path("<number:number>/", detail.show, name="detail"),
    path("<number:number>/menu/", detail.row_menu, name="row-menu"),
    path("<number:number>/status/", detail.set_fulfilment, name="set-fulfilment"),
    path("<number:number>/payment-status/", detail.set_payment, name="set-payment"),
    path("<number:number>/payment/", payments.record, name="record-payment"),
    path("<number:number>/refund/", refunds.refund, name="refund"),
    path("<number:number>/refunds/<int:refund>/paid-out/", payments.paid_out, name="paid-out"),
    path("<number:number>/refunds/<int:refund>/pay-out/", payments.pay_out, name="pay-out"),
    path("<number:number>/returns/", returns.announce, name="announce-return"),
    path("<number:number>/returns/<int:pk>/receive/", returns.receive, name="receive-return"),
    path("<number:number>/returns/<int:pk>/refuse/", returns.refuse, name="refuse-return"),
    path("<number:number>/returns/<int:pk>/settle/", returns.settle, name="settle-return"),
    path("<number:number>/internal-status/", detail.set_internal, name="set-internal"),
    path("<number:number>/line-status/", detail.set_line, name="set-line"),
    path("<number:number>/split/", regrouping.split, name="split"),
    path("<number:number>/merge/", regrouping.merge, name="merge"),
    path("<number:number>/merge-back/", regrouping.merge_back, name="merge-back"),
    path("<number:number>/ship/", shipments.ship, name="ship"),
    path("<number:number>/shipments/<int:shipment>/", shipments.change, name="change-shipment"),
    path("<number:number>/shipments/<int:shipment>/remove/", shipments.remove, name="remove-shipment"),
    path("<number:number>/notes/", detail.add_note, name="add-note"),
    path("<number:number>/notes/<int:note>/edit/", notes.edit, name="edit-note"),
    path("<number:number>/notes/<int:note>/remove/", detail.remove_note, name="remove-note"),
    path("<number:number>/message-read/", detail.read_message, name="read-message"),
    path("<number:number>/personal-number/", detail.show_personal_number, name="show-personal-number"),
    path("<number:number>/at/<int:entry>/", past.show, name="at"),
    path("print/", printing.selected, name="print-selected"),
    path("print/<int:pk>/well/", printing.mark, name="printed-well"),
    path("<number:number>/print/", printing.one, name="print"),
    path("<number:number>/paper/", printing.paper, name="paper"),
    *(
        path(f"<number:number>/print/{kind.replace('_', '-')}/", printing.paper, {"paper": kind}, name=f"print-{kind}")
        for kind in printing.IN_MENU
    ),
    path("<number:number>/act/", actions.act, name="act"),
    path("<number:number>/hold/", actions.hold, name="hold"),
    path("<number:number>/edit/", edit.edit, name="edit"),
    path("<number:number>/edit/total/", edit.total, name="edit-total"),
    path("<number:number>/edit/products/", edit.products, name="edit-products"),
    path("<number:number>/invoice/", invoices.issue, name="issue-invoice"),
    path("<number:number>/why/", edit.why_total, name="why-total"),
    path("<number:number>/payment-request/", edit.payment_request, name="payment-request"),
    path("<number:number>/delete/", detail.delete, name="delete"),
    path("<number:number>/restore/", detail.restore, name="restore"),
]
