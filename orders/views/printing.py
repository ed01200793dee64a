"""Printing the papers of one order, of the selected ones, and saying that they came out well."""

from contextlib import closing
from io import BytesIO

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from backoffice.access import requires
from backoffice.models import Job, JobItem
from backoffice.roles import Permission
from layouts.kinds import Kind
from orders import bulk, jobs, selection
from orders.jobs import MOST_AT_ONCE
from orders.list_query import from_text
from orders.models import Order
from orders.order_list import in_list_order
from orders.papers.binding import OnePdf, Zip
from orders.papers.forms import PrintForm
from orders.papers.jobs import PRINT, start_printing
from orders.papers.printing import Printing
from orders.papers.records import record_prints
from orders.papers.wish import PAPERS, Packing, Wish
from orders.views.detail import undo_tag
from orders.views.one_order import about, order_or_404, order_url, to_order

# What is printed so often that the menu of an order does it at once.
IN_MENU = (Kind.INVOICE, Kind.PACKING_SLIP, Kind.PICK_LIST)


@requires(Permission.PRINT_PAPERS)
def one(request: HttpRequest, number: int) -> HttpResponse:
    """Ask which papers of an order, then answer with the file."""
    order = order_or_404(request, number)
    form = PrintForm(request.POST or None, staff=request.staff, number=1, chosen=request.GET.get("paper", ""))
    if form.is_valid():
        return _print(request, order, form.wish())
    context = {"form": form, "order": order, "back": order_url(request, order), "number": 1}
    return render(request, "orders/print.html", context, status=422 if form.is_bound else 200)


@require_POST
@requires(Permission.PRINT_PAPERS)
def paper(request: HttpRequest, number: int, paper: str = "") -> HttpResponse:
    """Print one paper of an order at once; which is posted, or said by the address."""
    order = order_or_404(request, number)
    wanted = paper or request.POST.get("paper", "")
    if wanted not in PAPERS:
        messages.error(request, _("There is no such paper."))
        return to_order(request, order)
    return _print(request, order, Wish((wanted,)))


@requires(Permission.PRINT_PAPERS)
def selected(request: HttpRequest) -> HttpResponse:
    """Ask which papers of the selected orders, then start the job; `from` is the list's query."""
    query = request.GET.get("from", "")
    chosen = selection.load(request)
    orders = chosen.orders(request.shop) if chosen else Order.objects.none()
    number = orders.order_by().count()
    back = reverse("orders:list", args=[request.shop.number]) + (f"?{from_text(query).urlencode()}" if query else "")
    if not number:
        messages.warning(request, _("No order is selected."))
        return redirect(back)
    form = PrintForm(request.POST or None, staff=request.staff, number=number)
    if form.is_valid():
        found = in_list_order(orders, from_text(query))
        token = form.cleaned_data["token"]
        job = start_printing(form.wish(), found, shop=request.shop, by=request.actor, token=token)
        if not request.user.keep_selection:
            selection.clear(request)
        return redirect("job", request.shop.number, job.pk)
    context = {"form": form, "back": back, "number": number}
    return render(request, "orders/print.html", context, status=422 if form.is_bound else 200)


@require_POST
@requires(Permission.CHANGE_ORDERS)
def mark(request: HttpRequest, pk: int) -> HttpResponse:
    """The papers of a job came out well: mark its orders as printed, which can be undone."""
    job = get_object_or_404(Job.objects.for_shop(request.shop), kind=PRINT, pk=pk)
    done = job.items.filter(state=JobItem.State.DONE)
    orders = Order.objects.for_shop(request.shop).filter(pk__in=done.values("subject_id"))
    if done.count() > MOST_AT_ONCE:
        marking = jobs.start_bulk("printed:", "", orders, shop=request.shop, by=request.actor, token=job.act)
        return redirect("job", request.shop.number, marking.pk)
    action = bulk.action_of("printed:", request.shop)
    result = bulk.run(action, list(orders.values_list("pk", flat=True)), shop=request.shop, by=request.actor)
    if result.changed:
        words = _("%(number)d marked as printed.") % {"number": len(result.changed)}
        messages.success(request, words, extra_tags=undo_tag(request, result.act))
    else:
        messages.info(request, _("They were marked as printed already."))
    return redirect("job", request.shop.number, job.pk)


def _print(request: HttpRequest, order: Order, wish: Wish) -> HttpResponse:
    """The file, or the order's page with the reason where nothing could be made."""
    file = BytesIO()
    is_pdf = wish.packing == Packing.PDF
    # The selected papers of one order need no name that tells orders apart.
    printing = Printing(wish, shop=request.shop, by=request.actor)
    with closing(OnePdf(file) if is_pdf else Zip(file)) as binder:
        printing.add([order.pk], binder)
        printing.finish(binder)
    if reason := printing.prints.refused.get(order.pk):
        text = _("Not everything could be printed. %(reason)s") % {"reason": reason}
        messages.error(request, about(request, order, text))
    if not printing.prints.made:
        return to_order(request, order)
    record_prints(printing.prints, shop=request.shop, by=request.actor)
    name = binder.name or f"papers-{order.display_number}"
    content = BytesIO(file.getvalue())
    return FileResponse(content, as_attachment=True, filename=f"{name}.{wish.packing}")
