"""The list under a name: what an address with `?view=7` asks for, and whether it was changed since it was saved.

`view=7` alone means the view as it is kept; what else the address says replaces that part of it. With `exact=1` the
address says everything and the view only tells which tab is current. Links of a list are always exact, so whatever
reads one (an export, "all matching", the way from order to order) needs to know nothing about views.
"""

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode

from django.http import Http404, QueryDict
from django.utils.translation import gettext as _

from backoffice.models import StaffMember
from orders.columns import COLUMNS, known_columns
from orders.filters import SPECS
from orders.list_query import columns_in, default_columns, density_in
from orders.models import SavedView

VIEW, EXACT = "view", "exact"
KNOWN = {name for spec in SPECS.values() for name in spec.names} | {"sort"}
Pairs = list[tuple[str, str]]


@dataclass
class Viewed:
    """What an address means: `query` without any view in it, the view it names, and what to tell about that."""

    query: QueryDict
    view: SavedView | None = None
    views: list[SavedView] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def viewed(query: QueryDict, staff: StaffMember) -> Viewed:
    """Read the view that `query` names. Raises Http404 for one that this person does not see."""
    views = list(SavedView.objects.seen_by(staff).kept())
    wanted = query.get(VIEW, "")
    if not wanted:
        return Viewed(query, views=views)
    view = _find(wanted, views, staff)
    if view.deleted_at is not None:
        rest = query.copy()
        del rest[VIEW]
        return Viewed(rest, views=views, notes=[_("The view “%(name)s” was deleted.") % {"name": view.name}])
    if EXACT in query:
        return Viewed(query, view, views)
    meant, notes = _as_kept(view)
    for name, values in query.lists():
        if name != VIEW:
            meant.setlist(name, values)
    return Viewed(meant, view, views, notes)


def _find(wanted: str, views: list[SavedView], staff: StaffMember) -> SavedView:
    """The view with that key, a deleted one too."""
    if not (wanted.isascii() and wanted.isdecimal() and len(wanted) <= 18):
        raise Http404("No such view.")
    for view in views:
        if view.pk == int(wanted):
            return view
    deleted = SavedView.objects.seen_by(staff).filter(pk=int(wanted)).first()
    if deleted is None:
        raise Http404("No such view.")
    return deleted


def _as_kept(view: SavedView) -> tuple[QueryDict, list[str]]:
    """The view's own query, and a note about what it asks for that is no longer there."""
    kept = QueryDict(view.query, mutable=True)
    gone = [name for name in kept if name not in KNOWN] + [key for key in view.columns if key not in COLUMNS]
    for name in [name for name in kept if name not in KNOWN]:
        del kept[name]
    if columns := [key for key in view.columns if key in COLUMNS]:
        kept["columns"] = ",".join(columns)
    if view.density:
        kept["density"] = view.density
    notes = []
    if gone:
        words = {"name": view.name, "gone": "”, “".join(gone[:5])}
        notes.append(_("The view “%(name)s” asks for “%(gone)s”, which is no longer there; it is left out.") % words)
    return kept, notes


@dataclass(frozen=True)
class ListState:
    """What a list shows, as it is saved and compared: filters and sort, and looks where somebody chose them."""

    pairs: Pairs
    columns: list[str]
    density: str

    def is_edited(self, view: SavedView, staff: StaffMember) -> bool:
        """Whether this list differs from the view as it is kept."""
        usual = default_columns(staff)
        columns = known_columns(view.columns) if view.columns else usual
        return (
            sorted(self.pairs) != sorted(parse_qsl(view.query))
            or (self.columns or usual) != columns
            or (self.density or staff.user.density) != (view.density or staff.user.density)
        )

    def as_fields(self) -> dict:
        """The fields of a SavedView that keep this."""
        return {"query": urlencode(self.pairs), "columns": self.columns, "density": self.density}


def state_in(query: QueryDict, pairs: Pairs) -> ListState:
    """The state of an exact query whose filters and sort, as far as they make sense, are `pairs`."""
    columns = columns_in(query)
    return ListState(pairs, known_columns(columns) if columns else [], density_in(query))
