import csv
import io
import resource
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from openpyxl import load_workbook

from backoffice import jobs
from backoffice.models import JobState
from orders.columns import COLUMNS as LIST_COLUMNS
from orders.documents import order_documents
from orders.exports import xlsx
from orders.exports.csv import FORMULA_STARTS, SEMICOLON, CsvWriter
from orders.exports.formats import Format, Layout
from orders.exports.jobs import ExportRequest, start_export
from orders.exports.table import ORDER_COLUMNS, Heading, Table, ValueKind, columns_of_list
from orders.exports.xlsx import LONGEST_TEXT, XlsxWriter
from orders.exports.xml import ILLEGAL, REPLACEMENT
from orders.models import Address, Order
from orders.services import delete_orders
from orders.tests.factories import make_order, new_line
from orders.tests.test_documents import make_full_order

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    return tmp_path


def export(shop, actor, wanted=Format.XLSX, **values):
    """The finished job of an export and the bytes it made."""
    job = start_export(ExportRequest(wanted, **values), shop=shop, by=actor)
    jobs.run(job.pk)
    job.refresh_from_db()
    assert job.state == JobState.DONE, job.error
    with job.file.open() as file:
        return job, file.read()


def sheet_of(data, name="Orders"):
    return load_workbook(io.BytesIO(data))[name]


def rows_of(data):
    """An XLSX as dictionaries, heading → value."""
    heads, *rows = sheet_of(data).iter_rows(values_only=True)
    return [dict(zip(heads, row, strict=True)) for row in rows]


def written(kinds, rows, shop=None):
    """The sheet XML of a table that is not about orders."""
    file = io.BytesIO()
    headings = [Heading(f"Column {number}", kind) for number, kind in enumerate(kinds)]
    with XlsxWriter(file, headings, title="Orders", zone=UTC) as writer:
        writer.write(rows)
    return file.getvalue(), writer


# --- values


def test_an_order_is_a_row_of_real_texts_numbers_and_times(shop, actor):
    make_full_order(shop, customer_phone="+31612345678")

    job, data = export(shop, actor)

    (row,) = rows_of(data)
    assert row["Order number"] == "00001"
    assert row["Internal ID"] == "12345_00001"
    assert row["Ordered"] == datetime(2026, 3, 21, 18, 44, 55)  # noqa: DTZ001  (the shop's wall time)
    assert row["Phone"] == "+31612345678"
    assert row["Billing address: city"] == "Ede"
    assert (row["Total"], row["Refunded"]) == (50.15, 5)
    assert row["Product numbers"] == "CANDLE, BOOK"
    assert row["Tracking code"] == "3SABC"
    assert row["VAT by rate"].startswith("21.00 %: ")
    assert job.result["rows"] == job.result["orders"] == 1
    assert job.number_done == 1


def test_every_column_reads_its_value(shop, actor):
    order = make_full_order(shop)
    (document,) = order_documents([order.pk], shop=shop)

    (values,) = Table(list(ORDER_COLUMNS)).rows([document])

    for column, value in zip(ORDER_COLUMNS.values(), values, strict=True):
        wanted = {
            ValueKind.TEXT: str,
            ValueKind.NUMBER: int | Decimal,
            ValueKind.MONEY: Decimal,
            ValueKind.MOMENT: datetime | None,
            ValueKind.DAY: date | None,
        }[column.kind]
        assert isinstance(value, wanted), column.key
    assert len(ORDER_COLUMNS) >= 45


def test_amounts_are_those_of_the_document(shop, actor):
    for number in range(1, 6):
        make_full_order(shop, number=number, payment_fee=Decimal("0.35") * number)

    _job, data = export(shop, actor)

    documents = {
        document.number: document for document in order_documents(Order.objects.values_list("pk", flat=True), shop=shop)
    }
    rows = rows_of(data)
    assert len(rows) == 5
    for row in rows:
        totals = documents[row["Order number"]].totals
        assert [f"{row[name]:.2f}" for name in ("Total", "Total excl. VAT", "VAT", "Paid", "Still to pay")] == [
            str(amount) for amount in (totals.incl, totals.ex, totals.vat, totals.paid, totals.open)
        ]


def test_a_row_per_line_repeats_the_order(shop, actor):
    make_full_order(shop)
    layout = Layout(("number", "total"), is_per_line=True)

    job, data = export(shop, actor, layout=layout)

    rows = rows_of(data)
    assert [(row["Order number"], row["Line"], row["Product number"], row["Quantity"]) for row in rows] == [
        ("00001", 1, "CANDLE", 3),
        ("00001", 2, "BOOK", 1),
    ]
    assert rows[0]["Expected on"] == datetime(2026, 4, 1)  # noqa: DTZ001
    assert job.result["rows"] == 2


