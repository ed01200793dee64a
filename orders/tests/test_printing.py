"""Printing: the papers of one order, of the selected ones as a job, and what the order remembers of it."""

import gc
import io
import json
import uuid
import zipfile
from decimal import Decimal
from functools import partial

import PIL.Image
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from lxml import html
from pypdf import PdfReader
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from backoffice import jobs
from backoffice.job_files import workplace
from backoffice.models import Job, JobItem, JobState, Shop, ShopLogo
from backoffice.roles import Role
from backoffice.tests.factories import make_shop, make_staff
from layouts.fields import ROUND_FIELDS
from layouts.kinds import Kind
from layouts.rendering import Limits, Page, RenderFailed, render_batch
from layouts.standard import pick_round
from layouts.tests.factories import make_version
from orders.models import Address, InvoiceFile, LogAction, Order
from orders.papers.invoice_files import invoice_pdf
from orders.papers.jobs import start_printing
from orders.papers.making import ORDERS_IN_ROWS_AT_ONCE, ROWS_AT_ONCE, Desk, Round
from orders.papers.printing import PaperMissing, paper_pdf
from orders.papers.wish import PICK_ROUND, Packing, Wish
from orders.services.invoices import issue_invoice
from orders.tests.factories import make_order, new_line
from orders.tests.test_invoice_service import make_paid_order

pytestmark = pytest.mark.django_db
LONG = "A mug of blue clay, fired twice and painted by hand. " * 4
HOME = Address(name="Anna Jansen", street="Dorpsstraat 1", postcode="1234 AB", city="Ede", country="NL")


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    return tmp_path


def texts(pdf):
    """The words of each page."""
    return [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(pdf)).pages]


def pictures_in(pdf):
    return [image.data for page in PdfReader(io.BytesIO(pdf)).pages for image in page.images]


def content(response):
    return b"".join(response.streaming_content)


def ask_for_all(shop, orders, actor, *papers, **wish):
    """A job over `orders`, in that order, that waits."""
    return start_printing(
        Wish(papers, **wish),
        Order.objects.filter(pk__in=[order.pk for order in orders]).order_by("pk"),
        shop=shop,
        by=actor,
        token=uuid.uuid4(),
    )


def print_all(shop, orders, actor, *papers, **wish):
    """The finished job over `orders`, in that order."""
    job = ask_for_all(shop, orders, actor, *papers, **wish)
    jobs.run(job.pk)
    job.refresh_from_db()
    return job


def file_of(job):
    with job.file.open() as file:
        return file.read()


def printed_of(order):
    return [entry.changes["papers"]["new"] for entry in order.log.filter(action=LogAction.PAPERS_MADE)]


# --- one order


def test_a_paper_is_printed_from_the_page_of_the_order_and_remembered(clerk_client, shop):
    order = make_order(shop, lines=[new_line(name="Blue mug")], shipping=HOME)
    before = order.version

    response = clerk_client.post(
        reverse("orders:paper", args=[shop.number, order.number]), {"paper": Kind.PACKING_SLIP}
    )

    [page] = texts(content(response))
    assert response["Content-Disposition"] == f'attachment; filename="packing-slip-{order.display_number}.pdf"'
    assert "Blue mug" in page
    assert "Dorpsstraat 1" in page
    assert "1 / 1" in page
    assert printed_of(order) == [[["packing_slip", "built-in packing_slip"]]]
    order.refresh_from_db()
    assert order.version == before  # printing is no change that other systems should fetch
    shown = clerk_client.get(reverse("orders:detail", args=[shop.number, order.number]))
    assertContains(shown, "built-in layout")
    assertContains(shown, "Marit Bakker")


def test_the_menu_prints_the_papers_that_are_printed_most(clerk_client, shop):
    order = make_order(shop)
    page = clerk_client.get(reverse("orders:detail", args=[shop.number, order.number])).content.decode()

    menu = html.fromstring(page).cssselect('summary[data-key="p"]')[0].getparent()
    for kind in ("invoice", "packing_slip", "pick_list"):
        (form,) = menu.cssselect(f'form[action="{reverse(f"orders:print-{kind}", args=[shop.number, order.number])}"]')
        assert form.cssselect("button")
    slip = clerk_client.post(reverse("orders:print-packing_slip", args=[shop.number, order.number]))
    assert slip["Content-Type"] == "application/pdf"


@pytest.mark.parametrize("paper", ["", "poster", "pick_round", "x\x00"])
def test_a_paper_that_does_not_exist_is_refused_with_a_word(clerk_client, shop, paper):
    order = make_order(shop)

    response = clerk_client.post(
        reverse("orders:paper", args=[shop.number, order.number]), {"paper": paper}, follow=True
    )

    assertContains(response, "There is no such paper.")
    assert printed_of(order) == []


