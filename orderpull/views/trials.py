"""Trying a pull here, and looking at a call that was refused."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.defaultfilters import filesizeformat
from django.utils import timezone

from backoffice.access import requires
from backoffice.network import client_ip
from backoffice.roles import Permission
from orderpull.addresses import is_allowed
from orderpull.forms import TesterForm, TestForm
from orderpull.models import Outcome, PullEvent
from orderpull.services import note_event, settings_of
from orderpull.tester import examine
from orderpull.trial import try_pull


@requires(Permission.MANAGE_SETTINGS)
def run(request: HttpRequest) -> HttpResponse:
    """Both steps, run here."""
    form, trial = TestForm(request.POST or None, shop=request.shop), None
    if request.method == "POST" and form.is_valid():
        trial = try_pull(request.shop, since=form.cleaned_data["since"])
        note_event(request.shop, PullEvent.Kind.TESTED, by=request.actor)
    context = {"form": form, "trial": trial, "tester_form": TesterForm(), "findings": None}
    if trial:
        own = client_ip(request)
        context |= {
            "problem": Outcome(trial.problem).label if trial.problem else "",
            "size": filesizeformat(trial.number_of_bytes),
            "own_address": own,
            "own_is_allowed": is_allowed(own, settings_of(request.shop).allowed_addresses),
        }
    return render(request, "orderpull/test.html", context, status=422 if form.errors else 200)


@requires(Permission.MANAGE_SETTINGS)
def tester(request: HttpRequest) -> HttpResponse:
    """What is wrong with a call, part by part."""
    form, findings = TesterForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        settings = settings_of(request.shop)
        findings = examine(form.cleaned_data["address"], shop=request.shop, settings=settings, at=timezone.now())
    context = {
        "form": TestForm(shop=request.shop),
        "trial": None,
        "tester_form": form,
        "findings": findings,
        "is_fine": findings is not None and all(finding.kind != "bad" for finding in findings),
    }
    return render(request, "orderpull/test.html", context, status=422 if form.errors else 200)
