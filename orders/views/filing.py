"""The pages of folders and tags: two shelves that are kept alike."""

from dataclasses import dataclass

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from backoffice.access import PermissionMissing, requires
from backoffice.roles import Permission
from orders.forms import ArrangeForm, FilingForm, FolderForm, StepForm, TagForm
from orders.models import Filing, Order
from orders.services import filing as service
from orders.services.filing import NameIsTaken

MOST_ON_A_SHELF = 200


@dataclass(frozen=True)
class Shelf:
    """Folders or tags: their form, the list's filter for them, and what their page says."""

    name: str
    one: str
    form: type[FilingForm]
    order_field: str
    title: str | Promise
    about: str | Promise
    add: str | Promise

    @property
    def model(self) -> type[Filing]:
        return self.form.Meta.model


FOLDERS = Shelf(
    "folders",
    "folder",
    FolderForm,
    "folder",
    gettext_lazy("Folders"),
    gettext_lazy("An order is in one folder or in none. Deleting a folder leaves its orders in none."),
    gettext_lazy("Add folder"),
)
TAGS = Shelf(
    "tags",
    "tag",
    TagForm,
    "order_tags__tag",
    gettext_lazy("Tags"),
    gettext_lazy("An order carries as many tags as you like. Deleting a tag takes it off its orders."),
    gettext_lazy("Add tag"),
)


@requires(Permission.VIEW_ORDERS)
def listing(request: HttpRequest, shelf: Shelf) -> HttpResponse:
    """What is on the shelf, with its numbers of orders; a post adds to it."""
    if request.method == "POST":
        return _add(request, shelf)
    return _page(request, shelf)


def _page(
    request: HttpRequest, shelf: Shelf, *, new: FilingForm | None = None, edited: FilingForm | None = None
) -> HttpResponse:
    rows = list(shelf.model.objects.for_shop(request.shop).kept())
    numbers = _numbers_of_orders(request, shelf)
    context = {
        "shelf": shelf,
        "rows": [(row, numbers.get(row.pk, 0)) for row in rows],
        "form": new or shelf.form(shop=request.shop),
        "edited": edited,
        "may_change": request.staff.may(Permission.CHANGE_ORDERS),
        "colours": shelf.form.base_fields["colour"].choices,
    }
    return render(request, "orders/shelf.html", context, status=422 if new or edited else 200)


def _numbers_of_orders(request: HttpRequest, shelf: Shelf) -> dict[int, int]:
    filed = Order.objects.for_shop(request.shop).visible().exclude(**{shelf.order_field: None}).order_by()
    return dict(filed.values_list(shelf.order_field).annotate(number=Count("pk")))


def _add(request: HttpRequest, shelf: Shelf) -> HttpResponse:
    _refuse_readers(request)
    form = shelf.form(request.POST, shop=request.shop)
    if not form.is_valid():
        return _page(request, shelf, new=form)
    if shelf.model.objects.for_shop(request.shop).kept().count() >= MOST_ON_A_SHELF:
        messages.error(request, _("There are %(number)d already: delete one first.") % {"number": MOST_ON_A_SHELF})
    else:
        service.add(form.save(commit=False))
        messages.success(request, _("“%(name)s” is added.") % {"name": form.instance.name})
    return _back(request, shelf)


@require_POST
@requires(Permission.CHANGE_ORDERS)
def edit(request: HttpRequest, pk: int, shelf: Shelf) -> HttpResponse:
    """Another name or colour."""
    form = shelf.form(request.POST, instance=_one(request, pk, shelf), shop=request.shop)
    if not form.is_valid():
        return _page(request, shelf, edited=form)
    form.save()
    messages.success(request, _("“%(name)s” is saved.") % {"name": form.instance.name})
    return _back(request, shelf)


@require_POST
@requires(Permission.CHANGE_ORDERS)
def move(request: HttpRequest, pk: int, shelf: Shelf) -> HttpResponse:
    """One place up or down."""
    one = _one(request, pk, shelf)
    form = StepForm(request.POST)
    if form.is_valid():
        service.move(one, form.cleaned_data["step"])
    return _back(request, shelf)


@require_POST
@requires(Permission.CHANGE_ORDERS)
def arrange(request: HttpRequest, shelf: Shelf) -> HttpResponse:
    """The order in which they were dragged."""
    form = ArrangeForm(request.POST)
    if form.is_valid():
        service.arrange(shelf.model, request.shop, form.cleaned_data["row"])
    return _back(request, shelf)


@require_POST
@requires(Permission.CHANGE_ORDERS)
def delete(request: HttpRequest, pk: int, shelf: Shelf) -> HttpResponse:
    one = _one(request, pk, shelf)
    service.delete(one)
    undo = reverse(f"orders:{shelf.one}-restore", args=[request.shop.number, one.pk])
    messages.success(request, _("“%(name)s” is deleted.") % {"name": one.name}, extra_tags=f"undo:{undo}")
    return _back(request, shelf)


@require_POST
@requires(Permission.CHANGE_ORDERS)
def restore(request: HttpRequest, pk: int, shelf: Shelf) -> HttpResponse:
    one = _one(request, pk, shelf, deleted=True)
    try:
        service.restore(one)
    except NameIsTaken as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("“%(name)s” is back with its orders.") % {"name": one.name})
    return _back(request, shelf)


def _one(request: HttpRequest, pk: int, shelf: Shelf, *, deleted: bool = False) -> Filing:
    ours = shelf.model.objects.for_shop(request.shop).filter(deleted_at__isnull=not deleted)
    return get_object_or_404(ours, pk=pk)


def _refuse_readers(request: HttpRequest) -> None:
    if not request.staff.may(Permission.CHANGE_ORDERS):
        raise PermissionMissing(Permission.CHANGE_ORDERS)


def _back(request: HttpRequest, shelf: Shelf) -> HttpResponse:
    return redirect(f"orders:{shelf.name}", request.shop.number)
