"""What happens to a request of somebody who is not signed in, or not any more."""

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from backoffice import kept_forms


class SignInMiddleware(LoginRequiredMiddleware):
    """Everything but `@public` asks for a sign-in, and leads on to where one was going.

    A posted form is kept and offered again afterwards. A script's request gets the sign-in page as a whole page,
    never into the part of a page that it asked for; what only looks ahead (`hx-trigger`) is just refused, so that
    the page with all that was typed stays where it is.
    """

    def handle_no_permission(self, request: HttpRequest, view) -> HttpResponse:
        is_script = "HX-Request" in request.headers
        if is_script and getattr(view, "only_looks_ahead", False):
            return HttpResponse(status=401)
        if request.method == "POST" and kept_forms.keep(request, view):
            answer = redirect_to_login(reverse("kept-form"), settings.LOGIN_URL)
        else:
            answer = super().handle_no_permission(request, view)
        return HttpResponse(status=204, headers={"HX-Redirect": answer["Location"]}) if is_script else answer
