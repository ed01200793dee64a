"""The page of one order and what can be done on it."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from backoffice.access import requires
from backoffice.roles import Permission
from orders import services
from orders.forms import LineStatusForm, NoteForm, StatusForm
from orders.models import LogAction, Order, OrderLine, OrderLogEntry, OrderNote
from orders.order_page import PageQuery, order_page
from orders.order_page import row_menu as menu_of_row
from orders.services import ChangeRefused
from orders.status_page import status_url
from orders.views.one_order import about, goes_to_list, order_or_404, to_order
from statuses.catalogue import catalogue_of
from statuses.kinds import Kind

SetStatus = Callable[..., OrderLogEntry | None]


@require_safe
@requires(Permission.VIEW_ORDERS)
def show(request: HttpRequest, number: int) -> HttpResponse:
    return _page(request, order_or_404(request, number))


@require_safe
@requires(Permission.VIEW_ORDERS)
def row_menu(request: HttpRequest, number: int) -> HttpResponse:
    """What is done most to one order of the list: a page, for a script only the menu's content."""
    menu = menu_of_row(
        order_or_404(request, number), shop=request.shop, staff=request.staff, query=PageQuery.of(request.GET)
    )
    response = render(request, "orders/_row_menu.html" if request.htmx else "orders/row_menu.html", {"menu": menu})
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_POST
@requires(Permission.CHANGE_ORDERS)
def set_fulfilment(request: HttpRequest, number: int) -> HttpResponse:
    return _set_status(request, number, Kind.FULFILMENT, services.set_fulfilment_status)


@require_POST
@requires(Permission.CHANGE_PAYMENTS)
def set_payment(request: HttpRequest, number: int) -> HttpResponse:
    return _set_status(request, number, Kind.PAYMENT, services.set_payment_status)


@require_POST
@requires(Permission.CHANGE_ORDERS)
def set_internal(request: HttpRequest, number: int) -> HttpResponse:
    return _set_status(request, number, Kind.INTERNAL, services.set_internal_status)


@require_POST
@requires(Permission.CHANGE_ORDERS)
def set_line(request: HttpRequest, number: int) -> HttpResponse:
    """Set the status of one line, or of all."""
    order = order_or_404(request, number)
    form = LineStatusForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("There is no such line or status."))
        return to_order(request, order)
    position, status = form.cleaned_data["line"], form.cleaned_data["status"]
    line = get_object_or_404(OrderLine, order=order, position=position) if position else None
    try:
        entries = services.set_line_status(order, status, by=request.actor, line=line, seen=form.cleaned_data["seen"])
    except ChangeRefused as refusal:
        messages.error(request, str(refusal))
    else:
        _tell_lines(request, entries, _label(request, Kind.LINE, status))
    return to_order(request, order, f"#line-{position}" if position else "")


@require_POST
@requires(Permission.WRITE_NOTES)
def add_note(request: HttpRequest, number: int) -> HttpResponse:
    order = order_or_404(request, number)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return _page(request, order, note_form=form, status=422)
    services.add_note(order, form.cleaned_data["text"], by=request.actor, audience=form.cleaned_data["audience"])
    messages.success(request, _("Note added."))
    return to_order(request, order)


@require_POST
@requires(Permission.WRITE_NOTES)
def remove_note(request: HttpRequest, number: int, note: int) -> HttpResponse:
    order = order_or_404(request, number)
    services.remove_note(get_object_or_404(OrderNote, order=order, pk=note), by=request.actor)
    messages.success(request, _("Note removed. Its text stays in the timeline."))
    return to_order(request, order)


@require_POST
@requires(Permission.CHANGE_ORDERS)
def read_message(request: HttpRequest, number: int) -> HttpResponse:
    order = order_or_404(request, number)
    if services.mark_message_read(order, by=request.actor):
        messages.success(request, about(request, order, _("The message is marked as read.")))
    return to_order(request, order)