def test_several_papers_of_an_order_come_in_one_file_in_a_fixed_order(clerk_client, shop):
    order = make_order(shop, shipping=HOME)
    url = reverse("orders:print", args=[shop.number, order.number])
    assertContains(clerk_client.get(url + "?paper=pick_list"), 'value="pick_list"')

    response = clerk_client.post(
        url,
        {"papers": ["return_slip", "packing_slip"], "packing": "pdf", "first_label": 1, "token": uuid.uuid4()},
    )

    first, second = texts(content(response))
    assert "Packing slip" in first
    assert "Return slip" in second


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"papers": []}, "This field is required."),
        ({"papers": ["poster"]}, "not one of the available choices"),
        ({"papers": ["address_label"], "sheet": "l7160", "first_label": 22}, "This sheet has 21 labels."),
        ({"papers": ["address_label"], "sheet": "", "first_label": 3}, "Choose the sheet that the labels are on."),
        ({"first_label": "9" * 40}, "less than or equal to 24"),
        ({"sheet": "l7160\x00"}, "not one of the available choices"),
    ],
)
def test_what_makes_no_sense_comes_back_as_it_was_sent(clerk_client, shop, change, message):
    order = make_order(shop)
    dull = {"papers": ["packing_slip"], "packing": "pdf", "first_label": 1, "token": uuid.uuid4()}

    response = clerk_client.post(reverse("orders:print", args=[shop.number, order.number]), dull | change)

    assertContains(response, message, status_code=422)


def test_a_layout_of_the_shop_is_used_and_named(clerk_client, shop):
    make_version(shop, "packing_slip", html="<p>Ours: {{ order.number }}</p>")
    order = make_order(shop)

    response = clerk_client.post(
        reverse("orders:paper", args=[shop.number, order.number]), {"paper": Kind.PACKING_SLIP}
    )

    assert texts(content(response)) == [f"Ours: {order.display_number}"]
    assert printed_of(order) == [[["packing_slip", f"{shop.number} packing_slip 1"]]]
    shown = clerk_client.get(reverse("orders:detail", args=[shop.number, order.number]))
    assertContains(shown, f"layout 1 of shop {shop.number}")


def test_a_broken_layout_prints_nothing_and_says_where(clerk_client, shop):
    make_version(shop, "packing_slip", html="<p>\n{{ order.totl }}</p>")
    order = make_order(shop)

    response = clerk_client.post(
        reverse("orders:paper", args=[shop.number, order.number]), {"paper": Kind.PACKING_SLIP}, follow=True
    )

    assertContains(response, "Not everything could be printed.")
    assertContains(response, "totl")
    assert printed_of(order) == []


def test_customers_read_their_own_language_and_the_warehouse_that_of_the_shop(shop, actor):
    Shop.objects.filter(pk=shop.pk).update(language="nl")
    order = make_order(shop, customer_language="sv", shipping=HOME)
    order.shop.refresh_from_db()

    _name, slip = paper_pdf(order, Kind.PACKING_SLIP, by=actor)
    _name, picks = paper_pdf(order, Kind.PICK_LIST, by=actor)

    assert "Följesedel" in texts(slip)[0]
    assert "Picklijst" in texts(picks)[0]


@pytest.mark.parametrize(
    ("line_order", "expected"),
    [("location", ["Cup", "Bowl", "Ant"]), ("sku", ["Ant", "Bowl", "Cup"]), ("cart", ["Bowl", "Cup", "Ant"])],
)
def test_lines_lie_on_paper_as_the_shop_sorts_them(shop, actor, line_order, expected):
    Shop.objects.filter(pk=shop.pk).update(line_order=line_order)
    lines = [
        new_line(name="Bowl", sku="B", location="A-2"),
        new_line(name="Cup", sku="C", location="A-1"),
        new_line(name="Ant", sku="A", location=""),
    ]
    order = make_order(shop, lines=lines)
    order.shop.refresh_from_db()

    for kind in (Kind.PACKING_SLIP, Kind.PICK_LIST, Kind.RETURN_SLIP, Kind.ORDER_CONFIRMATION):
        _name, pdf = paper_pdf(order, kind, by=actor)
        words = texts(pdf)[0]
        assert sorted(expected, key=words.index) == expected, kind


# --- invoices


