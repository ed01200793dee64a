"""Acting on the orders that are ticked in the list: at once, after a look at what would happen, or as a job."""

import uuid
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from backoffice.access import PermissionMissing, requires
from backoffice.roles import Permission
from orders import bulk, jobs, plan, selection
from orders.jobs import MOST_AT_ONCE
from orders.list_query import from_text
from orders.mail_forecast import mails_of_action, sample_of_action
from orders.plan import Plan
from orders.selection import Selection, TooManySelected
from orders.selection_pages import selection_page
from orders.services import BulkResult, UnknownStatus

NAMED_AT_MOST = 5


@require_POST
@requires(Permission.VIEW_ORDERS)
def select(request: HttpRequest) -> HttpResponse:
    """Keep the page's ticks, choose all that match, or clear; then on to the page that was asked for."""
    try:
        _update_selection(request)
    except TooManySelected:
        messages.error(request, _too_many())
    if request.htmx or request.headers.get("X-Requested-With") == "fetch":
        return HttpResponse(status=204)
    if "export" in request.POST:
        # With the list's query: the file is sorted, and may be narrowed and laid out, as the list was.
        query = from_text(request.POST.get("query", "")).urlencode()
        return redirect(reverse("exports:list", args=[request.shop.number]) + (f"?{query}" if query else ""))
    if page := selection_page(request.POST.get("to", "")):
        return redirect(_with_list(reverse(page.url_name, args=[request.shop.number]), request.POST.get("query", "")))
    return redirect(_list_url(request, request.POST.get("go", request.POST.get("query", ""))))


@require_POST
@requires(Permission.VIEW_ORDERS)
def act(request: HttpRequest) -> HttpResponse:
    """Run an action on the selection. `action` is `kind:code`, as in `fulfilment:shipped` or `delete:`.

    What all orders can do and can be undone happens at once; whatever some cannot do, or that is many, is shown
    first.
    """
    back = request.POST.get("query", "")
    key, reason = request.POST.get("action", ""), request.POST.get("reason", "")
    try:
        chosen = _update_selection(request)
        action = bulk.action_of(key, request.shop, reason)
    except TooManySelected:
        messages.error(request, _too_many())
        return redirect(_list_url(request, back))
    except UnknownStatus as refusal:
        messages.error(request, str(refusal))
        return redirect(_list_url(request, back))
    if not request.staff.may(action.permission):
        raise PermissionMissing(action.permission)
    if not chosen:
        messages.warning(request, _("No order is selected."))
        return redirect(_list_url(request, back))
    forecast = action.forecast(chosen.orders(request.shop))
    needs_words = key.startswith("hold:") and not reason
    others_too = _is_not_what_was_shown(request, chosen)
    # One mail can be taken back with Undo; before several leave, somebody looks first.
    mails_many = forecast.changed > 1 and mails_of_action(request.shop, action, chosen.orders(request.shop)) > 1
    looks_first = needs_words or mails_many or others_too or forecast.total > MOST_AT_ONCE
    if looks_first or (forecast.changed and forecast.number_refused):
        token = plan.keep(request, Plan.of(key, reason, chosen, back))
        return redirect("orders:bulk-confirm", request.shop.number, token)
    return _do_at_once(request, action, chosen, back)


@requires(Permission.VIEW_ORDERS)
def confirm(request: HttpRequest, token: uuid.UUID) -> HttpResponse:
    """What would happen to how many orders; nothing is written until the go-ahead is sent."""
    kept = plan.find(request, token)
    if kept is None:
        raise Http404("No such plan, or it is too old.")
    reason = request.POST.get("reason", kept.reason)
    try:
        action = bulk.action_of(kept.action, request.shop, reason)
    except UnknownStatus as refusal:
        messages.error(request, str(refusal))
        return redirect(_list_url(request, kept.back))
    if not request.staff.may(action.permission):
        raise PermissionMissing(action.permission)
    if request.method == "POST":
        return _go_ahead(request, kept, action, reason, token)
    orders = kept.selection.orders(request.shop)
    forecast = action.forecast(orders)
    mails = mails_of_action(request.shop, action, orders)
    context = {
        "action": action,
        "forecast": forecast,
        "selected": len(kept.selection),
        "missing": len(kept.selection) - forecast.total,
        "is_job": forecast.total > MOST_AT_ONCE,
        "asks_reason": kept.action.startswith("hold:"),
        "longest_reason": bulk.LONGEST_REASON,
        "back": _list_url(request, kept.back),
        "mails": mails,
        "sample": sample_of_action(request.shop, action, orders) if mails else None,
    }
    return render(request, "orders/bulk_confirm.html", context)


