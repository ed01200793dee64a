"""Taking back what was just done, from wherever a message or the timeline offers it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from backoffice.access import PermissionMissing, requires
from backoffice.roles import Permission
from orders.forms import UndoForm
from orders.jobs import MOST_AT_ONCE, start_undo
from orders.models import Order
from orders.services import BulkResult, ChangeRefused, NothingToUndo, actions_of, undo
from orders.services.undo import number_of_orders
from orders.timeline import rights_to_undo

NAMED_AT_MOST = 5


@require_POST
@requires(Permission.VIEW_ORDERS)
def act(request: HttpRequest) -> HttpResponse:
    """Take back one user action. `act` and `order` come in the form or, from a message, in the address."""
    back = redirect(_page_to_return_to(request))
    form = UndoForm({name: request.POST.get(name) or request.GET.get(name) for name in UndoForm.base_fields})
    if not form.is_valid():
        messages.error(request, str(NothingToUndo()))
        return back
    order = _order_of(request, form.cleaned_data["order"])
    done = form.cleaned_data["act"]
    for right in sorted(rights_to_undo(actions_of(done, shop=request.shop, order=order))):
        if not request.staff.may(right):
            raise PermissionMissing(right)
    if order is None and number_of_orders(done, shop=request.shop) > MOST_AT_ONCE:
        return _undo_as_job(request, done)
    try:
        result = undo(done, shop=request.shop, by=request.actor, order=order)
    except ChangeRefused as refusal:
        messages.error(request, str(refusal))
    else:
        _tell(request, result)
    return back


def _undo_as_job(request: HttpRequest, done: UUID) -> HttpResponse:
    try:
        job = start_undo(done, shop=request.shop, by=request.actor)
    except NothingToUndo as refusal:
        messages.error(request, str(refusal))
        return redirect(_page_to_return_to(request))
    return redirect("job", request.shop.number, job.pk)


def _order_of(request: HttpRequest, number: str) -> Order | None:
    return get_object_or_404(Order.objects.for_shop(request.shop), number=int(number)) if number else None


def _tell(request: HttpRequest, result: BulkResult) -> None:
    if result.refused:
        refused = ", ".join(order.display_number for order, _reason in result.refused[:NAMED_AT_MOST])
        more = ", …" if len(result.refused) > NAMED_AT_MOST else ""
        messages.warning(request, f"{refused}{more}: {result.refused[0][1]}")
    number = len(result.changed)
    if number == 1:
        messages.success(request, _("Order %(number)s is as it was.") % {"number": result.changed[0].display_number})
    elif number:
        text = ngettext("%(number)d order is as it was.", "%(number)d orders are as they were.", number)
        messages.success(request, text % {"number": number})


def _page_to_return_to(request: HttpRequest) -> str:
    """The posted `next` when it is a page of ours, else the list."""
    wanted = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        return wanted
    return reverse("orders:list", args=[request.shop.number])
