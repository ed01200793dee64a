"""The statuses of a shop: how they look, in which order, and which of them are its own."""

import uuid
from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from backoffice.access import requires
from backoffice.roles import Permission
from statuses import services
from statuses.catalogue import Catalogue, catalogue_of
from statuses.forms import ArrangeForm, DirectionForm, RemoveForm, StatusForm
from statuses.kinds import BUILTIN, Kind
from statuses.models import ShopStatus
from statuses.usage import Moved, carrier

SAMPLE = ("name_en", "name_nl", "name_sv", "colour", "shape", "row_look", "is_shown_to_customer")


@dataclass(frozen=True)
class Row:
    """A status in the list; `number` is None where orders are not counted by it."""

    status: ShopStatus
    number: int | None
    is_standard: bool
    stands_for: str
    fallbacks: list[tuple[str, str]]
    customer_reads: str


@dataclass(frozen=True)
class Table:
    kind: str
    label: str
    rows: list[Row]
    removed: list[Row]


@requires(Permission.VIEW_ORDERS)
def listing(request: HttpRequest) -> HttpResponse:
    """A table for each kind."""
    catalogue = catalogue_of(request.shop)
    counts = carrier().counts(request.shop)
    tables = [
        Table(
            kind,
            kind.label,
            [_row(status, catalogue, counts, request.LANGUAGE_CODE) for status in catalogue.listed(kind)],
            [_row(status, catalogue, counts, request.LANGUAGE_CODE) for status in catalogue.removed(kind)],
        )
        for kind in Kind
    ]
    may_change = request.staff.may(Permission.MANAGE_SETTINGS)
    return render(request, "statuses/list.html", {"tables": tables, "may_change": may_change})


@requires(Permission.MANAGE_SETTINGS)
def create(request: HttpRequest, kind: str) -> HttpResponse:
    """A new status of the shop's own."""
    _kind_or_404(kind)
    status = ShopStatus(kind=kind, version=0)
    form = StatusForm(request.POST or None, status=status, catalogue=catalogue_of(request.shop))
    if _is_saved(request) and form.is_valid():
        try:
            status = services.create_status(request.shop, kind, form.values, by=request.actor)
        except services.TooManyStatuses:
            text = _("A shop has at most %(number)d statuses of its own of a kind.")
            form.add_error(None, text % {"number": services.MOST_OWN})
        else:
            messages.success(request, _("Status “%(name)s” is made.") % {"name": status.label})
            return _to_list(request)
    return _edit_page(request, form, status)


@requires(Permission.MANAGE_SETTINGS)
def edit(request: HttpRequest, kind: str, code: str) -> HttpResponse:
    """Words and colours of a status; `preview` shows them in the sample without saving."""
    status = _status_or_404(request, kind, code)
    number = 0 if status.is_builtin else carrier().number_with(status)
    form = StatusForm(
        request.POST or None, status=status, catalogue=catalogue_of(request.shop), number_of_orders=number
    )
    if _is_saved(request) and form.is_valid():
        seen = form.cleaned_data["version"] or 0
        try:
            saved = services.change_status(request.shop, kind, code, form.values, seen=seen, by=request.actor)
        except services.ChangedMeanwhile as meanwhile:
            form.refuse_stale(meanwhile)
        except services.StatusRemoved:
            raise Http404("Removed meanwhile.") from None
        else:
            return _saved(request, _("Status “%(name)s” is saved.") % {"name": saved.status.label}, saved.told)
    return _edit_page(request, form, status)


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def back_to_standard(request: HttpRequest, kind: str, code: str) -> HttpResponse:
    """A built-in status as it comes."""
    _kind_or_404(kind)
    if code not in BUILTIN[kind]:
        raise Http404("Not a built-in status.")
    saved = services.back_to_standard(request.shop, kind, code, by=request.actor)
    text = _("Status “%(name)s” has its usual name and colours again.") % {"name": str(BUILTIN[kind][code].label)}
    return _saved(request, text, saved.told if saved else Moved(0))


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def move(request: HttpRequest, kind: str, code: str) -> HttpResponse:
    """One place up or down."""
    _status_or_404(request, kind, code)
    form = DirectionForm(request.POST)
    if form.is_valid():
        services.move_status(request.shop, kind, code, up=form.cleaned_data["direction"] == "up")
    return _to_list(request, kind)


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def arrange(request: HttpRequest, kind: str) -> HttpResponse:
    """A whole list in a new order, as dragging left it."""
    _kind_or_404(kind)
    form = ArrangeForm(request.POST)
    if form.is_valid():
        services.arrange(request.shop, kind, form.cleaned_data["codes"])
    return _to_list(request, kind)


@requires(Permission.MANAGE_SETTINGS)
def remove(request: HttpRequest, kind: str, code: str) -> HttpResponse:
    """Ask where the orders go, then remove. A removed status that orders still carry can be removed again."""
    status = _own_or_404(request, kind, code)
    catalogue = catalogue_of(request.shop)
    number = carrier().number_with(status)
    form = RemoveForm(request.POST or None, status=status, catalogue=catalogue)
    if request.method == "POST" and (not number or form.is_valid()):
        target = form.cleaned_data["target"] if number else status.stands_for
        moved = services.remove_status(status, target, by=request.actor)
        return _removed(request, status, moved, target, catalogue)
    return render(request, "statuses/remove.html", {"form": form, "status": status, "number": number})


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def restore(request: HttpRequest, kind: str, code: str) -> HttpResponse:
    """Bring a removed status back; with `act` in the address the orders that it had, too."""
    status = _own_or_404(request, kind, code)
    try:
        number = services.restore_status(status, by=request.actor, act=_act_of(request.GET))
    except ValueError as refusal:
        messages.warning(request, str(refusal))
        return _to_list(request)
    text = _("Status “%(name)s” is back.") % {"name": status.label}
    if number:
        again = ngettext("%(number)d order has it again.", "%(number)d orders have it again.", number)
        text = f"{text} {again % {'number': number}}"
    messages.success(request, text)
    return _to_list(request)


