"""Acting on the orders that are ticked in the list."""

import re

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from backoffice.access import PermissionMissing, requires
from backoffice.roles import Permission
from orders.models import Order
from orders.services import BulkResult, UnknownStatus, delete_orders, restore_orders, set_status_of_many
from orders.status_menu import PERMISSION_FOR
from statuses.catalogue import catalogue_of

MOST_AT_ONCE = 500
NAMED_AT_MOST = 5
ORDER_NUMBER = re.compile("[0-9]{1,18}")


@require_POST
@requires(Permission.VIEW_ORDERS)
def act(request: HttpRequest) -> HttpResponse:
    """Run one action on the ticked orders and say what became of each. `action` is `kind:code`, `delete:` or `restore:`."""
    back = redirect(_list_url(request))
    numbers = {int(value) for value in request.POST.getlist("order") if ORDER_NUMBER.fullmatch(value)}
    if not numbers:
        messages.warning(request, _("No order is selected."))
        return back
    if len(numbers) > MOST_AT_ONCE:
        messages.error(
            request, _("At most %(number)d orders at a time; nothing was changed.") % {"number": MOST_AT_ONCE}
        )
        return back
    keys = list(Order.objects.for_shop(request.shop).filter(number__in=numbers).values_list("pk", flat=True))
    kind, _colon, code = request.POST.get("action", "").partition(":")
    try:
        result, words = _run(request, kind, code, keys)
    except UnknownStatus as refusal:
        messages.error(request, str(refusal))
        return back
    _tell(request, result, words, missing=len(numbers) - len(keys))
    return back


def _run(request: HttpRequest, kind: str, code: str, keys: list[int]) -> tuple[BulkResult, str]:
    """The outcome, and what the action is called in a sentence."""
    permission = PERMISSION_FOR.get(kind, Permission.CHANGE_ORDERS)
    if not request.staff.may(permission):
        raise PermissionMissing(permission)
    if kind == "delete":
        return delete_orders(keys, shop=request.shop, by=request.actor), _("moved to Deleted")
    if kind == "restore":
        return restore_orders(keys, shop=request.shop, by=request.actor), _("restored")
    if kind not in PERMISSION_FOR:
        raise UnknownStatus(kind)
    result = set_status_of_many(keys, kind, code, shop=request.shop, by=request.actor)
    catalogue = catalogue_of(request.shop)
    own = catalogue.find(kind, code)
    label = catalogue.look(kind, code, own.pk if own else None).label if code else _("no internal status")
    return result, _("set to %(status)s") % {"status": label}


def _tell(request: HttpRequest, result: BulkResult, words: str, *, missing: int) -> None:
    """One sentence that says how many and which; Undo where something changed."""
    parts = []
    if result.changed:
        number = len(result.changed)
        parts.append(
            ngettext("%(number)d order %(done)s", "%(number)d orders %(done)s", number)
            % {"number": number, "done": words}
        )
    if result.unchanged:
        number = len(result.unchanged)
        parts.append(ngettext("%(number)d was so already", "%(number)d were so already", number) % {"number": number})
    if result.refused:
        parts.append(_refused(result))
    if missing:
        parts.append(
            ngettext("%(number)d is not in this shop", "%(number)d are not in this shop", missing)
            % {"number": missing}
        )
    text = "; ".join(parts) + "."
    text = text[0].upper() + text[1:]
    if result.changed:
        undo = reverse("orders:undo", args=[request.shop.number]) + f"?act={result.act}"
        messages.success(request, text, extra_tags=f"undo:{undo}")
    else:
        messages.warning(request, text)


def _refused(result: BulkResult) -> str:
    """`3 refused: 10042 (An order that is …), 10043 (…)`, naming the first few."""
    named = [f"{order.display_number} ({str(reason).rstrip('.')})" for order, reason in result.refused[:NAMED_AT_MOST]]
    more = len(result.refused) - len(named)
    if more:
        named.append(_("and %(number)d more") % {"number": more})
    number = len(result.refused)
    return ngettext("%(number)d refused: %(orders)s", "%(number)d refused: %(orders)s", number) % {
        "number": number,
        "orders": ", ".join(named),
    }


def _list_url(request: HttpRequest) -> str:
    """The list as it was: filter, sort and page survive an action."""
    url = reverse("orders:list", args=[request.shop.number])
    query = request.POST.get("query", "")[:2000].lstrip("?").replace("\r", "").replace("\n", "")
    return f"{url}?{query}" if query else url