def test_an_invoice_is_the_same_bytes_each_time_it_is_printed(clerk_client, shop, actor):
    order = make_paid_order(shop)
    invoice = issue_invoice(order, by=actor)
    make_version(shop, "invoice", html="<p>another layout by now</p>")

    name, attached = paper_pdf(order, Kind.INVOICE, by=actor)
    make_version(shop, "invoice", html="<p>and yet another</p>")
    response = clerk_client.post(reverse("orders:print-invoice", args=[shop.number, order.number]))

    assert content(response) == attached == invoice_pdf(invoice)
    assert response["Content-Disposition"].endswith(f'filename="{name}"')
    assert printed_of(order) == [[["invoice", invoice.number]]]


def test_without_an_invoice_the_reason_is_told_and_no_number_is_taken(clerk_client, shop):
    order = make_paid_order(shop)

    response = clerk_client.post(reverse("orders:print-invoice", args=[shop.number, order.number]), follow=True)

    assertContains(response, "No invoice was issued for this order.")
    assert not order.invoices.exists()


def test_missing_invoices_are_issued_only_by_who_may(client, shop):
    order = make_paid_order(shop)
    url = reverse("orders:print", args=[shop.number, order.number])
    wish = {"papers": ["invoice"], "packing": "pdf", "issues_invoices": "on", "token": uuid.uuid4()}

    client.force_login(make_staff(shop, Role.WAREHOUSE).user)
    assertNotContains(client.get(url), "Issue invoices that are missing")
    client.post(url, wish)
    assert not order.invoices.exists()

    client.force_login(make_staff(shop, Role.FINANCE).user)
    assertContains(client.get(url), "Issue invoices that are missing")
    client.post(url, wish)
    assert order.invoices.count() == 1


def test_one_function_gives_a_paper_to_whoever_attaches_it(shop, actor):
    order = make_order(shop)

    name, pdf = paper_pdf(order, "order_confirmation", by=actor)

    assert name == f"order-confirmation-{order.display_number}.pdf"
    assert order.display_number in texts(pdf)[0]
    assert printed_of(order) == []
    with pytest.raises(PaperMissing):
        paper_pdf(order, "credit_note", by=actor)


# --- many orders


def test_mixed_papers_lie_order_by_order(shop, actor):
    first, second = make_order(shop, shipping=HOME), make_order(shop, shipping=HOME)

    job = print_all(shop, [first, second], actor, Kind.PACKING_SLIP, Kind.RETURN_SLIP)

    pages = texts(file_of(job))
    assert [_what(words, first, second) for words in pages] == [
        ("Packing slip", first),
        ("Return slip", first),
        ("Packing slip", second),
        ("Return slip", second),
    ]
    assert job.state == JobState.DONE
    assert (job.number_done, job.number_failed) == (2, 0)
    assert (
        printed_of(first)
        == printed_of(second)
        == [[["packing_slip", "built-in packing_slip"], ["return_slip", "built-in return_slip"]]]
    )
    assert {entry.act for order in (first, second) for entry in order.log.filter(action=LogAction.PAPERS_MADE)} == {
        job.act
    }


def _what(words, *orders):
    kind = "Packing slip" if "Packing slip" in words else "Return slip"
    return kind, next(order for order in orders if f"{kind} {order.display_number}" in words)


def test_an_order_that_fails_is_named_and_the_others_are_printed(shop, actor, clerk_client):
    make_version(
        shop, "packing_slip", html="{% if order.lines[0].name == 'Bad' %}{{ order.bad }}{% endif %}{{ order.number }}"
    )
    good, bad, fine = make_order(shop), make_order(shop, lines=[new_line(name="Bad")]), make_order(shop)

    job = print_all(shop, [good, bad, fine], actor, Kind.PACKING_SLIP)

    assert texts(file_of(job)) == [good.display_number, fine.display_number]
    assert (job.number_done, job.number_failed) == (2, 1)
    item = job.items.get(state=JobItem.State.FAILED)
    assert item.label == bad.display_number
    assert item.reason.startswith("Packing slip: ")
    page = clerk_client.get(reverse("job", args=[shop.number, job.pk]))
    assertContains(page, "Printed well?")
    assertContains(page, "Try the rest again")


def test_when_nothing_can_be_made_there_is_no_file_and_every_order_is_named(shop, actor, clerk_client):
    orders = [make_order(shop), make_order(shop)]

    job = print_all(shop, orders, actor, Kind.INVOICE)

    assert not job.file
    assert (job.number_done, job.number_failed) == (0, 2)
    assert set(job.items.values_list("reason", flat=True)) == {"Invoice: No invoice was issued for this order."}
    assertNotContains(clerk_client.get(reverse("job", args=[shop.number, job.pk])), "Printed well?")


