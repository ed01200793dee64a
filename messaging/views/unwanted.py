"""Addresses that get no mail: seen, added, taken off."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from backoffice.access import PermissionMissing, requires
from backoffice.roles import Permission
from messaging.models import DoNotMail, validate_one_address
from messaging.services import outbox

MOST_SHOWN = 200


class AddressForm(forms.Form):
    address = forms.CharField(label=gettext_lazy("E-mail"), max_length=254, validators=[validate_one_address])
    note = forms.CharField(label=gettext_lazy("Why"), max_length=200, required=False)


@requires(Permission.VIEW_ORDERS)
def listing(request: HttpRequest) -> HttpResponse:
    """The marked addresses, and the form that marks one."""
    form = AddressForm(request.POST or None)
    if request.method == "POST":
        if not request.staff.may(Permission.SEND_MESSAGES):
            raise PermissionMissing(Permission.SEND_MESSAGES)
        if form.is_valid():
            address, note = form.cleaned_data["address"].lower(), form.cleaned_data["note"]
            outbox.mark_do_not_mail(request.shop, address, note=note, by=request.actor.name)
            messages.success(request, _("%(address)s gets no more mail.") % {"address": address})
            return redirect("messaging:do-not-mail", request.shop.number)
    wanted = request.GET.get("q", "").strip().lower()[:254].replace("\x00", "")
    rows = DoNotMail.objects.for_shop(request.shop)
    context = {
        "rows": (rows.filter(address__contains=wanted) if wanted else rows)[:MOST_SHOWN],
        "form": form,
        "q": wanted,
        "may_change": request.staff.may(Permission.SEND_MESSAGES),
    }
    return render(request, "messaging/do_not_mail.html", context, status=422 if form.errors else 200)


@require_POST
@requires(Permission.SEND_MESSAGES)
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(DoNotMail.objects.for_shop(request.shop), pk=pk)
    outbox.allow_mail(request.shop, row.address)
    messages.success(request, _("%(address)s can be mailed again.") % {"address": row.address})
    return redirect("messaging:do-not-mail", request.shop.number)
