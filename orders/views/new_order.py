"""An order that staff enters: by hand, or as one that was there before."""

from dataclasses import dataclass, replace

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from backoffice.access import only_looks_ahead, requires
from backoffice.models import Shop
from backoffice.roles import Permission
from orders import display, services
from orders.edit_page import found_rows
from orders.mail_forecast import OrderForecast
from orders.models import Order, Source
from orders.new_order_form import PAID, REQUEST, NewOrderForm, values_of_customer, values_of_order
from orders.order_page.amounts import Amount
from orders.plausibility import bar_code_doubts, customer_doubts
from orders.products import find_products, product_of, product_with_number
from orders.search import matching
from orders.services import NewOrder, OrderRefused
from orders.services.acceptance import Neighbours, errors_of
from orders.services.place import drafted, priced
from orders.views.one_order import order_or_404
from statuses.kinds import FulfilmentStatus

ORDERS_SEARCHED, MOST_CUSTOMERS = 100, 8


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.CHANGE_ORDERS)
def new(request: HttpRequest) -> HttpResponse:
    """The form. Each button says what it does; Enter in a field never saves, because scanners press it."""
    if request.method != "POST":
        return _page(request, _fresh(request))
    form = NewOrderForm(request.shop, request.POST)
    what, _colon, key = request.POST.get("do", "").partition(":")
    if what == "place":
        return _place(request, form)
    focus = ""
    if what == "blank":
        focus = f"added.{form.add_blank()}.sku"
    elif what == "add":
        focus = _add(request, form, key)
    elif what == "as":
        form.fill(values_of_customer(_order_or_404(request, key)))
    elif what in ("find", "enter"):
        focus = _find(request, form)
    return _page(request, form, focus=focus)


@only_looks_ahead
@require_POST
@requires(Permission.CHANGE_ORDERS)
def total(request: HttpRequest) -> HttpResponse:
    """What the order would come to as it is typed: the box alone."""
    form = NewOrderForm(request.shop, request.POST)
    return render(request, "orders/_new_order_total.html", {"box": _box(request, form)})


@only_looks_ahead
@require_safe
@requires(Permission.CHANGE_ORDERS)
def products(request: HttpRequest) -> HttpResponse:
    """What was sold before and has the words of `find` in it: the rows alone."""
    words = request.GET.get("find", "").strip()
    return render(request, "orders/_edit_products.html", {"found": _products(request, words), "words": words})


def _fresh(request: HttpRequest) -> NewOrderForm:
    """Empty, or with what another order has."""
    number = request.GET.get("copy", "")
    if not number:
        return NewOrderForm(request.shop)
    order = _order_or_404(request, number)
    return NewOrderForm(request.shop, initial=values_of_order(order, order.lines.all()))


def _place(request: HttpRequest, form: NewOrderForm) -> HttpResponse:
    new_order = _checked(form, request.shop)
    if new_order is None:
        return _page(request, form, status=422)
    new_order = replace(new_order, notes=[replace(note, author=request.actor.name) for note in new_order.notes])
    new_order = _as_paid(request, form, new_order)
    try:
        placed = services.place_order(new_order, shop=request.shop, by=request.actor)
    except OrderRefused as refusal:
        form.take_errors(refusal.errors)
        return _page(request, form, status=422)
    words = _("Order %(number)s is placed.") if placed.is_new else _("Order %(number)s was placed already.")
    messages.success(request, words % {"number": placed.order.display_number})
    page = "payment-request" if form.money == REQUEST else "detail"
    return redirect(f"orders:{page}", request.shop.number, placed.order.display_number)


def _as_paid(request: HttpRequest, form: NewOrderForm, new_order: NewOrder) -> NewOrder:
    """The order with its payment, where the form and the person's rights say that it is paid."""
    if form.money != PAID or not request.staff.may(Permission.CHANGE_PAYMENTS):
        return new_order
    whole, _lines = priced(new_order, request.shop)
    return replace(new_order, payments=[form.payment(whole.total)] if whole.total > 0 else [])


def _checked(form: NewOrderForm, shop: Shop) -> NewOrder | None:
    """The order, once nothing is wrong with it; else None and the form's errors."""
    new_order = form.order()
    if new_order is not None:
        form.take_errors(errors_of(new_order, shop, Neighbours([new_order], shop)))
    return None if form.errors else new_order


@dataclass(frozen=True)
class Box:
    """What the order comes to, what looks wrong about it, how many mails go out; without rows it is incomplete."""

    rows: list[Amount]
    doubts: list[str]
    problems: list[str]
    mails: int