def test_a_worker_that_dies_before_the_end_is_followed_by_one_that_prints_all_again(shop, actor, monkeypatch):
    orders = [make_order(shop), make_order(shop)]
    monkeypatch.setenv("FAULT", "papers.made:raise")
    job = print_all(shop, orders, actor, Kind.PACKING_SLIP)
    assert job.state != JobState.DONE

    monkeypatch.delenv("FAULT")
    jobs.run(job.pk)

    job.refresh_from_db()
    assert job.state == JobState.DONE
    assert (job.number_done, job.number_failed) == (2, 0)
    assert len(texts(file_of(job))) == 2
    assert [len(printed_of(order)) for order in orders] == [1, 1]


def test_a_zip_holds_a_file_for_each_paper(shop, actor):
    first, second = make_order(shop), make_order(shop)

    job = print_all(shop, [first, second], actor, Kind.PACKING_SLIP, Kind.PICK_LIST, packing=Packing.ZIP)

    with zipfile.ZipFile(io.BytesIO(file_of(job))) as archive:
        assert archive.namelist() == [
            f"{paper}-{order.display_number}.pdf"
            for order in (first, second)
            for paper in ("packing-slip", "pick-list")
        ]
        assert all(len(texts(archive.read(name))) == 1 for name in archive.namelist())


def test_labels_of_all_orders_lie_together_behind_those_that_were_used(shop, actor):
    orders = [make_order(shop, shipping=HOME) for _ in range(3)]

    job = print_all(shop, orders, actor, Kind.ADDRESS_LABEL, sheet="l7165", first_label=7)

    first, second = texts(file_of(job))
    assert [first.count("Dorpsstraat 1"), second.count("Dorpsstraat 1")] == [2, 1]
    box = PdfReader(io.BytesIO(file_of(job))).pages[0].mediabox
    assert [round(float(side) / 72 * 25.4) for side in (box.width, box.height)] == [210, 297]


def test_labels_on_a_roll_stand_with_the_papers_of_their_order(shop, actor):
    orders = [make_order(shop, shipping=HOME), make_order(shop, shipping=HOME)]

    job = print_all(shop, orders, actor, Kind.PACKING_SLIP, Kind.ADDRESS_LABEL, sheet="100x150")

    boxes = [page.mediabox for page in PdfReader(io.BytesIO(file_of(job))).pages]
    assert [round(float(box.width) / 72 * 25.4) for box in boxes] == [210, 100, 210, 100]


def test_one_pick_list_sums_what_all_orders_need(shop):
    mug = {"sku": "MUG", "name": "Mug", "location": "A-1"}
    first = make_order(shop, lines=[new_line(**mug, quantity=Decimal(2)), new_line(sku="TEA", location="B-1")])
    second = make_order(
        shop,
        lines=[
            new_line(**mug, quantity=Decimal("3")),
            new_line(**mug | {"location": "Z-9"}),
            new_line(sku="VOUCHER", kind="gift_card", location=""),
        ],
    )
    desk = Desk(shop)
    everything = Round(desk)
    for subject in desk.subjects([first.pk, second.pk]):
        everything.add(subject)

    [made] = everything.pages(first.placed_at)

    rows = made.page.data["round"]["lines"]
    assert [(row["sku"], row["location"], row["quantity"], row["orders"]) for row in rows] == [
        ("MUG", "A-1", 5, f"{first.display_number} (2), {second.display_number} (3)"),
        ("MUG", "Z-9", 1, f"{second.display_number} (1)"),
        ("TEA", "B-1", 1, f"{first.display_number} (1)"),
    ]


def test_the_summed_pick_list_is_the_first_page(shop, actor):
    orders = [make_order(shop), make_order(shop)]

    job = print_all(shop, orders, actor, Kind.PACKING_SLIP, PICK_ROUND)

    pages = texts(file_of(job))
    assert len(pages) == 3
    assert "Pick list 2 orders" in pages[0]


def test_a_long_round_is_cut_into_lists_that_follow_each_other(shop, actor, monkeypatch):
    """Uncut a round of some thousand articles is more than a renderer may lay out: nobody would have a list at all."""
    monkeypatch.setattr("orders.papers.making.ROWS_AT_ONCE", 2)
    orders = [make_order(shop, lines=[new_line(sku=f"S-{number}", location="")]) for number in range(5)]

    job = print_all(shop, orders, actor, Kind.PACKING_SLIP, PICK_ROUND)

    lists, slips = texts(file_of(job))[:3], texts(file_of(job))[3:]
    assert [[sku for sku in ("S-0", "S-1", "S-2", "S-3", "S-4") if sku in words] for words in lists] == [
        ["S-0", "S-1"],
        ["S-2", "S-3"],
        ["S-4"],
    ]
    assert ["Pick list 5 orders" in words for words in lists] == [True] * 3
    assert [f"Part {number} / 3 " in words for number, words in enumerate(lists, 1)] == [True] * 3
    assert len(slips) == 5
    assert (job.number_done, job.number_failed) == (5, 0)


