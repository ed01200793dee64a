from celery import shared_task
from django.utils import timezone

from orders.papers.invoice_files import make_due_files, make_file
from orders.services.invoices_due import issue_due
from orders.services.waiting import review_waiting as review


@shared_task
def review_waiting() -> None:
    review(timezone.now())


@shared_task
def issue_due_invoices(shop_id: int | None = None) -> None:
    issue_due(shop_id)


@shared_task
def make_invoice_file(invoice_id: int) -> None:
    make_file(invoice_id)


@shared_task
def sweep_invoices() -> None:
    issue_due()
    make_due_files()
