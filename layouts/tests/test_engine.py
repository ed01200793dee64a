from datetime import UTC, datetime
from functools import cache

import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from layouts.engine import Problem, TemplateRefused, problems_of, render_text
from layouts.fields import INVOICE_FIELDS, ORDER_FIELDS, SAMPLE
from layouts.filters import FILTERS

EVIL = "<script>alert(1)</script>"


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


def text(source, data=SAMPLE, *, language="en", html=True):
    return render_text(source, data, language=language, html=html)


def refusal_of(source, data=SAMPLE) -> Problem:
    with pytest.raises(TemplateRefused) as refused:
        text(source, data)
    (problem,) = refused.value.problems
    return problem


# --- What a template writes


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("en", "€60.85, 21 Mar 2026, 2 × 12.45, 21 %"),
        ("nl", "€ 60,85, 21-03-2026, 2 × 12,45, 21 %"),
        ("sv", "60,85 €, 2026-03-21, 2 × 12,45, 21 %"),
    ],
)
def test_amounts_and_days_read_as_people_of_the_language_write_them(language, written):
    source = (
        "{{ order.totals.incl | money }}, {{ order.placed_at | date }}, "
        "{{ order.lines[0].quantity }} × {{ order.lines[0].unit_price }}, {{ order.lines.first.vat_rate | percent }}"
    )

    assert text(source, language=language).replace("\N{NO-BREAK SPACE}", " ") == written


def test_times_are_those_of_the_clock_of_the_shop():
    data = {"shop": {"time_zone": "Europe/Stockholm"}, "at": datetime(2026, 7, 1, 22, 30, tzinfo=UTC)}

    assert text("{{ at | datetime }} {{ at | date: '%-d %B %Y' }}", data) == "2 Jul 2026, 00:30 2 July 2026"


def test_arithmetic_is_that_of_decimals():
    assert text("{{ 0.1 | plus: 0.2 }} {{ 7 | divided_by: 2 }} {{ 7.0 | divided_by: 2 }}") == "0.3 3 3.5"
    assert text("{{ order.lines | sum: 'total' }} {{ order.totals.incl | times: 3 }}") == "54.90 182.55"
    assert text("{{ 2.345 | round: 2 }} {{ -2.5 | round }} {{ 5 | at_most: 3 }}") == "2.35 -3 3"


def test_lists_are_filtered_sorted_and_joined():
    assert text("{{ order.lines | where: 'sku', 'TEA-200' | map: 'name' | join }}") == "Green tea, loose, 200 g"
    assert text("{{ order.lines | sort: 'name' | map: 'sku' | join: ', ' }}") == "TEA-200, MUG-BLUE"
    assert text("{% assign cheap = order.lines | find: 'sku', 'MUG-BLUE' %}{{ cheap.name }}") == "Mug, blue"


def test_what_is_empty_this_time_is_written_as_nothing():
    source = (
        "[{{ order.refunds.first.amount | money }}{{ order.lines[9].name }}{{ order.lines.first.expected_on | date }}]"
    )

    assert text(source) == "[]"


def test_a_name_assigned_in_a_branch_not_taken_is_empty():
    assert text("{% if order.number == 'x' %}{% assign a = 1 %}{% endif %}[{{ a }}]") == "[]"


def test_codes_are_pictures_in_the_page():
    for source in (
        "{{ order.number | barcode }}",
        "{{ order.status_url | qr }}",
        "{{ 8.5 | sepa_qr: order.number }}",
    ):
        assert text(source).startswith("<img class=")
        assert 'src="data:image/png;base64,' in text(source)
    assert text("{{ 'é' | barcode: 'ean13' }}") == "é"


def test_nothing_is_to_be_paid_by_qr_code_without_account_amount_or_euro():
    without_account = {**SAMPLE, "shop": {**SAMPLE["shop"], "iban": ""}}
    in_kronor = {**SAMPLE, "order": {**SAMPLE["order"], "currency": "SEK"}}

    assert text("{{ 8.5 | sepa_qr: 'x' }}", without_account) == ""
    assert text("{{ 8.5 | sepa_qr: 'x' }}", in_kronor) == ""
    assert text("{{ 0 | sepa_qr: 'x' }}") == ""


