"""Printing many orders as a job: progress, the file at the end, and the orders that failed with their reasons.

Papers are made part by part. When a worker dies the next one takes the parts that lie there and goes on behind them;
what became of the orders is settled once the file of all parts is there.
"""

import uuid
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from io import BytesIO
from typing import IO, Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from backoffice import job_files
from backoffice.actor import Actor
from backoffice.faults import fault
from backoffice.jobs import DONE, UNCHANGED, JobKind, Outcome, failed, register_kind, report_progress, settle, start
from backoffice.models import Job, JobItem, Shop, StaffMember
from backoffice.roles import Permission
from orders.models.order import OrderQuerySet
from orders.papers.binding import Binder, OnePdf, Zip
from orders.papers.parts import Parts
from orders.papers.printing import Printing, Prints
from orders.papers.records import note_prints
from orders.papers.wish import Packing, Wish, label_of
from orders.services.change import changing

PRINT = "orders.print"
# Orders between two reports: well within a lease, even when every one of them is long.
ORDERS_AT_ONCE = 25
SETTLED_AT_ONCE = 200
# Characters that no font has, as the job's page shows them.
MOST_SHOWN = 40


class NothingMade(Exception):
    """Of no order could anything be made: there is no file to offer."""


def start_printing(wish: Wish, orders: OrderQuerySet, *, shop: Shop, by: Actor, token: uuid.UUID) -> Job:
    """A job that prints `orders` in their order."""
    rows = orders.values_list("pk", "number")
    return start(
        PRINT,
        shop=shop,
        by=by,
        arguments=wish.as_arguments(),
        subjects=((pk, f"{number:05d}") for pk, number in rows.iterator(chunk_size=2000)),
        token=token,
    )


def print_papers(job: Job) -> None:
    """Make the file, then note in each order what was made of it."""
    with override(_language_of(job)):
        wish = _allowed(Wish.of(job), job)
        items = list(job.items.order_by("position").values_list("pk", "subject_id"))
        prints = _make(job, wish, [order_id for _item, order_id in items])
        fault("papers.made")
        # What is settled below is counted anew; a worker that died here may have settled some already.
        report_progress(job, job.items.filter(state=JobItem.State.DONE).count(), len(items))
        for chunk in _chunks(job.items.filter(state=JobItem.State.WAITING).order_by("position")):
            with changing(job.shop, by=job.actor, act=job.act) as change:
                note_prints(change, prints, [item.subject_id for item in chunk])
                settle(job, {item.pk: _outcome(item, prints) for item in chunk})
        job_files.clear_workplace(job)


def _allowed(wish: Wish, job: Job) -> Wish:
    """Invoices are issued only for who may: a job can be tried again by somebody else, or a right be taken away."""
    member = StaffMember.objects.filter(shop=job.shop, user=job.user, is_active=True).first() if job.user else None
    may_issue = member is not None and member.may(Permission.ISSUE_INVOICES)
    return wish if may_issue else replace(wish, issues_invoices=False)


def _make(job: Job, wish: Wish, keys: list[int]) -> Prints:
    prints = Prints()

    def write(file: IO[bytes]) -> dict[str, Any]:
        nonlocal prints
        printing = Printing(wish, shop=job.shop, by=job.actor)
        prints = printing.prints
        with closing(_binder(wish, file)) as binder:
            for papers in _parts(job, wish, printing, keys):
                binder.add_bound(papers)
            report_progress(job, len(keys), len(keys))
            printing.finish(binder)
        if not prints.made:
            raise NothingMade
        return {"orders": len(prints.made), "unprintable": " ".join(sorted(prints.unprintable)[:MOST_SHOWN])}

    try:
        job_files.publish(job, filename=_filename(job, wish), write=write)
    except NothingMade:
        return prints
    return prints


def _parts(job: Job, wish: Wish, printing: Printing, keys: list[int]) -> Iterator[bytes]:
    """The papers of all orders, ORDERS_AT_ONCE of them together, those first that lie there already."""
    parts = Parts(job_files.workplace(job))
    for number, begin in enumerate(range(0, len(keys), ORDERS_AT_ONCE)):
        report_progress(job, begin, len(keys))
        together = keys[begin : begin + ORDERS_AT_ONCE]
        found = parts.find(number)
        if found is not None:
            printing.recall(together, found)
        else:
            written = BytesIO()
            with closing(_binder(wish, written)) as binder:
                made = printing.add(together, binder)
                if made.made:
                    binder.write()
                papers = written.getvalue()
            parts.keep(number, papers, made)
            fault("papers.part-kept")
        if papers := parts.papers(number):
            yield papers


def _binder(wish: Wish, file: IO[bytes]) -> Binder:
    return OnePdf(file) if wish.packing == Packing.PDF else Zip(file)


def _chunks(items: Iterable[JobItem]) -> Iterator[list[JobItem]]:
    waiting = list(items)
    for begin in range(0, len(waiting), SETTLED_AT_ONCE):
        yield waiting[begin : begin + SETTLED_AT_ONCE]


def _outcome(item: JobItem, prints: Prints) -> Outcome:
    if reason := prints.refused.get(item.subject_id):
        return failed(reason)
    if item.subject_id in prints.made:
        return DONE
    return failed(_("This order is not there any more.")) if item.subject_id not in prints.seen else UNCHANGED


def _filename(job: Job, wish: Wish) -> str:
    """`papers-12345-20260322-0915.pdf`."""
    now = timezone.localtime(timezone=job.shop.zone)
    return f"papers-{job.shop.number}-{now:%Y%m%d-%H%M}.{wish.packing}"


def _language_of(job: Job) -> str:
    """Reasons are stored, so they are written in the language of whoever started the job."""
    return (job.user.language if job.user else "") or job.shop.language


def _title(job: Job) -> str:
    papers = ", ".join(label_of(paper) for paper in job.arguments["papers"])
    number = job.items.count()
    text = ngettext("Print %(papers)s: %(number)d order", "Print %(papers)s: %(number)d orders", number)
    return text % {"papers": papers, "number": number}


def register() -> None:
    register_kind(
        JobKind(
            PRINT,
            _title,
            Permission.PRINT_PAPERS,
            do_whole=print_papers,
            has_items=True,
            after_template="orders/_printed_well.html",
        )
    )
