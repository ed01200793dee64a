from celery import shared_task
from django.utils import timezone

from orders.services.waiting import review_waiting as review


@shared_task
def review_waiting() -> None:
    review(timezone.now())