def test_chosen_columns_come_in_their_order_under_stable_headings(shop, actor):
    make_order(shop, number=7)
    layout = Layout(("total", "number", "gone"), has_stable_headings=True)

    _job, data = export(shop, actor, layout=layout)

    assert list(sheet_of(data).iter_rows(values_only=True)) == [("total", "number"), (12.1, "00007")]


def test_every_column_of_the_list_is_exported_or_stays_inside():
    inside = {"changed_by", "folder", "printed", "mailed", "note_author", "tags", "waiting", "hold_reason"}

    nowhere = {key for key in LIST_COLUMNS if columns_of_list([key, "id"]) == ("id",) and key != "external_id"}

    assert nowhere == inside


def test_headings_are_in_the_language_of_whoever_asked(shop, clerk, actor):
    clerk.user.language = "nl"
    clerk.user.save()
    make_order(shop)

    job, data = export(shop, actor, name="Voor de boekhouder")

    assert job.result["filename"] == "voor-de-boekhouder.xlsx"
    assert load_workbook(io.BytesIO(data)).active["A1"].value == "Ordernummer"


def test_unread_parts_cost_no_query(shop, actor, django_assert_num_queries):
    order = make_full_order(shop)
    table = Table(["number", "customer", "total"])

    with django_assert_num_queries(2):
        rows = list(table.rows(order_documents([order.pk], shop=shop, parts=table.parts)))

    assert rows == [["00001", "Anna Jansen", Decimal("50.15")]]


# --- text is text

DANGEROUS = [
    '=HYPERLINK("https://evil.example","x")',
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\tx",
    "\rx",
    "{=1}",
    "＝1",
    "#N/A",
    "https://evil.example/",
    "mailto:a@b.example",
    "file:///etc/passwd",
    "internal:Sheet1!A1",
    "<f>1</f>",
    "</t></is></c><c><f>1</f></c>",
    "_x0041_",
    "  kept  ",
]
TEXTS = st.one_of(
    st.sampled_from(DANGEROUS),
    st.text(),
    st.builds(lambda start, text: start + text, st.sampled_from("=+-@"), st.text()),
)


def test_dangerous_texts_stay_texts_in_a_sheet():
    data, _writer = written([ValueKind.TEXT], [[text] for text in DANGEROUS])

    cells = [row[0] for row in sheet_of(data).iter_rows(min_row=2)]
    assert [xlsx_text(cell.value) for cell in cells] == DANGEROUS
    assert {cell.data_type for cell in cells} == {"s"}
    assert all(cell.hyperlink is None for cell in cells)


# 200 tables of 50 texts: ten thousand strings.
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(TEXTS, min_size=50, max_size=50))
def test_no_text_becomes_a_formula_or_a_link(texts):
    data, writer = written([ValueKind.TEXT], [[text] for text in texts])

    xml = zipfile.ZipFile(io.BytesIO(data)).read("xl/worksheets/sheet1.xml")
    assert b"<f" not in xml
    assert b"<hyperlink" not in xml
    root = etree.fromstring(xml)
    space = {"s": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
    read = {
        int(cell.get("r")[1:]): cell.findtext(".//s:t", namespaces=space) for cell in root.iterfind(".//s:c", space)
    }
    wanted = [ILLEGAL.sub(REPLACEMENT, text) for text in texts]
    assert [xlsx_text(read.get(row, "")) for row in range(2, 52)] == wanted
    assert writer.number_replaced == sum(len(ILLEGAL.findall(text)) for text in texts)


def xlsx_text(text):
    """As Excel reads the one escape that we write."""
    return text.replace("_x005F_", "_")


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(TEXTS, min_size=50, max_size=50))
def test_no_text_begins_a_formula_in_csv(texts):
    file = io.BytesIO()
    with CsvWriter(file, [Heading("Text", ValueKind.TEXT)], zone=UTC) as writer:
        writer.write([[text] for text in texts])

    read = [row[0] if row else "" for row in csv.reader(io.StringIO(file.getvalue().decode("utf-8-sig"), newline=""))]
    plain = [ILLEGAL.sub(REPLACEMENT, text).replace("\x7f", REPLACEMENT) for text in texts]
    assert not any(text.startswith(FORMULA_STARTS) for text in read)
    assert read == ["Text", *(f"'{text}" if text.startswith(FORMULA_STARTS) else text for text in plain)]


