"""Templates made to hurt: each is refused or ends by itself, soon, with little memory, with a word to its author."""

import time
import tracemalloc

import pytest
from django.utils import translation

from layouts.engine import MAIL, TemplateRefused, problems_of, render_text
from layouts.engine_limits import LARGEST_TEMPLATE, LONGEST_LIST, LONGEST_TEXT
from layouts.fields import ORDER_FIELDS, SAMPLE

DOUBLINGS = "{% assign a = a | append: a %}" * 40
NESTED_LOOPS = "".join(f"{{% for i{n} in (1..9) %}}" for n in range(12)) + "x" + "{% endfor %}" * 12

REFUSED = {
    "nested loops": NESTED_LOOPS,
    "loops after each other": "{% for i in (1..10000) %}{% endfor %}" * 300,
    "a loop in a loop in a loop": (
        "{% for a in (1..9999) %}{% for b in (1..9999) %}{% for c in (1..9999) %}{% endfor %}{% endfor %}{% endfor %}"
    ),
    "a long range": "{% for i in (1..99999999) %}x{% endfor %}",
    "a long range backwards": "{% for i in (1..99999999) reversed %}x{% endfor %}",
    "a long range, joined": "{{ (1..99999999) | join: ',' }}",
    "a long range, kept": "{% assign a = (1..99999999) %}{{ a | size }}",
    "a long range, sorted": "{{ (1..99999999) | sort | first }}",
    "a long range by names": "{% assign n = 99999999 %}{% for i in (1..n) %}{% endfor %}",
    "a range in a table": "{% tablerow i in (1..99999999) cols: 2 %}{{ i }}{% endtablerow %}",
    "doubling by append": "{% assign a = 'xxxxxxxx' %}" + DOUBLINGS,
    "doubling by prepend": "{% assign a = 'x' %}" + "{% assign a = a | prepend: a %}" * 40,
    "doubling by capture": "{% assign a = 'xxxxxxxx' %}" + "{% capture a %}{{ a }}{{ a }}{% endcapture %}" * 40,
    "doubling by replace": "{{ 'x'" + " | replace: 'x', 'xxxxxxxxxxxxxxxx'" * 12 + " }}",
    "doubling in a loop": "{% assign a = 'x' %}{% for i in (1..64) %}{% assign a = a | append: a %}{% endfor %}",
    "doubling of a list": "{% assign a = '1,2,3' | split: ',' %}" + "{% assign a = a | concat: a %}" * 40,
    "a long list of long texts": (
        "{% capture t %}{% for i in (1..9999) %}xxxxxxxxxx{% endfor %}{% endcapture %}{% assign a = t | split: '~' %}"
        + "{% assign a = a | concat: a %}" * 20
    ),
    "breaks out of a text": "{% capture a %}{% for i in (1..9999) %}x\n{% endfor %}{% endcapture %}{{ a"
    + " | newline_to_br | replace: '<', '&lt;&lt;&lt;&lt;&lt;'" * 8
    + " }}",
    "joined with a long text": (
        "{% capture t %}{% for i in (1..9999) %}xxxxxxxxxx{% endfor %}{% endcapture %}{{ (1..9999) | join: t }}"
    ),
    "a long text for each letter": (
        "{% capture t %}{% for i in (1..9999) %}xxxxxxxxxx{% endfor %}{% endcapture %}{{ t | replace: 'x', t | size }}"
    ),
    "encoded again and again": (
        "{% assign a = '%' %}{% for i in (1..30) %}{% assign a = a | url_encode | append: a %}{% endfor %}"
    ),
    "squared numbers": "{% assign n = 99 %}" + "{% assign n = n | times: n %}" * 40 + "{{ n }}",
    "a number of many digits": "{{ " + "9" * 5_000 + " | plus: 1 }}",
    "many names": "".join(f"{{% assign a{n} = 1 %}}" for n in range(5_000)),
    "many long texts kept": "{% capture t %}{% for i in (1..9999) %}xxxxxxxxxx{% endfor %}{% endcapture %}"
    + "".join(f"{{% assign a{n} = t %}}" for n in range(100)),
    "the same case many times": "{% case 1 %}{% when 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 %}" * 9 + "x" + "{% endcase %}" * 9,
    "five thousand ifs": "{% if order %}" * 5_000 + "{% endif %}" * 5_000,
    "a condition without end": "{% if order.number" + " or order.number" * 8_000 + " %}{% endif %}",
    "brackets in brackets": "{{ order" + "[order" * 2_000 + "]" * 2_000 + " }}",
    "a million characters": "x" * 1_000_000,
    "openings without ends": "{{" * 50_000,
    "tags without ends": "{%" * 50_000,
    "raw without end": "{% raw %}" * 10_000,
    "raw with blanks without end": ("{% raw" + " " * 900 + "%}") * 200,
    "doc without end": "{% doc %}" * 10_000,
    "comments without end": "{% comment %}" * 5_000,
    "blanks": "{{ order" + " " * 150_000 + "| size }}",
    "a broken case": "{% case %}{% when %}{% endcase %}",
    "quotes without ends": "{{ " + "'" * 50_001 + " }}",
    "pipes": "{{ order" + " |" * 50_000 + " }}",
    "itself": "{% include 'itself' %}",
    "a file": "{% include '/etc/passwd' %}",
    "a file above": "{% render '../../settings.py' %}",
    "an address": "{% include 'http://127.0.0.1/' %}",
    "an unknown width": "{{ 'x' | ljust: 999999999 }}",
    "an output without end": "{% for i in (1..9999) %}" + "x" * 1_000 + "{% endfor %}",
}