# --- Strangers' texts


@pytest.mark.parametrize("name", sorted(FILTERS))
def test_no_filter_lets_markup_of_a_customer_through(name):
    data = {"evil": EVIL, "rows": [{"name": EVIL}]}
    written = []
    for value in ("evil", "rows", "'<b>x</b>'"):
        for arguments in ("", ": evil", ": 'x', evil", ": 'name'", ": 5, evil"):
            source = f"{{{{ {value} | {name}{arguments} }}}}"
            try:
                written.append(text(source, data))
            except TemplateRefused:
                continue

    assert not [each for each in written if "<script" in each.lower()]


def test_markup_of_the_author_stays_and_that_of_the_customer_does_not():
    data = {"name": EVIL}

    assert text("<i>{{ name }}</i>", data) == "<i>&lt;script&gt;alert(1)&lt;/script&gt;</i>"
    assert text("{{ '<b>X</b>' | replace: 'X', name }}", data).startswith("<b>&lt;script")
    assert text("{% capture a %}{{ name }}{% endcapture %}{{ a }}", data).startswith("&lt;script")


def test_a_subject_is_plain_text():
    assert text("{{ name }}", {"name": "Smith & Sons"}, html=False) == "Smith & Sons"


def test_nothing_but_the_data_can_be_reached():
    data = {"order": {"number": "1"}, "text": "x"}
    for path in ("order.__class__", "order.keys", "text.__class__", "settings.SECRET_KEY", "request", "order.items"):
        source = f"{{{{ {path} }}}}"
        try:
            assert text(source, data) == ""
        except TemplateRefused:
            continue


def paths_in(value, path):
    """The path of every single value in plain data."""
    if isinstance(value, dict):
        return [found for name, each in value.items() for found in paths_in(each, f"{path}.{name}".lstrip("."))]
    if isinstance(value, list):
        return [found for place, each in enumerate(value) for found in paths_in(each, f"{path}[{place}]")]
    return [path]


@cache
def published():
    """All that a layout may write of the sample."""
    return {text(f"{{{{ {path} }}}}", SAMPLE) for path in paths_in(SAMPLE, "")} | {""}


# Names of the data, and of all that stands behind it where it is not plain.
NAMES = """
    order shop invoice lines totals number name customer address first last size 0 -1
    __class__ __mro__ __subclasses__ __init__ __globals__ __dict__ __doc__ __len__ __getitem__
    keys items values get copy format join real as_tuple tzinfo isoformat
    _meta objects pk save request user settings SECRET_KEY private_key environ forloop loader env
""".split()  # noqa: SIM905  (a list of fifty quoted names reads worse)


@settings(deadline=None)  # a slow machine is no fault
@given(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4), st.booleans())
def test_t16_whatever_names_are_strung_together_only_published_values_come_out(names, is_in_brackets):
    path = names[0] + "".join(f"['{name}']" for name in names[1:]) if is_in_brackets else ".".join(names)
    try:
        written = text(f"{{{{ {path} }}}}", SAMPLE)
    except TemplateRefused:
        return

    assert "00012" in published()
    assert written in published() or (names[-1] == "size" and written.isdecimal())


# --- What is wrong, and where


def test_an_unknown_field_is_named_with_its_place_and_what_was_meant():
    (problem,) = problems_of("<h1>\n  {{ order.custmer.name }}</h1>", ORDER_FIELDS)

    assert problem == Problem(
        line=2,
        column=6,
        message="There is no field “order.custmer.name”.",
        quote="{{ order.custmer.name }}</h1>",
        hint="Did you mean “order.customer”?",
    )