def _go_ahead(request: HttpRequest, kept: Plan, action: bulk.Action, reason: str, token: uuid.UUID) -> HttpResponse:
    orders = kept.selection.orders(request.shop)
    if orders.order_by()[: MOST_AT_ONCE + 1].count() <= MOST_AT_ONCE:
        return _do_at_once(request, action, kept.selection, kept.back)
    job = jobs.start_bulk(kept.action, reason, orders, shop=request.shop, by=request.actor, token=token)
    _forget_selection(request)
    return redirect("job", request.shop.number, job.pk)


def _do_at_once(request: HttpRequest, action: bulk.Action, chosen: Selection, back: str) -> HttpResponse:
    keys = list(chosen.orders(request.shop).order_by().values_list("pk", flat=True))
    result = bulk.run(action, keys, shop=request.shop, by=request.actor)
    _tell(request, result, action.done, missing=len(chosen) - len(keys))
    _forget_selection(request)
    return redirect(_list_url(request, back))


def _update_selection(request: HttpRequest) -> Selection:
    """The selection with what the posted page says: its ticks, "all matching", or clear. Raises TooManySelected."""
    data = request.POST
    if "clear" in data:
        chosen = Selection()
    elif data.get("all") == "1":
        chosen = Selection(data.get("filter", ""), all_count=0)
        # Counted once, now: the next step says so when other orders match by then.
        chosen.all_count = chosen.orders(request.shop).order_by().count()
    else:
        kept = selection.load(request)
        shown = data.get("shown", "").split(",")
        chosen = selection.with_page(kept, data.get("filter", ""), shown, data.getlist("order"))
        if not chosen and kept.query != chosen.query:
            # The other filter keeps its selection until something is ticked here.
            return chosen
    selection.save(request, chosen)
    return chosen


def _is_not_what_was_shown(request: HttpRequest, chosen: Selection) -> bool:
    """Whether another window ticked, since this page was shown, what it does not show."""
    elsewhere = str(len(chosen) - len(selection.numbers_in(request.POST.getlist("order"))))
    return request.POST.get("elsewhere", elsewhere) != elsewhere


def _forget_selection(request: HttpRequest) -> None:
    if not request.user.keep_selection:
        selection.clear(request)


def _too_many() -> str:
    sentence = _(
        "At most %(number)d single orders can be selected; select all that match instead. Nothing was changed."
    )
    return sentence % {"number": selection.MOST_SINGLE_ORDERS}


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
    if missing > 0:
        parts.append(
            ngettext("%(number)d is not in this shop", "%(number)d are not in this shop", missing) % {"number": missing}
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
        named.append(ngettext("and %(number)d more", "and %(number)d more", more) % {"number": more})
    number = len(result.refused)
    return ngettext("%(number)d refused: %(orders)s", "%(number)d refused: %(orders)s", number) % {
        "number": number,
        "orders": ", ".join(named),
    }


def _with_list(url: str, query: str) -> str:
    """An address that knows from which list somebody came: its order, and the way back."""
    return f"{url}?{urlencode({'from': query[:2000].lstrip('?')})}" if query else url


def _list_url(request: HttpRequest, query: str) -> str:
    """The list as it was: filter, sort and page survive an action."""
    url = reverse("orders:list", args=[request.shop.number])
    query = query[:2000].lstrip("?").replace("\r", "").replace("\n", "")
    return f"{url}?{query}" if query else url