def test_what_many_orders_want_fills_a_list_by_itself(shop, monkeypatch):
    monkeypatch.setattr("orders.papers.making.ORDERS_IN_ROWS_AT_ONCE", 3)
    wanted = {"A": 4, "B": 1, "C": 2, "D": 1}
    orders = [make_order(shop, lines=[new_line(sku=sku)]) for sku, number in wanted.items() for _ in range(number)]
    desk = Desk(shop)
    everything = Round(desk)
    for subject in desk.subjects([order.pk for order in orders]):
        everything.add(subject)

    pages = everything.pages(orders[0].placed_at)

    assert [[row["sku"] for row in each.page.data["round"]["lines"]] for each in pages] == [["A"], ["B", "C"], ["D"]]
    assert [len(each.keys) for each in pages] == [4, 3, 1]
    assert everything.keys == [order.pk for order in orders]


def test_of_a_round_what_cannot_be_made_is_named_and_the_rest_is_printed(shop, actor, monkeypatch):
    """Two lists of eight articles; those of the second have names that do not fit on one page together."""
    monkeypatch.setattr("orders.papers.making.ROWS_AT_ONCE", 8)
    names = {"A": "Mug", "B": LONG}
    short, long = (
        make_order(shop, lines=[new_line(sku=f"{sku}{number}", name=name) for number in range(8)])
        for sku, name in names.items()
    )
    monkeypatch.setattr("orders.papers.printing.render_batch", partial(render_batch, limits=Limits(pages=1)))

    job = print_all(shop, [short, long], actor, PICK_ROUND)

    assert "Mug" in texts(file_of(job))[0]
    assert len(texts(file_of(job))) == 1
    assert [printed_of(short), printed_of(long)] == [[[[PICK_ROUND, "built-in pick_round"]]], []]
    [failed] = job.items.filter(state=JobItem.State.FAILED)
    assert (failed.label, failed.reason) == (
        long.display_number,
        "Pick list for all orders together: The document has more than 1 pages.",
    )


@pytest.mark.faults
def test_the_longest_list_of_a_round_is_well_within_what_a_renderer_may_take():
    """Rows as full as they come: long names, and as many orders as a list may name."""
    data = ROUND_FIELDS.sample()
    each = ORDERS_IN_ROWS_AT_ONCE // ROWS_AT_ONCE
    row = data["round"]["lines"][0] | {"name": LONG, "orders": ", ".join(["1234567 (12)"] * each)}
    data["round"]["lines"] = [row] * ROWS_AT_ONCE

    made = render_batch([Page(pick_round(), data, "en")], limits=Limits(cpu_seconds=15, memory_mib=400, pages=100))

    assert made.failures == {}


def test_each_target_shop_prints_with_its_own_layout_and_name(shop, actor):
    branch = make_shop("12346", base_shop=shop, name="Branch")
    make_version(branch, "packing_slip", html="<p>{{ shop.name }} {{ order.number }}</p>")
    ours, theirs = make_order(shop), make_order(shop, target_shop=branch)

    job = print_all(shop, [ours, theirs], actor, Kind.PACKING_SLIP)

    pages = texts(file_of(job))
    assert "Packing slip" in pages[0]
    assert pages[1] == f"Branch {theirs.display_number}"


# --- from the list


def select(client, shop, orders, query=""):
    numbers = ",".join(order.display_number for order in orders)
    return client.post(
        reverse("orders:select", args=[shop.number]),
        {
            "to": "print",
            "shown": numbers,
            "order": [order.display_number for order in orders],
            "filter": "",
            "query": query,
        },
    )


def test_the_selected_orders_are_printed_as_the_list_shows_them(clerk_client, shop, django_capture_on_commit_callbacks):
    orders = [make_order(shop) for _ in range(3)]
    query = "sort=number"
    response = select(clerk_client, shop, orders, query)
    assertContains(clerk_client.get(response["Location"]), "Print papers of 3 orders")

    with django_capture_on_commit_callbacks(execute=True):
        started = clerk_client.post(
            response["Location"], {"papers": ["packing_slip"], "packing": "pdf", "token": uuid.uuid4()}
        )

    job = Job.objects.get()
    assertRedirects(started, reverse("job", args=[shop.number, job.pk]))
    assert list(job.items.values_list("label", flat=True)) == sorted(order.display_number for order in orders)
    download = clerk_client.get(reverse("job-file", args=[shop.number, job.pk]))
    assert [order.display_number in page for order, page in zip(orders, texts(content(download)), strict=True)] == [
        True,
        True,
        True,
    ]


