"""The hard cases, and that the built-in layouts stand them all."""

import pytest

from layouts.gallery import cases_for, tried
from layouts.kinds import Kind
from layouts.legal import EU, missing_duties
from layouts.source import Source
from layouts.standard import standard
from layouts.subjects import fields_of


@pytest.mark.faults
@pytest.mark.parametrize("kind", Kind.values)
def test_the_built_in_layout_stands_every_hard_case(kind):
    results = list(tried(standard(kind), fields_of(kind)))

    assert [(result.case.key, result.problems) for result in results if result.problems] == []
    assert all(result.number_of_pages for result in results)


def test_the_built_in_layouts_have_what_the_law_wants():
    lacking = {
        (kind, country): missing
        for kind in Kind
        for country in EU | {"US"}
        if (missing := missing_duties(kind, standard(kind).html, country=country))
    }

    assert lacking == {}


def test_each_case_is_what_its_name_says():
    cases = {case.key: case.data for case in cases_for(fields_of(Kind.INVOICE))}

    assert len(cases["many-lines"]["invoice"]["lines"]) == len(cases["many-lines"]["order"]["lines"]) == 300
    assert len(cases["long"]["order"]["billing_address"]["company"]) > 200
    assert "<script>" in cases["hostile"]["order"]["lines"][0]["name"]
    assert (cases["empty"]["order"]["shipments"], cases["empty"]["shop"]["company"]) == ([], "")
    assert cases["empty"]["invoice"]["due_on"] is None
    assert cases["credit"]["invoice"]["totals"]["incl"] < 0
    assert cases["free"]["order"]["totals"]["incl"] == 0
    assert cases["large"]["order"]["currency"] == "JPY"
    assert len(cases["rates"]["invoice"]["vat"]) == 9
    assert cases["nothing-sent"]["order"]["shipments"] == []
    labels = cases_for(fields_of(Kind.ADDRESS_LABEL))[-1].data["labels"]
    assert [label["is_blank"] for label in labels] == [True] * 5 + [False] * (len(labels) - 5)


def test_a_layout_that_stands_the_ordinary_order_alone_is_caught():
    names_of_all = "{{ order.lines[0].name | slice: 0, 400 }}" + "{{ order.shipments[0].carrier }}"
    counts = "{% if order.totals.incl < 0 %}{{ order.moon }}{% endif %}"

    failed = [
        each.case.key
        for each in tried(Source(names_of_all + counts, ""), fields_of(Kind.PACKING_SLIP))
        if each.problems
    ]

    assert failed == ["credit"]