def _box(request: HttpRequest, form: NewOrderForm) -> Box:
    new_order = _checked(form, form.shop)
    if new_order is None:
        has_lines = any(name.startswith("added.") for name in form.errors) or set(form.errors) - {""}
        problems = [sentence for row in form.errors.values() for sentence in row] if has_lines else []
        return Box([], [], problems, _mails_of_any(form.shop))
    order, lines = priced(new_order, form.shop)
    rows = [Amount(_("Lines"), display.money(order.lines_total, order.currency))]
    if order.shipping_cost:
        rows.append(Amount(_("Shipping"), display.money(order.shipping_cost, order.currency)))
    if order.payment_fee:
        rows.append(Amount(_("Payment fee"), display.money(order.payment_fee, order.currency)))
    rows.append(Amount(_("of which VAT") if order.prices_include_vat else _("VAT"),
                       display.money(order.total_vat, order.currency), "mut"))  # fmt: skip
    rows.append(Amount(_("Total"), display.money(order.total, order.currency), "g"))
    doubts = customer_doubts(
        email=order.customer_email,
        vat_number=order.vat_number,
        billing=order.billing_address,
        shipping=order.shipping_address,
    )
    draft, draft_lines = drafted(_as_paid(request, form, new_order), form.shop)
    mails = OrderForecast(draft, draft_lines).mails_when_placed()
    return Box(rows, doubts + bar_code_doubts(line.sku for line in lines), [], mails)


def _mails_of_any(shop: Shop) -> int:
    """What the confirmation of an ordinary order brings, before anything of it is known."""
    ordinary = Order(shop=shop, source=Source.MANUAL, fulfilment_status=FulfilmentStatus.NEW, customer_email="@")
    return OrderForecast(ordinary, []).mails_when_placed()


def _add(request: HttpRequest, form: NewOrderForm, key: str) -> str:
    product = product_of(request.shop, int(key)) if key.isascii() and key.isdigit() and len(key) <= 18 else None
    if product is None:
        messages.error(request, _("This product is not known here."))
        return ""
    return f"added.{form.add_product(product)}.quantity"


def _find(request: HttpRequest, form: NewOrderForm) -> str:
    """What Enter in the search field does: a whole product number, as a scanner types it, is added at once."""
    words = form.text("find")
    if product := product_with_number(request.shop, words):
        form.fill({"find": ""})
        return f"added.{form.add_product(product)}.quantity"
    return "find" if words else ""


@dataclass(frozen=True)
class Customer:
    """Somebody who ordered before; `number` is that order's."""

    number: str
    name: str
    about: str


def _customers(shop: Shop, words: str) -> list[Customer]:
    """The customers of the newest orders with all of `words`, each once."""
    if len(words) < 3:
        return []
    found: dict[tuple[str, str], Customer] = {}
    orders = matching(words, Order.objects.for_shop(shop).visible(), shop).newest_first()[:ORDERS_SEARCHED]
    for order in orders:
        about = " · ".join(filter(None, [order.customer_email, order.billing_city, order.customer_number]))
        name = order.customer_name or order.customer_company or order.billing_name
        found.setdefault((order.customer_email, name), Customer(order.display_number, name, about))
    return list(found.values())[:MOST_CUSTOMERS]


def _products(request: HttpRequest, words: str):
    sense = Order(shop=request.shop, currency=request.shop.currency)
    return found_rows(find_products(request.shop, words), sense)


def _order_or_404(request: HttpRequest, number: str) -> Order:
    return order_or_404(request, int(number) if number.isascii() and number.isdigit() and len(number) <= 18 else 0)


def _page(request: HttpRequest, form: NewOrderForm, *, focus: str = "", status: int = 200) -> HttpResponse:
    errors = form.error_rows() if status == 422 else []
    box = _box(request, form)
    if status != 422:
        # Nobody asked to save it yet: what is missing is not wrong.
        form.errors = {}
    words, who = form.text("find"), form.text("who")
    context = {
        "form": form,
        "error_rows": errors,
        "box": box,
        "found": _products(request, words) if words else [],
        "words": words,
        "who": who,
        "customers": _customers(request.shop, who),
        "has_looked": bool(who),
        "may_pay": request.staff.may(Permission.CHANGE_PAYMENTS),
        "back": reverse("orders:list", args=[request.shop.number]),
        "focus": focus,
    }
    return render(request, "orders/new_order.html", context, status=status)
