"""The form that was sent after the sign-in had run out."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from backoffice import kept_forms
from backoffice.access import signed_in

SHOWN = 40


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def kept_form(request: HttpRequest) -> HttpResponse:
    """Offer it again: to send it to where it was going, or (POST) to let it go."""
    if request.method == "POST":
        kept_forms.forget(request)
        messages.info(request, _("What was kept is gone."))
        return redirect("shops")
    kept = kept_forms.find(request)
    if kept is None:
        messages.info(request, _("Nothing is kept any more: forms are kept for 15 minutes."))
        return redirect("shops")
    shown = [(name, value) for name, value in kept.fields if value and len(value) < 1000][:SHOWN]
    return render(request, "backoffice/kept_form.html", {"kept": kept, "shown": shown})
