"""What the shell of every page needs."""

from dataclasses import dataclass
from functools import lru_cache

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise

from backoffice.jobs import KINDS
from backoffice.models import OPEN_STATES, Job, Shop
from backoffice.roles import Permission

# What is kept for a request under this name: the newest jobs at work.
OPEN_JOBS = "open_jobs"


@dataclass(frozen=True)
class NavItem:
    """One line of the navigation; `hot` marks a count that waits for a person."""

    name: str
    label: str | Promise
    icon: str
    url: str
    current: bool = False
    count: int | None = None
    hot: bool = False
    children: tuple["NavItem", ...] = ()


@dataclass(frozen=True)
class NavEntry:
    """A page that wants to stand in the navigation; apps register theirs in `ready()`."""

    url_name: str
    label: str | Promise
    icon: str
    permission: Permission
    position: int


ENTRIES: list[NavEntry] = []
# Functions shop → {url name: (count, hot)}, so that the ground floor need not know what is counted.
COUNTERS = []


# Functions request → {url name: items below it}, for what a page holds.
CHILDREN = []


def register_page(entry: NavEntry) -> None:
    ENTRIES.append(entry)
    ENTRIES.sort(key=lambda each: each.position)


def shell(request: HttpRequest) -> dict:
    """Context for base.html: shop, staff, nav and target shops where the page belongs to a shop."""
    shop = getattr(request, "shop", None)
    if shop is None:
        return {"shop": None, "staff": None, "nav": (), "target_shops": []}
    if request.headers.get("HX-Request") and not request.headers.get("HX-History-Restore-Request"):
        # A part is rendered alone: it has no shell, so its queries are saved.
        return {"shop": shop, "staff": request.staff}
    counts = {}
    for counter in COUNTERS:
        counts |= counter(shop)
    children = {}
    for below in CHILDREN:
        children |= below(request)
    return {
        "shop": shop,
        "staff": request.staff,
        "nav": tuple(
            _item(entry, request, counts, children) for entry in ENTRIES if request.staff.may(entry.permission)
        ),
        "target_shops": shop.targets(),
        "running_job": _running_job(request),
    }


@dataclass(frozen=True)
class RunningJob:
    """The chip in the top strip: the newest job at work that this person may see."""

    pk: int
    title: str
    percent: int


def _running_job(request: HttpRequest) -> RunningJob | None:
    for job in request.shop.once(OPEN_JOBS, lambda: _read_open_jobs(request.shop)):
        kind = KINDS.get(job.kind)
        if kind is not None and request.staff.may(kind.permission):
            return running(job)
    return None


def running(job: Job) -> RunningJob:
    return RunningJob(job.pk, KINDS[job.kind].title(job), job.percent)


def _read_open_jobs(shop: Shop) -> list[Job]:
    return list(Job.objects.for_shop(shop).filter(state__in=OPEN_STATES)[:5])


@lru_cache(maxsize=1000)
def page_of_shop(url_name: str, shop_number: str) -> str:
    """The address of a page that a shop has one of; links to it stand on every page."""
    return reverse(url_name, args=[shop_number])


def _item(
    entry: NavEntry, request: HttpRequest, counts: dict[str, tuple[int, bool]], children: dict[str, list[NavItem]]
) -> NavItem:
    count, hot = counts.get(entry.url_name, (None, False))
    namespace = entry.url_name.split(":")[0]
    return NavItem(
        name=entry.url_name,
        label=entry.label,
        icon=entry.icon,
        url=page_of_shop(entry.url_name, request.shop.number),
        current=request.resolver_match is not None and request.resolver_match.namespace == namespace,
        count=count,
        hot=hot,
        children=tuple(children.get(entry.url_name, ())),
    )
