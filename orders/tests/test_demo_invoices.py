import pytest
from django.core.management import call_command

from orders.demo.world import CUT
from orders.invoicing.audit import audit, broken_links
from orders.models import Invoice, InvoiceSettings

pytestmark = pytest.mark.django_db


def test_the_demo_has_invoices_and_credit_notes_whose_numbers_are_whole():
    call_command("demo", file=CUT, orders=400, verbosity=0)

    assert InvoiceSettings.objects.count() == 3
    assert Invoice.objects.filter(kind="invoice").count() > Invoice.objects.filter(kind="credit_note").count() >= 2
    for settings in InvoiceSettings.objects.select_related("shop"):
        assert all(series.is_whole for series in audit(settings.shop))
        assert broken_links(settings.shop) == []