def test_a_form_that_is_sent_twice_prints_once(clerk_client, shop):
    response = select(clerk_client, shop, [make_order(shop), make_order(shop)])
    token = uuid.uuid4()

    for _ in range(2):
        select(clerk_client, shop, list(Order.objects.all()))
        clerk_client.post(response["Location"], {"papers": ["packing_slip"], "packing": "pdf", "token": token})

    assert Job.objects.count() == 1


def test_without_a_selection_there_is_nothing_to_print(clerk_client, shop):
    response = clerk_client.get(reverse("orders:print-selected", args=[shop.number]), follow=True)

    assertContains(response, "No order is selected.")


# --- printed well


def test_orders_of_a_job_are_marked_as_printed_and_that_can_be_undone(shop, actor, clerk_client):
    orders = [make_order(shop), make_order(shop)]
    job = print_all(shop, orders, actor, Kind.PACKING_SLIP)
    assert not Order.objects.exclude(printed_at=None).exists()

    response = clerk_client.post(reverse("orders:printed-well", args=[shop.number, job.pk]), follow=True)

    assertContains(response, "2 marked as printed.")
    assert Order.objects.exclude(printed_at=None).count() == 2
    act = orders[0].log.get(action=LogAction.ORDER_PRINTED).act
    clerk_client.post(reverse("orders:undo", args=[shop.number]), {"act": act})
    assert not Order.objects.exclude(printed_at=None).exists()


def test_a_job_of_another_shop_or_kind_marks_nothing(shop, other_shop, actor, clerk_client):
    theirs = print_all(other_shop, [make_order(other_shop)], actor, Kind.PACKING_SLIP)

    response = clerk_client.post(reverse("orders:printed-well", args=[shop.number, theirs.pk]))

    assert response.status_code == 404


def test_the_card_costs_the_same_for_one_print_as_for_three(clerk_client, shop):
    order = make_order(shop)
    url = reverse("orders:detail", args=[shop.number, order.number])
    paper = reverse("orders:paper", args=[shop.number, order.number])

    def number_of_queries():
        with CaptureQueriesContext(connection) as queries:
            clerk_client.get(url)
        return len(queries)

    clerk_client.post(paper, {"paper": "packing_slip"})
    once = number_of_queries()
    for kind in ("pick_list", "return_slip"):
        clerk_client.post(paper, {"paper": kind})

    assert number_of_queries() == once


def test_a_shared_sheet_that_cannot_be_made_is_missing_for_all_and_the_rest_is_printed(shop, actor):
    make_version(shop, "address_label", html="{{ labels[0].bad }}")
    orders = [make_order(shop), make_order(shop)]

    job = print_all(shop, orders, actor, Kind.PACKING_SLIP, Kind.ADDRESS_LABEL, sheet="l7160")

    assert len(texts(file_of(job))) == 2
    assert (job.number_done, job.number_failed) == (0, 2)
    assert all(reason.startswith("Address label: ") for reason in job.items.values_list("reason", flat=True))


def test_labels_that_fill_many_sheets_follow_without_a_gap(shop, actor, monkeypatch):
    monkeypatch.setattr("orders.papers.printing.SHEETS_AT_ONCE", 1)
    orders = [make_order(shop, shipping=HOME) for _ in range(10)]

    job = print_all(shop, orders, actor, Kind.ADDRESS_LABEL, sheet="l7165", first_label=8)

    assert [page.count("Dorpsstraat 1") for page in texts(file_of(job))] == [1, 8, 1]


def test_invoices_are_not_issued_in_the_name_of_somebody_who_only_tries_again(shop):
    order = make_paid_order(shop)
    warehouse = make_staff(shop, Role.WAREHOUSE).as_actor("203.0.113.9")
    finance = make_staff(shop, Role.FINANCE).as_actor("203.0.113.9")

    print_all(shop, [order], warehouse, Kind.INVOICE, issues_invoices=True)
    assert not order.invoices.exists()

    print_all(shop, [order], finance, Kind.INVOICE, issues_invoices=True)
    assert order.invoices.count() == 1