def test_a_text_too_long_for_a_cell_is_cut_and_counted():
    data, writer = written([ValueKind.TEXT], [["x" * 40_000], ["🕯" * 20_000], ["x" * LONGEST_TEXT]])

    texts = [row[0] for row in sheet_of(data).iter_rows(min_row=2, values_only=True)]
    assert [len(text.encode("utf-16-le")) // 2 <= LONGEST_TEXT for text in texts] == [True] * 3
    assert [text[-1] for text in texts] == ["…", "…", "x"]
    assert writer.number_cut == 2


def test_replaced_characters_are_counted(shop, actor):
    make_order(shop, customer_name="Anna")
    Order.objects.update(customer_name="An\x0bna\x01")

    job, data = export(shop, actor, layout=Layout(("customer",)))

    assert rows_of(data) == [{"Customer": "An\ufffdna\ufffd"}]
    assert job.result["replaced"] == 2


def test_a_day_excel_does_not_know_stays_readable():
    early, late = datetime(1650, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, tzinfo=UTC)

    data, _writer = written([ValueKind.MOMENT, ValueKind.DAY], [[early, date(1650, 1, 1)], [late, None]])

    rows = list(sheet_of(data).iter_rows(min_row=2, values_only=True))
    assert rows[0] == ("1650-01-01 00:00:00+00:00", "1650-01-01")
    assert rows[1] == (datetime(9999, 12, 31, 23, 59), None)  # noqa: DTZ001


def test_more_rows_than_a_sheet_holds_go_on_in_the_next(monkeypatch):
    monkeypatch.setattr(xlsx, "MOST_ROWS", 4)

    data, _writer = written([ValueKind.NUMBER], [[number] for number in range(7)])

    workbook = load_workbook(io.BytesIO(data))
    assert workbook.sheetnames == ["Orders", "Orders 2", "Orders 3"]
    numbers = [row[0] for sheet in workbook for row in sheet.iter_rows(min_row=2, values_only=True)]
    assert numbers == list(range(7))


def test_a_sheet_says_how_it_looks():
    data, _writer = written([ValueKind.TEXT, ValueKind.MONEY, ValueKind.MOMENT], [["a", Decimal("0.50"), None]])

    sheet = sheet_of(data)
    assert sheet.freeze_panes == "A2"
    assert sheet["A1"].font.bold
    assert (sheet["B2"].number_format, sheet["B2"].value) == ("#,##0.00", 0.5)
    assert [sheet.column_dimensions[name].width for name in "ABC"] == [22, 13, 17]


# --- CSV and XML


def test_a_csv_is_read_back(shop, actor):
    make_full_order(shop)
    Order.objects.update(customer_message='Ring "twice",\nplease')
    layout = Layout(("number", "placed", "message", "total", "open"))

    _job, data = export(shop, actor, Format.CSV, layout=layout)

    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert rows == [
        ["Order number", "Ordered", "Message from customer", "Total", "Still to pay"],
        ["00001", "2026-03-21 18:44:55", 'Ring "twice",\nplease', "50.15", "0.00"],
    ]


def test_a_csv_for_excel_in_dutch_has_semicolons_and_decimal_commas(shop, actor):
    make_order(shop)

    _job, data = export(shop, actor, Format.CSV_SEMICOLON, layout=Layout(("number", "total", "paid")))

    assert data.decode("utf-8-sig").splitlines()[1] == "00001;12,10;0,00"
    assert SEMICOLON.decimal_sign == ","


def test_the_xml_is_that_of_the_pull(shop, actor):
    order = make_full_order(shop)

    job, data = export(shop, actor, Format.XML)

    document = etree.fromstring(data)
    assert document.get("count") == "1"
    assert document.findtext("order/totals/incl") == str(Order.objects.get(pk=order.pk).total)
    assert job.result["rows"] == 1


# --- which orders


def test_a_query_narrows_as_in_the_list(shop, other_shop, actor):
    make_order(shop, number=1, payment_status="paid")
    make_order(shop, number=2, payment_status="open")
    make_order(other_shop, number=3, payment_status="paid")

    _job, data = export(shop, actor, query="payment=paid", layout=Layout(("number",)))

    assert rows_of(data) == [{"Order number": "00001"}]


def test_the_last_day_belongs_to_the_range_in_the_shops_zone(shop, actor):
    make_order(shop, number=1, placed_at=datetime(2026, 3, 20, 22, 59, tzinfo=UTC))
    make_order(shop, number=2, placed_at=datetime(2026, 3, 20, 23, 0, tzinfo=UTC))
    make_order(shop, number=3, placed_at=datetime(2026, 3, 21, 22, 59, tzinfo=UTC))
    make_order(shop, number=4, placed_at=datetime(2026, 3, 21, 23, 0, tzinfo=UTC))

    _job, data = export(shop, actor, query="placed_from=2026-03-21&placed_to=2026-03-21", layout=Layout(("number",)))

    assert [row["Order number"] for row in rows_of(data)] == ["00003", "00002"]


def test_foreign_and_vanished_numbers_are_not_there(shop, other_shop, actor):
    make_order(shop, number=1)
    make_order(other_shop, number=2)

    _job, data = export(shop, actor, numbers=(1, 2, 99), layout=Layout(("number",)))

    assert rows_of(data) == [{"Order number": "00001"}]


def test_deleted_orders_stay_out_of_everything(shop, actor):
    gone = make_order(shop, number=1)
    make_order(shop, number=2)
    delete_orders([gone.pk], shop=shop, by=actor)

    _job, data = export(shop, actor, layout=Layout(("number",)))

    assert rows_of(data) == [{"Order number": "00002"}]


def test_a_filter_that_makes_no_sense_any_more_exports_nothing(shop, actor, media):
    make_order(shop)
    job = start_export(ExportRequest(Format.XLSX, query="status=gone"), shop=shop, by=actor)

    jobs.run(job.pk)

    job.refresh_from_db()
    assert job.state == JobState.FAILED
    assert "makes no sense any more" in job.error
    assert list(media.rglob("*.xlsx")) == []


def test_no_orders_make_an_empty_table(shop, actor):
    job, data = export(shop, actor, layout=Layout(("number",)))

    assert list(sheet_of(data).iter_rows(values_only=True)) == [("Order number",)]
    assert job.result["rows"] == 0


def test_a_disk_that_fills_up_ends_an_export_and_leaves_nothing(shop, actor, media):
    for number in range(1, 41):
        make_order(shop, number=number)
    job = start_export(ExportRequest(Format.CSV), shop=shop, by=actor)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    resource.setrlimit(resource.RLIMIT_FSIZE, (8_192, hard))  # no file may grow beyond, as on a full disk
    try:
        jobs.run(job.pk)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    job.refresh_from_db()
    assert (job.state, job.attempts) == (JobState.FAILED, 1)
    assert "no room left on the disk" in job.error
    assert [path for path in media.rglob("*") if path.is_file()] == []
    again, data = export(shop, actor, Format.CSV)
    assert again.result["rows"] == 40
    assert len(data) > 8_192


def test_stop_ends_an_export_and_leaves_nothing(shop, actor, media, monkeypatch):
    make_order(shop)
    job = start_export(ExportRequest(Format.CSV), shop=shop, by=actor)
    monkeypatch.setattr("orders.exports.jobs.ORDERS_PER_REPORT", 1)
    monkeypatch.setattr("orders.exports.jobs.fault", lambda name: jobs.stop(job))
    make_order(shop, number=2)

    jobs.run(job.pk)

    job.refresh_from_db()
    assert job.state == JobState.STOPPED
    assert [path for path in media.rglob("*") if path.is_file()] == []


# --- carriers


def test_myparcel_gets_the_address_in_parts(shop, actor):
    make_order(
        shop,
        customer_phone="+31 6 1234 5678",
        shipping=Address(
            name="Anna Jansen",
            street="Dorpsstraat 12-b",
            extra="Achterom",
            postcode="1234 AB",
            city="Ede",
            country="NL",
        ),
        lines=[new_line(weight_g=250)],
    )

    job, data = export(shop, actor, Format.MYPARCEL)

    (row,) = csv.DictReader(io.StringIO(data.decode("utf-8-sig")))
    assert row == {
        "cc": "NL",
        "postal_code": "1234 AB",
        "city": "Ede",
        "street": "Dorpsstraat",
        "number": "12",
        "number_suffix": "b",
        "street_additional_info": "Achterom",
        "region": "",
        "person": "Anna Jansen",
        "company": "",
        "email": "anna@example.org",
        "phone": "0031612345678",
        "package_type": "1",
        "weight": "250",
        "label_description": "00001",
        "reference_identifier": "12345_00001",
    }
    assert job.result["filename"].startswith("myparcel-12345-")


def test_labels_keep_a_street_whole_that_cannot_be_told_apart(shop, actor):
    make_order(shop, shipping=Address(name="Ann", street="Rose Cottage", city="Bath", country="GB"))
    make_order(shop, number=2)  # no address: no label

    job, data = export(shop, actor, Format.LABELS)

    (row,) = csv.DictReader(io.StringIO(data.decode("utf-8-sig")))
    assert (row["street"], row["house_number"], row["country"]) == ("Rose Cottage", "", "GB")
    assert job.result["rows"] == 1