ENDS_BY_ITSELF = {
    "a wide slice": ("{{ 'abc' | slice: 0, 999999999 }}", "abc"),
    "a long truncation": ("{{ 'abc' | truncate: 999999999 }}", "abc"),
    "many digits asked": ("{{ 1.5 | round: 999999999 }}{{ 1.5 | number: 999999999 }}", "1.51.500000"),
    "a wide date": ("{{ order.placed_at | date: '%999999999d' }}", "%999999999d"),
    "a cycle": ("{% for i in (1..3) %}{% cycle 'a', 'b' %}{% endfor %}", "aba"),
    "columns by nothing": ("{% for l in (1..2) %}{{ l | modulo: 2 }}{% endfor %}", "10"),
    "no bar code of a long text": ("{{ '" + "1" * 61 + "' | barcode }}", "1" * 61),
    "no QR code of a long text": ("{{ '" + "x" * 1_001 + "' | qr }}", "x" * 1_001),
    "a comparison of everything": ("{% if order == shop or order contains shop or order > 1 %}{% endif %}", None),
    "tags that are no tags": ("{ % { { } } % }", "{ % { { } } % }"),
}


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


@pytest.fixture
def soon():
    """Fails when what the test did took seconds of work. Nearer limits would measure the machine."""
    before = time.thread_time()
    yield
    assert time.thread_time() - before < 5 * MAIL.cpu_seconds


@pytest.mark.parametrize("name", REFUSED)
def test_a_bomb_is_refused_with_a_word_to_its_author(name, soon):
    with pytest.raises(TemplateRefused) as refused:
        render_text(REFUSED[name], SAMPLE, language="en")

    (problem,) = refused.value.problems
    assert problem.message
    assert len(problem.quote) <= 80


@pytest.mark.parametrize("name", REFUSED)
def test_a_bomb_is_found_while_it_is_written(name, soon):
    assert problems_of(REFUSED[name], ORDER_FIELDS)


@pytest.mark.parametrize(
    "name", [name for name in REFUSED if name.startswith(("a long", "doubling", "joined", "many"))]
)
def test_a_bomb_takes_little_memory(name):
    tracemalloc.start()
    try:
        with pytest.raises(TemplateRefused):
            render_text(REFUSED[name], SAMPLE, language="en")
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 40_000_000


@pytest.mark.parametrize("name", ENDS_BY_ITSELF)
def test_what_looks_like_a_bomb_ends_by_itself(name, soon):
    source, written = ENDS_BY_ITSELF[name]
    try:
        text = render_text(source, SAMPLE, language="en")
    except TemplateRefused:
        text = None

    assert text == written


def test_steps_are_counted_before_the_clock_is_asked():
    """On a slow machine a template must be refused at the same place as on a quick one."""
    with pytest.raises(TemplateRefused) as refused:
        render_text(REFUSED["loops after each other"], SAMPLE, language="en")

    assert [problem.message for problem in refused.value.problems] == ["The template takes more than 60000 steps."]


def test_the_table_is_as_long_as_it_was_meant_to_be():
    assert len(REFUSED) >= 30


def test_after_a_bomb_the_next_template_is_rendered():
    for source in REFUSED.values():
        with pytest.raises(TemplateRefused):
            render_text(source, SAMPLE, language="en")

        assert render_text("{{ order.number }}", SAMPLE, language="en") == "00012"


def test_the_largest_order_fits_into_the_limits():
    lines = SAMPLE["order"]["lines"] * 150
    data = {**SAMPLE, "order": {**SAMPLE["order"], "lines": lines}}
    source = "{% for line in order.lines %}" + "<td>{{ line.name | escape }}</td>" * 10 + "{% endfor %}"

    assert render_text(source, data, language="en").count("<td>") == 3_000
    assert LONGEST_LIST > 300
    assert LONGEST_TEXT < LARGEST_TEMPLATE * 2
