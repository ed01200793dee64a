"""Keeping the list under a name, and the page where views are renamed, shared, arranged and deleted."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from backoffice.access import PermissionMissing, requires
from backoffice.roles import Permission
from orders.forms import ArrangeForm, StepForm, ViewForm
from orders.list_query import from_text
from orders.models import SavedView
from orders.order_list import state_of
from orders.services.saved_views import (
    MOST_VIEWS,
    TooManyViews,
    arrange_views,
    delete_view,
    move_view,
    restore_view,
    save_view,
    siblings,
)


@requires(Permission.VIEW_ORDERS)
def listing(request: HttpRequest) -> HttpResponse:
    """All views this person sees, own and shared; a post adds one."""
    if request.method == "POST":
        return _add(request)
    return _page(request)


def _page(request: HttpRequest, **context) -> HttpResponse:
    groups = []
    for is_shared, label in ((True, _("Shared in this shop")), (False, _("Your own"))):
        views = siblings(request.shop, request.staff, is_shared=is_shared)
        if rows := [(view, view.may_be_changed_by(request.staff)) for view in views]:
            groups.append((label, rows))
    status = 422 if context else 200
    return render(request, "orders/views.html", {"groups": groups} | context, status=status)


def _add(request: HttpRequest) -> HttpResponse:
    """Keep the list of the posted `query` as a new view and show it."""
    form = ViewForm(request.POST)
    if not form.is_valid():
        return _page(request, form=form, query=request.POST.get("query", ""))
    state = state_of(request.shop, from_text(request.POST.get("query", "")), staff=request.staff)
    try:
        view = save_view(staff=request.staff, **form.cleaned_data, **state.as_fields())
    except TooManyViews:
        messages.error(request, _("You keep %(number)d views already: delete one first.") % {"number": MOST_VIEWS})
        return redirect("orders:views", request.shop.number)
    messages.success(request, _("The view “%(name)s” is saved.") % {"name": view.name})
    return redirect(_list_of(view))


@require_POST
@requires(Permission.VIEW_ORDERS)
def save(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a view be the list of the posted `query` from now on."""
    view = _changeable(request, pk)
    state = state_of(request.shop, from_text(request.POST.get("query", "")), staff=request.staff)
    for name, value in state.as_fields().items():
        setattr(view, name, value)
    view.save(update_fields=list(state.as_fields()))
    messages.success(request, _("The view “%(name)s” is saved.") % {"name": view.name})
    return redirect(_list_of(view))


@require_POST
@requires(Permission.VIEW_ORDERS)
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Rename a view, share it or keep it to oneself."""
    view = _changeable(request, pk)
    form = ViewForm(request.POST, instance=view)
    if not form.is_valid():
        return _page(request, form=form, edited=pk)
    form.save()
    messages.success(request, _("The view “%(name)s” is saved.") % {"name": view.name})
    return redirect("orders:views", request.shop.number)


@require_POST
@requires(Permission.VIEW_ORDERS)
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """One place up or down."""
    view = _changeable(request, pk)
    form = StepForm(request.POST)
    if form.is_valid():
        move_view(view, form.cleaned_data["step"], staff=request.staff)
    return redirect("orders:views", request.shop.number)


@require_POST
@requires(Permission.VIEW_ORDERS)
def arrange(request: HttpRequest) -> HttpResponse:
    """The order in which the views were dragged."""
    form = ArrangeForm(request.POST)
    if form.is_valid():
        arrange_views(form.cleaned_data["row"], staff=request.staff)
    return redirect("orders:views", request.shop.number)


@require_POST
@requires(Permission.VIEW_ORDERS)
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    view = _changeable(request, pk)
    delete_view(view)
    undo = reverse("orders:view-restore", args=[request.shop.number, view.pk])
    messages.success(request, _("The view “%(name)s” is deleted.") % {"name": view.name}, extra_tags=f"undo:{undo}")
    return redirect("orders:views", request.shop.number)


@require_POST
@requires(Permission.VIEW_ORDERS)
def restore(request: HttpRequest, pk: int) -> HttpResponse:
    view = _changeable(request, pk, deleted=True)
    restore_view(view)
    messages.success(request, _("The view “%(name)s” is back.") % {"name": view.name})
    return redirect("orders:views", request.shop.number)


def _changeable(request: HttpRequest, pk: int, *, deleted: bool = False) -> SavedView:
    """The view; not there for who does not see it, refused to who only may look at it."""
    seen = SavedView.objects.seen_by(request.staff).filter(deleted_at__isnull=not deleted)
    view = get_object_or_404(seen, pk=pk)
    if not view.may_be_changed_by(request.staff):
        raise PermissionMissing(Permission.MANAGE_SETTINGS)
    return view


def _list_of(view: SavedView) -> str:
    return reverse("orders:list", args=[view.shop.number]) + f"?view={view.pk}"
