"""The query string of the list besides its filters: columns and density, and whose choice they fall back to."""

from django.http import QueryDict

from backoffice.models import StaffMember, User
from orders.columns import DEFAULT_COLUMNS, known_columns

LONGEST_QUERY = 4000


def columns_in(query: QueryDict) -> list[str]:
    """The keys that `columns=a,b` or `columns=a&columns=b` names, known or not; empty when it names none."""
    return [key for value in query.getlist("columns") for key in value.split(",") if key]


def default_columns(staff: StaffMember) -> list[str]:
    """What this person sees where neither the address nor the view says otherwise."""
    return known_columns(staff.list_columns) if staff.list_columns else list(DEFAULT_COLUMNS)


def density_in(query: QueryDict) -> str:
    """The row height that is asked for, "" for the person's own."""
    wanted = query.get("density", "")
    return wanted if wanted in User.Density.values else ""


def from_text(text: str) -> QueryDict:
    """The query that a form brought along as one text; what is too long to be ours is cut."""
    return QueryDict(text[:LONGEST_QUERY].lstrip("?"))