@pytest.mark.parametrize(
    ("source", "hint"),
    [
        ("{{ ordr.number }}", "order.number"),
        ("{{ customer.name }}", "order.customer.name"),
        ("{{ order.email }}", "order.customer.email"),
        ("{% for line in order.lines %}{{ line.skuu }}{% endfor %}", "line.sku"),
        ("{% for line in order.lines %}{{ sku }}{% endfor %}", "line.sku"),
        ("{% for s in order.shipments %}{% for l in s.lines %}{{ l.nam }}{% endfor %}{% endfor %}", "l.name"),
        ("{% assign first = order.lines | first %}{{ first.nme }}", "first.name"),
        ("{% assign line = order.lines | where: 'sku', 'x' | last %}{{ line.nme }}", "line.name"),
        ("{{ order.lines | map: 'naam' | join }}", "name"),
        ("{% if order.totals.opn > 0 %}{% endif %}", "order.totals.open"),
        ("{% case order.payment.stat %}{% when 'open' %}{% endcase %}", "order.payment.status"),
        ("{% for line in order.lines %}{{ forloop.indx }}{% endfor %}", "forloop.index"),
        ("{{ 'x' | append: order.nubmer }}", "order.number"),
        ("{{ order.totals.incl | mony }}", "money"),
    ],
)
def test_a_near_name_is_offered(source, hint):
    (problem,) = problems_of(source, ORDER_FIELDS)

    assert problem.hint == f"Did you mean “{hint}”?"


@pytest.mark.parametrize(
    "source",
    [
        "{{ order.lines[0].name }}{{ order['number'] }}{{ order.lines.size }}{{ order.lines.last.sku }}",
        "{% for line in order.lines limit: 2 %}{{ forloop.first }}{{ line.name.size }}{% endfor %}",
        "{% tablerow line in order.lines cols: 2 %}{{ line.name }}{{ tablerowloop.col }}{% endtablerow %}",
        "{% assign n = 'number' %}{{ order[n] }}{% increment c %}{{ c }}",
        "{% assign a = order.lines %}{% assign a = 'x' %}{{ a }}{{ a.anything }}",
        "{% capture a %}x{% endcapture %}{{ a }}{% comment %}{{ x }}{% endcomment %}",
        "{% raw %}{{ x }}{% endraw %}",
        "{% liquid\n assign a = order.number\n echo a %}",
        "{% assign parts = order.shipments | map: 'lines' %}{% for part in parts %}{{ part.sku }}{% endfor %}",
    ],
)
def test_a_right_template_has_no_problems(source):
    assert problems_of(source, ORDER_FIELDS) == []


def test_every_wrong_name_is_listed_at_once():
    problems = problems_of("{{ a }}\n{{ b }}\n{{ order.c | d }}", ORDER_FIELDS)

    assert [problem.line for problem in problems] == [1, 2, 3, 3]


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("one\n{% if order.number %}two", 2),
        ("one\n{{ order.number", 2),
        ("one\n{{ order.number | }}", 2),
        ("one\n{{ order.lines[ }}", 2),
        ("one\n{% nonsense %}", 2),
        ("one\n{% endfor %}", 2),
        ("one\n{% for x of order.lines %}{% endfor %}", 2),
        ("one\n{% raw %}", 2),
        ("one\n{% include 'other' %}", 2),
        ("one\n{% render 'other' %}", 2),
    ],
)
def test_what_is_no_liquid_is_told_with_its_line(source, line):
    (problem,) = problems_of(source, ORDER_FIELDS)

    assert (problem.line, bool(problem.message), bool(problem.quote)) == (line, True, True)


def test_a_name_that_only_shows_while_rendering_is_refused_too():
    data = {"order": {"number": "1", "name": "x"}}

    assert refusal_of("\n{{ order[order.number] }}", data).line == 2
    assert refusal_of("{{ order.nmae }}", data).hint == "Did you mean “order.name”?"


def test_fields_of_an_invoice_are_not_those_of_an_order():
    assert problems_of("{{ invoice.number }}", INVOICE_FIELDS) == []
    assert len(problems_of("{{ invoice.number }}", ORDER_FIELDS)) == 1


def test_a_filter_that_cannot_work_on_a_value_says_which():
    assert refusal_of("{{ order.customer.name | money }}").message == "The filter “money” cannot work on this."
    assert refusal_of("{{ 1 | divided_by: 0 }}").message == "The filter “divided_by” cannot work on this."


def test_the_limits_of_a_mail_are_told():
    source = "{% for i in (1..10000) %}{% for j in (1..100) %}.{% endfor %}{% endfor %}"

    assert refusal_of(source).message == "A loop goes on for too long."
