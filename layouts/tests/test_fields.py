import pytest
from django.utils import translation

from layouts.fields import INVOICE_FIELDS, LABEL_FIELDS, ORDER_FIELDS, SAMPLE, Field, FieldList, Shape

ALL = INVOICE_FIELDS + FieldList((LABEL_FIELDS.roots["labels"],))


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


def shape_of(value):
    """The names in plain data, as a set of paths."""
    if isinstance(value, dict):
        return {path for name, each in value.items() for path in {name, *(f"{name}.{p}" for p in shape_of(each))}}
    if isinstance(value, list):
        return {path for each in value for path in shape_of(each)}
    return set()


def test_every_field_is_described_and_no_two_share_a_name():
    for path, field in ALL.paths.items():
        assert field.description, path
        assert len(field.names) == len(field.fields), path
        assert bool(field.fields) == (field.shape in (Shape.GROUP, Shape.LIST)), path


def test_the_sample_has_every_field():
    for field in ALL.fields:
        rows = Field(field.name, field.description, None, field.shape, field.fields).sample_value()

        assert shape_of({field.name: rows}) >= {
            path.replace("[]", "") for path in ALL.paths if path.partition(".")[0].partition("[")[0] == field.name
        } - {"order.refunds." + name for name in ALL.find("order.refunds").names} - {
            "invoice.notes." + name for name in ALL.find("invoice.notes").names
        }


def test_rows_of_the_sample_differ_only_in_fields_there_are():
    for path, field in ALL.paths.items():
        for row in field.rows:
            assert set(row) <= set(field.names), path


def test_the_sample_invoice_adds_up():
    order, invoice = SAMPLE["order"], SAMPLE["invoice"]

    for of_lines, of_all in (("total_ex", "ex"), ("total_vat", "vat"), ("total", "incl")):
        assert sum(line[of_lines] for line in invoice["lines"]) == invoice["totals"][of_all]
    assert sum(line["total"] for line in order["lines"]) == order["totals"]["lines"]
    assert order["totals"]["lines"] + order["totals"]["shipping_cost"] == order["totals"]["incl"]
    assert sum(rate["incl"] for rate in order["vat"]) == order["totals"]["incl"]
    assert sum(rate["ex"] for rate in order["vat"]) == order["totals"]["ex"] == SAMPLE["invoice"]["totals"]["ex"]


def test_samples_are_made_anew():
    ORDER_FIELDS.sample()["order"]["lines"].clear()

    assert len(ORDER_FIELDS.sample()["order"]["lines"]) == 2


def test_fields_are_found_by_words_of_path_and_description():
    assert list(ORDER_FIELDS.search("Tracking CODE")) == ["order.shipments[].tracking_code"]
    assert ORDER_FIELDS.search("no such words") == {}
    assert ORDER_FIELDS.find("order.lines[].sku").description == "Product number"
    assert ORDER_FIELDS.find("order.lines.sku") is None
