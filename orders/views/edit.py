"""Changing an order: the page with its fields, the total as it would be, and what can be added."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from backoffice.access import only_looks_ahead, requires
from backoffice.roles import Permission
from orders import edit_page, services
from orders.edit_form import EditForm
from orders.models import Order
from orders.order_page.derivation import derivation
from orders.plausibility import iban_doubts
from orders.products import find_products, product_of, product_with_number
from orders.services import ChangeRefused, Conflict, EditConflict, Edited, InputRefused
from orders.services.edit import bound_of
from orders.services.editing import Bound, Draft, draft_of
from orders.views.detail import undo_tag
from orders.views.one_order import order_or_404


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.CHANGE_ORDERS)
def edit(request: HttpRequest, number: int) -> HttpResponse:
    """The order as fields. Each button says what it does; Enter in a field never saves, because scanners press it."""
    order = order_or_404(request, number)
    if order.deleted_at is not None and request.method != "POST":
        messages.error(request, str(services.OrderIsDeleted()))
        return redirect("orders:detail", request.shop.number, order.number)
    form = EditForm(order, order.lines.all(), request.POST if request.method == "POST" else None)
    what, _colon, key = request.POST.get("do", "save").partition(":")
    if request.method != "POST":
        return _page(request, form)
    if what == "save":
        return _save(request, form)
    if what == "add":
        return _add(request, form, key)
    if what == "blank":
        return _page(request, form, focus=f"added.{form.add_blank()}.sku")
    if what == "find" or (what == "enter" and form.find):
        return _find(request, form)
    return _page(request, form)


@only_looks_ahead
@require_POST
@requires(Permission.CHANGE_ORDERS)
def total(request: HttpRequest, number: int) -> HttpResponse:
    """What the order would come to as it is typed: the box alone."""
    order = order_or_404(request, number)
    form = EditForm(order, order.lines.all(), request.POST)
    context = {"box": edit_page.box_of(order, _draft(request, form, bound_of(order))), "form": form}
    return render(request, "orders/_edit_total.html", context)


@only_looks_ahead
@require_safe
@requires(Permission.CHANGE_ORDERS)
def products(request: HttpRequest, number: int) -> HttpResponse:
    """What was sold before and has the words of `find` in it: the rows alone."""
    order = order_or_404(request, number)
    words = request.GET.get("find", "")
    context = {"found": edit_page.found_rows(find_products(request.shop, words), order), "words": words.strip()}
    return render(request, "orders/_edit_products.html", context)


@require_safe
@requires(Permission.VIEW_ORDERS)
def why_total(request: HttpRequest, number: int) -> HttpResponse:
    """How the total came about, step by step."""
    order = order_or_404(request, number)
    context = {"order": order, "derivation": derivation(order, list(order.lines.all()))}
    return render(request, "orders/why_total.html", context)


@require_safe
@requires(Permission.CHANGE_ORDERS)
def payment_request(request: HttpRequest, number: int) -> HttpResponse:
    """Words to send to a customer who has to pay more."""
    order = order_or_404(request, number)
    context = {
        "order": order,
        "text": edit_page.payment_request(order, request.shop),
        "doubts": iban_doubts(request.shop.iban),
    }
    return render(request, "orders/payment_request.html", context)


def _save(request: HttpRequest, form: EditForm) -> HttpResponse:
    wanted = form.edit()
    if form.errors:
        form.take_errors(_draft(request, form, bound_of(form.order)).errors)
        return _page(request, form, status=422)
    try:
        edited = services.edit_order(form.order, wanted, by=request.actor)
    except InputRefused as refusal:
        form.take_errors(refusal.errors)
        return _page(request, form, status=422)
    except EditConflict as conflict:
        return _page(request, form, conflicts=conflict.conflicts, status=409)
    except ChangeRefused as refusal:
        messages.error(request, str(refusal))
        return _page(request, form, status=409)
    _tell(request, form.order, edited)
    return redirect(_next_page(request, form, edited))


def _tell(request: HttpRequest, order: Order, edited: Edited | None) -> None:
    if edited is None:
        messages.info(request, _("Nothing was changed."))
        return
    text = _("Order %(number)s is changed.") % {"number": order.display_number}
    messages.success(request, text, extra_tags=undo_tag(request, edited.act))


def _next_page(request: HttpRequest, form: EditForm, edited: Edited | None) -> str:
    """Where the choice about the difference leads."""
    place = [request.shop.number, form.order.number]
    if edited and form.difference == "request" and edited.now > edited.was:
        return reverse("orders:payment-request", args=place)
    may_refund = request.staff.may(Permission.CHANGE_PAYMENTS)
    if edited and form.difference == "refund" and edited.now < edited.was and may_refund:
        return reverse("orders:refund", args=place) + "?owed"
    return reverse("orders:detail", args=place)


def _find(request: HttpRequest, form: EditForm) -> HttpResponse:
    """What Enter in the search field does: a whole product number, as a scanner types it, is added at once."""
    if product := product_with_number(request.shop, form.find):
        form.forget_find()
        return _page(request, form, focus=f"added.{form.add_product(product)}.quantity")
    return _page(request, form, focus="find")


def _add(request: HttpRequest, form: EditForm, key: str) -> HttpResponse:
    product = product_of(request.shop, int(key)) if key.isascii() and key.isdigit() and len(key) <= 18 else None
    if product is None:
        messages.error(request, _("This product is not known here."))
        return _page(request, form)
    return _page(request, form, focus=f"added.{form.add_product(product)}.quantity")


def _draft(request: HttpRequest, form: EditForm, bound: Bound) -> Draft:
    """The order as typed, as far as it can be read."""
    return draft_of(form.order, form.lines.values(), form.edit(), shop=request.shop, bound=bound)


def _page(
    request: HttpRequest,
    form: EditForm,
    *,
    conflicts: list[Conflict] | None = None,
    focus: str = "",
    status: int = 200,
) -> HttpResponse:
    order, bound = form.order, bound_of(form.order)
    draft = _draft(request, form, bound)
    context = {
        "order": order,
        "form": form,
        "error_rows": form.error_rows(),
        "box": edit_page.box_of(order, draft),
        "lines": edit_page.line_rows(form, draft, bound),
        "added": edit_page.added_rows(form),
        "found": edit_page.found_rows(find_products(request.shop, form.find), order),
        "words": form.find,
        "amounts_stay": edit_page.why_amounts_stay(order, request.shop),
        "conflicts": edit_page.conflict_rows(form, conflicts or [], request.shop),
        "focus": focus,
    }
    return render(request, "orders/edit.html", context, status=status)