def test_f25_an_invoice_whose_bytes_are_damaged_is_named_and_the_others_are_printed(shop, actor, caplog):
    whole, cut = (issue_invoice(make_paid_order(shop), by=actor) for _ in range(2))
    pdfs = {invoice.pk: invoice_pdf(invoice) for invoice in (whole, cut)}
    InvoiceFile.objects.filter(invoice=cut).update(pdf=pdfs[cut.pk][:-500])

    job = print_all(shop, [cut.order, whole.order], actor, Kind.INVOICE)

    assert file_of(job) == pdfs[whole.pk]
    [failed] = job.items.filter(state=JobItem.State.FAILED)
    assert failed.subject_id == cut.order_id
    assert failed.reason == (
        "Invoice: The kept file has other bytes than those that were made. Restore it from a backup."
    )
    assert [record.levelname for record in caplog.records if "invoice file damaged" in str(record.msg)] == ["ERROR"]


def test_f25_a_damaged_logo_is_named_and_what_bears_none_is_printed(shop, actor):
    picture = io.BytesIO()
    PIL.Image.effect_noise((60, 60), 90).save(picture, "PNG")
    logo = ShopLogo.objects.create(shop=shop, content_type="image/png", data=picture.getvalue())
    order, invoice = make_order(shop), issue_invoice(make_paid_order(shop), by=actor)
    papers = (Kind.PACKING_SLIP, Kind.ADDRESS_LABEL)
    assert len(texts(file_of(print_all(shop, [order], actor, *papers)))) == 2
    logo.data = picture.getvalue()[:-500]
    logo.save()
    # An invoice keeps what it was issued with.
    damaged = issue_invoice(make_paid_order(shop), by=actor)

    job = print_all(shop, [order], actor, *papers)

    assert len(texts(file_of(job))) == 1
    [failed] = job.items.all()
    reason = "A picture on the paper, such as the logo of the shop, is damaged. Upload it again."
    assert (failed.state, failed.reason) == (JobItem.State.FAILED, f"Packing slip: {reason}")
    assert invoice_pdf(invoice)
    with pytest.raises(RenderFailed, match="is damaged"):
        invoice_pdf(damaged)
    file = InvoiceFile.objects.get(invoice=damaged)
    assert (file.pdf, file.problem) == (None, reason)
    # It is in what was frozen, so a whole one helps what was issued meanwhile too.
    logo.data = picture.getvalue()
    logo.save()
    assert len(pictures_in(invoice_pdf(damaged))) == len(pictures_in(invoice_pdf(invoice))) > 0


def test_t20_an_order_that_kills_the_renderer_is_named_and_the_others_are_printed(shop, actor, monkeypatch):
    monkeypatch.setattr("orders.papers.printing.render_batch", partial(render_batch, limits=Limits(cpu_seconds=1)))
    bomb = "{% if order.lines[0].name == 'Bomb' %}" + "<div class=f>x</div>" * 9_000 + "{% endif %}{{ order.number }}"
    make_version(shop, "packing_slip", html=bomb, css=".f { float: left; width: 1% }")
    before, bad, after = (make_order(shop, lines=[new_line(name=name)]) for name in ("Mug", "Bomb", "Bowl"))

    job = print_all(shop, [before, bad, after], actor, Kind.PACKING_SLIP)

    assert texts(file_of(job)) == [before.display_number, after.display_number]
    [failed] = job.items.filter(state=JobItem.State.FAILED)
    assert (failed.label, failed.reason) == (
        bad.display_number,
        "Packing slip: The document takes more than 1 seconds to lay out.",
    )
    assert [printed_of(order) != [] for order in (before, bad, after)] == [True, False, True]


# --- a worker that comes after another ------------------------------------------------------------


def die_after_the_first_part(monkeypatch):
    monkeypatch.setattr("orders.papers.jobs.ORDERS_AT_ONCE", 2)
    monkeypatch.setenv("FAULT", "papers.part-kept:raise")


# What is missing from a note, or called otherwise, as another version of the program may have written it.
OTHER_NOTES = {
    "without-names": lambda note: {"sha256": note["sha256"]},
    "other-papers": lambda note: note | {"made": [[key, [{"kind": "packing_slip"}]] for key, _made in note["made"]]},
    "a-list": lambda note: [note],
    "a-number": lambda note: note | {"made": 4},
}


@pytest.mark.parametrize("harm", ["cut", "gone", "unread", *OTHER_NOTES])
def test_a_part_that_is_not_whole_is_made_again(shop, actor, monkeypatch, media, harm):
    orders = [make_order(shop) for _ in range(4)]
    die_after_the_first_part(monkeypatch)
    job = print_all(shop, orders, actor, Kind.PACKING_SLIP)
    [papers], [note] = media.rglob("*.papers"), media.rglob("*.json")
    {
        "cut": lambda: papers.write_bytes(papers.read_bytes()[:-100]),
        "gone": papers.unlink,
        "unread": lambda: note.write_text('{"sha256": '),
        **{
            name: lambda change=change: note.write_text(json.dumps(change(json.loads(note.read_text()))))
            for name, change in OTHER_NOTES.items()
        },
    }[harm]()

    monkeypatch.delenv("FAULT")
    jobs.run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.number_done) == (JobState.DONE, 4)
    assert [order.display_number in page for order, page in zip(orders, texts(file_of(job)), strict=True)] == [True] * 4