@require_POST
@requires(Permission.VIEW_PERSONAL_DATA)
def show_personal_number(request: HttpRequest, number: int) -> HttpResponse:
    """The page with the number on it. No redirect: the number must not be kept anywhere on the way, and whoever
    loads the page again looks again, which is logged again."""
    order = order_or_404(request, number)
    return _page(request, order, personal_number=services.show_personal_number(order, by=request.actor))


@require_POST
@requires(Permission.CHANGE_ORDERS)
def delete(request: HttpRequest, number: int) -> HttpResponse:
    order = order_or_404(request, number)
    result = services.delete_orders([order.pk], shop=request.shop, by=request.actor)
    if result.changed:
        text = _("Order %(number)s is moved to Deleted.") % {"number": order.display_number}
        messages.success(request, text, extra_tags=undo_tag(request, result.act))
    return to_order(request, order)


@require_POST
@requires(Permission.CHANGE_ORDERS)
def restore(request: HttpRequest, number: int) -> HttpResponse:
    order = order_or_404(request, number)
    if services.restore_orders([order.pk], shop=request.shop, by=request.actor).changed:
        messages.success(request, _("Order %(number)s is restored.") % {"number": order.display_number})
    return to_order(request, order)


def undo_tag(request: HttpRequest, act) -> str:
    """What makes a message carry an Undo button."""
    return f"undo:{reverse('orders:undo', args=[request.shop.number])}?act={act}"


def _page(
    request: HttpRequest,
    order: Order,
    *,
    note_form: NoteForm | None = None,
    personal_number: str = "",
    status: int = 200,
) -> HttpResponse:
    """The whole page, for htmx only the part about the order."""
    page = order_page(
        order,
        shop=request.shop,
        staff=request.staff,
        query=PageQuery.of(request.GET),
        personal_number=personal_number,
    )
    is_part = request.htmx and not request.htmx.history_restore_request
    template = "orders/_detail.html" if is_part else "orders/detail.html"
    context = {
        "page": page,
        "note_form": note_form or NoteForm(),
        "status_page": request.build_absolute_uri(status_url(order, request.shop)),
        "is_part": is_part,
    }
    response = render(request, template, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _set_status(request: HttpRequest, number: int, kind: str, set_status: SetStatus) -> HttpResponse:
    order = order_or_404(request, number)
    form = StatusForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("There is no such status."))
        return to_order(request, order)
    status = form.cleaned_data["status"]
    try:
        entry = set_status(order, status, by=request.actor, seen=form.cleaned_data["seen"])
    except ChangeRefused as refusal:
        messages.error(request, about(request, order, str(refusal)))
    else:
        _tell(request, order, entry, _label(request, kind, status))
    return to_order(request, order)


def _label(request: HttpRequest, kind: str, code: str) -> str:
    if not code:
        return _("none")
    catalogue = catalogue_of(request.shop)
    own = catalogue.find(kind, code)
    return str(catalogue.look(kind, code, own.pk if own else None).label)


def _tell(request: HttpRequest, order: Order, entry: OrderLogEntry | None, label: str) -> None:
    if entry is None:
        messages.info(request, about(request, order, _("That is %(status)s already.") % {"status": label}))
        return
    # In the list the order stands before the colon.
    text = f"{label}." if goes_to_list(request) else f"{LogAction(entry.action).label}: {label}."
    messages.success(request, about(request, order, text), extra_tags=undo_tag(request, entry.act))


def _tell_lines(request: HttpRequest, entries: list[OrderLogEntry], label: str) -> None:
    if not entries:
        messages.info(request, _("That is %(status)s already.") % {"status": label})
        return
    if len(entries) == 1:
        what = _("Line %(sku)s") % {"sku": entries[0].subject}
    else:
        what = ngettext("%(number)d line", "%(number)d lines", len(entries)) % {"number": len(entries)}
    messages.success(request, f"{what}: {label}.", extra_tags=undo_tag(request, entries[0].act))