# --- the parts ------------------------------------------------------------------------------------


def _row(status: ShopStatus, catalogue: Catalogue, counts: dict[tuple[str, str], int], language: str) -> Row:
    key = status.code if status.is_builtin else f"own:{status.pk}"
    return Row(
        status,
        counts.get((status.kind, key), None if status.is_builtin and status.kind == Kind.LINE else 0),
        status.is_builtin and services.is_standard(status),
        str(catalogue.look(status.kind, status.stands_for).label) if status.stands_for else "",
        [(each, status.name_in(each)) for each in status.missing_languages],
        status.name_for_customer(language),
    )


def _edit_page(request: HttpRequest, form: StatusForm, status: ShopStatus) -> HttpResponse:
    """The form with its sample row; for htmx the sample alone."""
    context = {"form": form, "status": status, "sample": _sample(form, request.LANGUAGE_CODE)}
    context["is_changed"] = status.is_builtin and not services.is_standard(status)
    if request.htmx and "preview" in request.POST:
        return render(request, "statuses/_sample.html", context)
    context["of_new_names"] = _what_new_names_do(request, status)
    code = 200 if request.method == "GET" or "preview" in request.POST else 422
    return render(request, "statuses/edit.html", context, status=code)


def _what_new_names_do(request: HttpRequest, status: ShopStatus) -> str:
    """Which orders systems fetch again when the status is renamed; empty for one that no order shows."""
    number = carrier().number_showing(request.shop, status) if status.code else 0
    if number is None:
        return _("With a new name all orders that show it count as changed: systems that fetch orders get them again.")
    text = ngettext(
        "With a new name the %(number)d order that shows it counts as changed: systems that fetch orders get it again.",
        "With a new name the %(number)d orders that show it count as changed: systems that fetch orders get all again.",
        number,
    )
    return text % {"number": number} if number else ""


def _sample(form: StatusForm, language: str) -> ShopStatus:
    """The status as the form has it now, with the usual value wherever that makes no sense."""
    sample = ShopStatus(kind=form.kind, code=form.instance.code, is_builtin=form.instance.is_builtin)
    for name in SAMPLE:
        if name in form.fields:
            typed = form[name].value()
            good = name not in form.errors if form.is_bound else True
            setattr(sample, name, typed if good and typed is not None else getattr(form.instance, name))
    sample.code = sample.code or _("New status")
    return sample


def _is_saved(request: HttpRequest) -> bool:
    return request.method == "POST" and "preview" not in request.POST


def _saved(request: HttpRequest, text: str, told: Moved) -> HttpResponse:
    """To the list; with a new name a job is at work."""
    if told.number:
        orders = ngettext(
            "The %(number)d order that shows it will count as changed.",
            "The %(number)d orders that show it will count as changed.",
            told.number,
        )
        text = f"{text} {orders % {'number': told.number}}"
    messages.success(request, text)
    return _to_list(request)


def _removed(request: HttpRequest, status: ShopStatus, moved: Moved, target: str, catalogue: Catalogue) -> HttpResponse:
    if moved.job is not None:
        return redirect("job", request.shop.number, moved.job.pk)
    text = _("Status “%(name)s” is removed.") % {"name": status.label}
    if moved.number:
        labels = dict(catalogue.choices(status.kind)) | {"": _("no internal status")}
        orders = ngettext("%(number)d order got “%(new)s”.", "%(number)d orders got “%(new)s”.", moved.number)
        text = f"{text} {orders % {'number': moved.number, 'new': labels[target]}}"
    undo = reverse("statuses:restore", args=[request.shop.number, status.kind, status.code])
    if moved.act is not None:
        undo += f"?act={moved.act}"
    messages.success(request, text, extra_tags=f"undo:{undo}")
    return _to_list(request)


def _act_of(query: QueryDict) -> uuid.UUID | None:
    try:
        return uuid.UUID(query.get("act", ""))
    except ValueError:
        return None


def _to_list(request: HttpRequest, kind: str = "") -> HttpResponse:
    """The list; at the table of `kind` where no message waits to be read at its top."""
    return redirect(reverse("statuses:list", args=[request.shop.number]) + (f"#{kind}" if kind else ""))


def _kind_or_404(kind: str) -> None:
    if kind not in Kind.values:
        raise Http404("No such kind of status.")


def _status_or_404(request: HttpRequest, kind: str, code: str) -> ShopStatus:
    """A status that can be chosen now: built-in or own."""
    _kind_or_404(kind)
    for status in catalogue_of(request.shop).listed(kind):
        if status.code == code:
            return status
    raise Http404("No such status.")


def _own_or_404(request: HttpRequest, kind: str, code: str) -> ShopStatus:
    """An own status, removed or not."""
    for status in ShopStatus.objects.for_shop(request.shop).filter(kind=kind, code=code, is_builtin=False):
        status.shop = request.shop
        return status
    raise Http404("No such status.")
