"""Writing a note anew, on a page of its own: the texts of two people fit beside each other there."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from backoffice.access import requires
from backoffice.roles import Permission
from orders import services
from orders.forms import NoteTextForm
from orders.models import Order, OrderNote
from orders.services.notes import NoteChangedMeanwhile, NoteIsGone
from orders.views.one_order import order_or_404, order_url, to_order


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.WRITE_NOTES)
def edit(request: HttpRequest, number: int, note: int) -> HttpResponse:
    order = order_or_404(request, number)
    if request.method != "POST":
        found = get_object_or_404(OrderNote, order=order, pk=note)
        return _page(request, order, NoteTextForm(initial={"text": found.text, "seen": found.text}))
    form = NoteTextForm(request.POST)
    if not form.is_valid():
        return _page(request, order, form, status=422)
    # A note that a colleague removed meanwhile must not take the typed words along.
    found = OrderNote.objects.filter(order=order, pk=note).first() or OrderNote(order=order, pk=note)
    try:
        entry = services.change_note(found, form.cleaned_data["text"], by=request.actor, seen=form.cleaned_data["seen"])
    except NoteChangedMeanwhile as refusal:
        return _page(request, order, form.again(seen=refusal.text), theirs=refusal, status=409)
    except NoteIsGone as refusal:
        form.add_error("text", str(refusal))
        return _page(request, order, form, status=409)
    messages.success(
        request, _("Note changed. The text before stays in the timeline.") if entry else _("Nothing changed.")
    )
    return to_order(request, order, "#notes")


def _page(
    request: HttpRequest,
    order: Order,
    form: NoteTextForm,
    *,
    theirs: NoteChangedMeanwhile | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {"form": form, "order": order, "theirs": theirs, "back": order_url(request, order) + "#notes"}
    return render(request, "orders/note.html", context, status=status)
