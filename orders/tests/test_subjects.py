"""Orders as the previews of layouts see them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from backoffice.tests.factories import make_shop
from layouts.engine import problems_of, render_text
from layouts.field_help import field_rows, matching
from layouts.kinds import Kind
from layouts.standard import standard
from layouts.subjects import SubjectMissing, choices_for, fields_of, subject_for
from orders.models import Address
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def target(shop):
    return make_shop("12346", base_shop=shop)


@pytest.mark.parametrize("kind", Kind.values)
def test_an_order_has_every_field_of_the_documentation(shop, kind):
    make_order(shop, number=7, lines=2)

    subject = subject_for(shop, kind)

    assert subject.number == "00007"
    rows = field_rows(fields_of(kind), subject.data)
    template = "\n".join(row.snippet for row in rows if "[]" not in row.path)
    assert problems_of(template, fields_of(kind)) == []
    render_text(template, subject.data, language="en")
    render_text(standard(kind).html, subject.data, language="nl")


def test_the_newest_order_is_shown_until_another_is_chosen(shop, other_shop):
    now = timezone.now()
    make_order(shop, number=1, placed_at=now)
    make_order(shop, number=2, placed_at=now - timedelta(days=1))
    make_order(other_shop, number=3, placed_at=now)

    assert [choice.number for choice in choices_for(shop)] == ["00001", "00002"]
    assert subject_for(shop, Kind.INVOICE).data["order"]["number"] == "00001"
    assert subject_for(shop, Kind.INVOICE, number="2").data["order"]["number"] == "00002"


@pytest.mark.parametrize("number", ["3", "x", "1\0", "9" * 30, "-1", "١"])
def test_no_other_order_is_found(shop, other_shop, number):
    make_order(shop, number=1)
    make_order(other_shop, number=3)

    with pytest.raises(SubjectMissing):
        subject_for(shop, Kind.INVOICE, number=number)


def test_a_shop_without_orders_shows_the_sample_document(shop):
    subject = subject_for(shop, Kind.INVOICE)

    assert (subject.number, subject.data["order"]["customer"]["name"]) == ("", "Sanne de Vries")


def test_a_target_shop_shows_its_own_orders_as_its_own(shop, target):
    make_order(shop, number=1)
    make_order(shop, number=2, target_shop=target)

    assert [choice.number for choice in choices_for(target)] == ["00002"]
    assert subject_for(target, Kind.INVOICE).data["shop"]["number"] == "12346"
    with pytest.raises(SubjectMissing):
        subject_for(target, Kind.INVOICE, number="1")


def test_a_field_is_found_by_its_words_or_its_value(shop):
    make_order(shop, number=7, billing=Address(name="Ada Byron"))
    subject = subject_for(shop, Kind.PACKING_SLIP)
    rows = field_rows(fields_of(Kind.PACKING_SLIP), subject.data)

    assert [row.snippet for row in matching(rows, "ada billing")] == ["{{ order.billing_address.name }}"]
    assert [row.snippet for row in matching(rows, "LINES[].SKU order.lines")] == ["{{ line.sku }}"]
    assert matching(rows, "moon") == []