def test_a_part_that_lies_there_is_not_made_again(shop, actor, monkeypatch, media):
    """Told by a layout that changed in between: the first part still has the old one."""
    orders = [make_order(shop) for _ in range(4)]
    make_version(shop, "packing_slip", html="<p>before")
    die_after_the_first_part(monkeypatch)
    job = print_all(shop, orders, actor, Kind.PACKING_SLIP)
    make_version(shop, "packing_slip", html="<p>after")

    monkeypatch.delenv("FAULT")
    jobs.run(job.pk)

    job.refresh_from_db()
    assert texts(file_of(job)) == ["before", "before", "after", "after"]
    assert [each for order in orders for each in printed_of(order)] == [
        [["packing_slip", f"{shop.number} packing_slip {version}"]] for version in (1, 1, 2, 2)
    ]
    assert not list(media.rglob("*.papers"))


def test_a_zip_is_put_together_from_the_parts_of_two_workers(shop, actor, monkeypatch):
    orders = [make_order(shop) for _ in range(4)]
    die_after_the_first_part(monkeypatch)
    job = print_all(shop, orders, actor, Kind.PACKING_SLIP, packing=Packing.ZIP)

    monkeypatch.delenv("FAULT")
    jobs.run(job.pk)

    job.refresh_from_db()
    with zipfile.ZipFile(io.BytesIO(file_of(job))) as archive:
        assert archive.namelist() == [f"packing-slip-{order.display_number}.pdf" for order in orders]


def test_a_zip_that_is_given_up_is_closed_before_its_file(shop, actor, monkeypatch, media):
    """Closed by the garbage collector it would write its directory into a file that is closed by then."""
    die_after_the_first_part(monkeypatch)

    print_all(shop, [make_order(shop) for _ in range(2)], actor, Kind.PACKING_SLIP, packing=Packing.ZIP)

    archives = [each for each in gc.get_objects() if type(each) is zipfile.ZipFile and each.fp is not None]
    assert [each.filename for each in archives if str(media) in str(each.filename)] == []


def test_labels_of_the_orders_of_a_worker_that_died_are_on_the_sheets_too(shop, actor, monkeypatch):
    orders = [make_order(shop, shipping=HOME) for _ in range(4)]
    die_after_the_first_part(monkeypatch)
    job = print_all(shop, orders, actor, Kind.ADDRESS_LABEL, sheet="l7165")

    monkeypatch.delenv("FAULT")
    jobs.run(job.pk)

    job.refresh_from_db()
    assert [page.count("Dorpsstraat 1") for page in texts(file_of(job))] == [4]


def test_a_job_says_which_characters_no_font_has(shop, actor, clerk_client):
    unseen = "\U0001df1f"
    order = make_order(shop, shipping=Address(**{**vars(HOME), "name": f"Li {unseen}"}))

    job = print_all(shop, [order], actor, Kind.PACKING_SLIP)

    page = clerk_client.get(reverse("job", args=[shop.number, job.pk]))
    assertContains(page, f"boxes stand for them on the papers: {unseen}")
    plain = print_all(shop, [make_order(shop)], actor, Kind.PACKING_SLIP)
    assertNotContains(clerk_client.get(reverse("job", args=[shop.number, plain.pk])), "boxes stand")


def test_f24_a_full_disk_ends_a_print_job_with_a_word_and_the_next_one_prints(shop, actor, media):
    """The place where the first part will be written is one that has no room."""
    orders = [make_order(shop) for _ in range(2)]
    job = ask_for_all(shop, orders, actor, Kind.PACKING_SLIP)
    (workplace(job) / "0.papers").symlink_to("/dev/full")

    jobs.run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.number_done) == (JobState.FAILED, 0)
    assert job.error == "There is no room left on the disk. Nothing was written; try again later."
    assert not job.file
    assert [path.name for path in media.rglob("*.pdf*")] == []
    assert [printed_of(order) for order in orders] == [[], []]

    again = jobs.retry_failed(job, by=actor)
    jobs.run(again.pk)
    again.refresh_from_db()
    assert len(texts(file_of(again))) == 2
