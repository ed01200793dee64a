"""Answers that end at once, with the same orders in different ones."""

from array import array
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.utils import timezone

from orderpull.models import PullCall, PullReceipt
from orderpull.services.receipts import write_receipts

NUMBERS = range(1, 2_001)
ROUNDS = 5


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_receipts_of_two_answers_do_not_wait_for_each_other(shop):
    calls = [
        PullCall.objects.create(shop=shop, shop_number=shop.number, step="list", outcome="answered", at=timezone.now())
        for _ in range(2)
    ]
    together = Barrier(2)

    def answer(call, numbers):
        try:
            for version in range(1, ROUNDS + 1):
                together.wait(timeout=30)
                write_receipts(call, array("q", numbers), array("q", [version] * len(numbers)))
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as answers:
        both = [
            answers.submit(answer, call, numbers) for call, numbers in zip(calls, (NUMBERS, NUMBERS[::-1]), strict=True)
        ]
        for each in both:
            each.result()

    assert PullReceipt.objects.for_shop(shop).count() == ROUNDS * len(NUMBERS)
