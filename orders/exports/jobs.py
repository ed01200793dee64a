"""Exports as jobs: what is asked for as data, and the work that makes the file. It can begin again at any time."""

import uuid
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import IO, Any

from django.http import QueryDict
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import override

from backoffice import job_files
from backoffice.actor import Actor
from backoffice.faults import fault
from backoffice.jobs import JobFailed, JobKind, register_kind, report_progress, start
from backoffice.models import Job, Shop
from backoffice.roles import Permission
from orders.exports.formats import Format, Layout, Reader, Writer, reader_and_writer
from orders.filters import OrderFilter
from orders.keys import keys_of
from orders.keyset import in_order
from orders.models import Order
from orders.models.order import OrderQuerySet
from statuses.catalogue import catalogue_of

EXPORT = "orders.export"
ORDERS_PER_REPORT = 500


@dataclass(frozen=True)
class ExportRequest:
    """What to export: all orders of a list `query`, or the single ones with `numbers`; as what and in which columns.

    `words` say the choice in a sentence, in the language of whoever asked; `name` is what they call the file, or "".
    `sort` is the list's, as in `-total`; without one the newest come first. `language` is the one they saw the page in;
    without it the file is in their own, else the shop's.
    """

    format: str
    query: str = ""
    numbers: tuple[int, ...] | None = None
    layout: Layout = field(default_factory=Layout)
    words: str = ""
    name: str = ""
    sort: str = ""
    language: str = ""

    @classmethod
    def of(cls, job: Job) -> "ExportRequest":
        asked = dict(job.arguments)
        layout = asked.pop("layout")
        numbers = asked.pop("numbers")
        return cls(
            **asked,
            numbers=None if numbers is None else tuple(numbers),
            layout=Layout(**layout | {"columns": tuple(layout["columns"])}),
        )

    def orders(self, shop: Shop) -> OrderQuerySet:
        """The orders meant, in their order; numbers that are no orders of `shop` are left out.

        Raises JobFailed when a filter makes no sense any more: without it more would be exported than was asked for.
        """
        if self.numbers is not None:
            return in_order(Order.objects.for_shop(shop).filter(number__in=self.numbers), self.sort)
        filtered = OrderFilter(QueryDict(self.query), shop=shop, catalogue=catalogue_of(shop))
        if filtered.dropped:
            raise JobFailed(
                _("The filter “%(name)s” makes no sense any more, so nothing was exported.")
                % {"name": ", ".join(filtered.dropped)}
            )
        return in_order(filtered.orders, self.sort)


def start_export(request: ExportRequest, *, shop: Shop, by: Actor, token: uuid.UUID | None = None) -> Job:
    return start(EXPORT, shop=shop, by=by, arguments=asdict(request), token=token)


def export(job: Job) -> None:
    """Write the file and publish it, in the language of whoever asked."""
    request = ExportRequest.of(job)
    with override(request.language or _language_of(job)):
        keys = keys_of(request.orders(job.shop))
        read, write = reader_and_writer(Format(request.format), request.layout, job.shop)
        job_files.publish(
            job,
            filename=_filename(request, job.shop),
            write=lambda file: _write(file, read, write, keys, job),
        )


def _write(file: IO[bytes], read: Reader, write: Writer, keys: "array[int]", job: Job) -> dict[str, Any]:
    report_progress(job, 0, len(keys))
    written = write(file, _reported(read(keys), job, len(keys)), len(keys))
    report_progress(job, len(keys), len(keys))
    return {"orders": len(keys)} | asdict(written)


def _reported(orders: Iterable[Any], job: Job, total: int) -> Iterator[Any]:
    """What was read of the orders, saying now and then how far it is: the lease is renewed, Stop is heard."""
    for number, order in enumerate(orders, start=1):
        yield order
        if number % ORDERS_PER_REPORT == 0:
            report_progress(job, number, total)
            fault("exports.reported")


def _filename(request: ExportRequest, shop: Shop) -> str:
    """`orders-12345-20260322.xlsx`, or as the person calls it."""
    chosen = Format(request.format)
    day = timezone.localdate(timezone=shop.zone)
    usual = "-".join([chosen.value if chosen.is_for_carrier else "orders", shop.number, f"{day:%Y%m%d}"])
    return f"{slugify(request.name) or usual}.{chosen.suffix}"


def _language_of(job: Job) -> str:
    return (job.user.language if job.user else "") or job.shop.language


def _title(job: Job) -> str:
    return _("Export: %(format)s") % {"format": Format(job.arguments["format"]).label}


def register() -> None:
    register_kind(JobKind(EXPORT, _title, Permission.EXPORT_ORDERS, do_whole=export, is_one_at_a_time=True))
