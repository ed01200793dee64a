"""The pages about invoices: the list, an invoice, issuing, crediting, numbers, settings and company."""

import csv
import io
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook
from PIL import Image

from backoffice import jobs
from backoffice.actor import SYSTEM
from backoffice.models import Job, Shop, ShopLogo
from backoffice.roles import Role
from backoffice.tests.factories import make_shop, make_staff
from layouts.engine import Problem
from layouts.rendering import RenderFailed
from orders import display
from orders.invoicing.audit import audit, broken_links
from orders.models import Invoice, InvoiceDue, InvoiceFile, InvoiceSettings, NumberSeries
from orders.papers import invoice_files
from orders.services.credit_notes import CreditWish, RowWish, credit_invoice
from orders.services.invoices import issue_invoice
from orders.tests.factories import PLACED_AT, make_order, new_line

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def invoices_unpaid(shop):
    InvoiceSettings.objects.create(shop=shop, invoices_unpaid=True)


@pytest.fixture
def office(client, shop):
    """A client of somebody who may do everything."""
    client.force_login(make_staff(shop, Role.OWNER).user)
    return client


def make_invoice(shop, **values):
    return issue_invoice(make_order(shop, **values), by=SYSTEM)


def url(name, *args, shop="12345"):
    return reverse(name, args=[shop, *args])


class TestList:
    def test_newest_first_with_credit_notes(self, office, shop):
        invoice = make_invoice(shop, customer_name="Anna")
        credit_invoice(invoice, CreditWish(whole=True), by=SYSTEM)

        rows = office.get(url("invoices:list")).context["invoices"].rows

        assert [row.is_credit_note for row in rows] == [True, False]
        assert rows[0].corrects == invoice.number

    def test_an_empty_shop_is_told_how_to_begin(self, office):
        assert b"No invoices yet" in office.get(url("invoices:list")).content

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("q=00002", 1),
            ("q=Bea", 1),
            ("q=%23{order}", 1),
            ("q=nobody", 0),
            ("kind=credit_note", 0),
            ("kind=invoice", 2),
            ("kind=wrong", 2),
            ("issued_to=2001-01-01", 0),
            ("issued_from=2001-01-01", 2),
            ("issued_from=0001-01-01", 2),
            ("issued_from=rubbish", 2),
            ("q=%00", 2),
            ("q=" + "9" * 80, 0),
            ("before=99999999999999999999", 2),
            ("before=4711", 0),
        ],
    )
    def test_narrowed(self, office, shop, query, found):
        make_invoice(shop, customer_name="Anna")
        order = make_order(shop, customer_name="Bea", number=777777)
        issue_invoice(order, by=SYSTEM)

        response = office.get(f"{url('invoices:list')}?{query.format(order=777777)}")

        assert len(response.context["invoices"].rows) == found

    def test_pages_hold_every_invoice_once(self, office, shop, monkeypatch):
        monkeypatch.setattr("orders.invoicing.listing.PAGE_SIZE", 2)
        numbers = [make_invoice(shop).number for _ in range(5)]
        seen, before = [], ""
        for _page in range(3):
            invoices = office.get(f"{url('invoices:list')}{before}").context["invoices"]
            seen += [row.number for row in invoices.rows]
            before = f"?before={invoices.earlier}"

        assert seen == numbers[::-1]
        assert invoices.earlier is None

    def test_another_shops_invoices_are_not_there(self, office, other_shop):
        InvoiceSettings.objects.create(shop=other_shop, invoices_unpaid=True)
        foreign = make_invoice(other_shop)

        assert office.get(url("invoices:list")).context["invoices"].rows == []
        for name in ("show", "pdf", "credit"):
            assert office.get(url(f"invoices:{name}", foreign.pk)).status_code == 404

    def test_the_number_of_queries_does_not_grow(self, office, shop):
        def queries():
            with CaptureQueriesContext(connection) as captured:
                office.get(url("invoices:list"))
            return len(captured)

        make_invoice(shop)
        few = queries()
        for _ in range(5):
            make_invoice(shop)

        assert queries() == few

    def test_what_could_not_be_issued_by_itself_is_told(self, office, shop, actor):
        order = make_order(shop)
        InvoiceDue.objects.create(order=order, since=order.placed_at, refusal="Because of the moon.")

        assert b"Because of the moon." in office.get(url("invoices:list")).content


class TestOne:
    def test_it_says_what_was_issued(self, office, shop):
        invoice = make_invoice(shop, lines=[new_line(name="Kaars", vat_rate=Decimal(9))])

        page = office.get(url("invoices:show", invoice.pk)).content.decode()

        for said in (invoice.number, "Kaars", display.rate(Decimal(9)), "12.10"):
            assert said in page, said

    def test_the_number_of_queries_does_not_grow_with_its_lines(self, office, shop):
        def queries(invoice):
            with CaptureQueriesContext(connection) as captured:
                office.get(url("invoices:show", invoice.pk))
            return len(captured)

        assert queries(make_invoice(shop)) == queries(make_invoice(shop, lines=40))

    def test_its_pdf_is_shown_or_downloaded(self, office, shop):
        invoice = make_invoice(shop)

        shown = office.get(url("invoices:pdf", invoice.pk))
        loaded = office.get(url("invoices:pdf", invoice.pk) + "?download")

        assert shown.content.startswith(b"%PDF")
        assert shown["Content-Disposition"].startswith("inline")
        assert loaded["Content-Disposition"].startswith("attachment")
        assert loaded.content == shown.content

    def test_a_paper_that_cannot_be_made_says_why_and_can_be_tried_again(self, office, shop, monkeypatch):
        invoice = make_invoice(shop)

        def fails(*_arguments, **_options):
            raise RenderFailed([Problem(3, 1, "Line 3 is wrong.")])

        monkeypatch.setattr(invoice_files, "render_pdf", fails)
        page = office.get(url("invoices:pdf", invoice.pk), follow=True)
        monkeypatch.undo()

        assert b"Line 3 is wrong." in page.content
        assert b"The paper is made." in office.post(url("invoices:make", invoice.pk), follow=True).content
        assert InvoiceFile.objects.get(invoice=invoice).pdf

    @pytest.mark.parametrize(("syntax", "root"), [("ubl", b"<Invoice"), ("cii", b"CrossIndustryInvoice")])
    def test_the_e_invoice_is_a_download(self, office, shop, syntax, root):
        response = office.get(url("invoices:einvoice", make_invoice(shop).pk, syntax))

        assert root in response.content
        assert response["Content-Disposition"].startswith("attachment")

    def test_there_is_no_third_syntax(self, office, shop):
        assert office.get(url("invoices:einvoice", make_invoice(shop).pk, "edifact")).status_code == 404

    def test_a_key_that_no_database_holds_is_not_there(self, office):
        assert office.get(url("invoices:show", 10**30)).status_code == 404


class TestIssue:
    def test_it_is_asked_first_and_issued_then(self, office, shop):
        order = make_order(shop)
        assert office.get(url("orders:issue-invoice", order.number)).status_code == 200
        assert not order.invoices.exists()

        response = office.post(url("orders:issue-invoice", order.number), follow=True)

        assert order.invoices.get().number in response.content.decode()

    def test_pressed_twice_it_is_issued_once(self, office, shop):
        order = make_order(shop)
        for _press in range(2):
            response = office.post(url("orders:issue-invoice", order.number))

        assert order.invoices.count() == 1
        assert response["Location"] == url("invoices:show", order.invoices.get().pk)

    def test_a_refusal_says_why(self, office, shop):
        order = make_order(shop, fulfilment_status="cancelled")

        response = office.post(url("orders:issue-invoice", order.number))

        assert response.status_code == 422
        assert b"gets no invoice" in response.content

    def test_the_menu_of_an_order_offers_it_to_who_may(self, client, shop):
        order = make_order(shop)
        for role, is_offered in ((Role.FINANCE, True), (Role.ORDERS, False)):
            client.force_login(make_staff(shop, role).user)
            page = client.get(url("orders:detail", order.number)).content.decode()
            assert (url("orders:issue-invoice", order.display_number) in page) == is_offered

    def test_an_invoiced_order_sends_to_a_credit_note_before_an_edit(self, office, shop):
        order = make_order(shop)
        invoice = issue_invoice(order, by=SYSTEM)

        page = office.get(url("orders:edit", order.number)).content.decode()

        assert f"Invoice {invoice.number} was issued" in page


class TestIssueSelected:
    def select(self, office, *orders):
        numbers = [str(each.number) for each in orders]
        office.post(url("orders:select"), {"shown": ",".join(numbers), "order": numbers})

    def test_what_will_happen_is_said_and_then_happens(self, office, shop):
        invoiced, good, gone = make_order(shop), make_order(shop), make_order(shop, fulfilment_status="cancelled")
        issue_invoice(invoiced, by=SYSTEM)
        self.select(office, invoiced, good, gone)

        said = office.get(url("invoices:issue-selected")).context["forecast"]
        done = office.post(url("invoices:issue-selected"), follow=True).content.decode()

        assert (said.changed, said.unchanged, said.number_refused) == (1, 1, 1)
        assert good.invoices.count() == invoiced.invoices.count() == 1
        assert "1 invoice issued; 1 was invoiced already; 1 refused" in done

    def test_an_unpaid_order_is_refused_beforehand_as_well(self, office, shop):
        InvoiceSettings.objects.filter(shop=shop).update(invoices_unpaid=False)
        self.select(office, make_order(shop))

        ((reason, number),) = office.get(url("invoices:issue-selected")).context["forecast"].reasons

        assert ("not paid" in reason, number) == (True, 1)

    def test_many_are_a_job_in_the_order_of_their_placing(self, office, shop, monkeypatch):
        monkeypatch.setattr("orders.views.invoice_bulk.MOST_AT_ONCE", 1)
        orders = [make_order(shop, placed_at=PLACED_AT - timedelta(days=day)) for day in (1, 3, 2)]
        bad = make_order(shop, fulfilment_status="expired")
        self.select(office, *orders, bad)
        token = office.get(url("invoices:issue-selected")).context["token"]
        for _press in range(2):
            office.post(url("invoices:issue-selected"), {"token": token})

        job = Job.objects.get()
        jobs.run(job.pk)

        job.refresh_from_db()
        assert (job.number_done, job.number_failed) == (3, 1)
        assert [each.invoices.get().sequence for each in orders] == [3, 1, 2]

    def test_nothing_selected_is_told(self, office):
        assert b"No order gets an invoice" in office.get(url("invoices:issue-selected")).content


class TestCredit:
    def test_all_of_it_in_two_steps(self, office, shop):
        invoice = make_invoice(shop)
        typed = {"what": "whole", "reason": "Wrong address", "seen": "12.10"}

        check = office.post(url("invoices:credit", invoice.pk), typed | {"step": "check"})
        assert "12.10" in check.content.decode()
        assert not invoice.corrections.exists()
        sent = dict(check.context["hidden"]) | {"step": "credit"}
        office.post(url("invoices:credit", invoice.pk), sent)

        credit = invoice.corrections.get()
        assert (credit.total, credit.reason) == (Decimal("-12.10"), "Wrong address")

    def test_lines_and_an_amount(self, office, shop):
        invoice = make_invoice(shop, lines=2)
        typed = {"what": "part", "quantity.1": "1", "amount.2": "2,50", "free": "1.00", "seen": "24.20"}

        office.post(url("invoices:credit", invoice.pk), typed | {"step": "credit"})

        assert invoice.corrections.get().total == Decimal("-15.60")

    @pytest.mark.parametrize(
        ("typed", "error"),
        [
            ({"quantity.1": "2"}, "Only 1 can still be credited."),
            ({"quantity.1": "-1"}, "Only 1 can still be credited."),
            ({"quantity.1": "many"}, "This is not a number."),
            ({"amount.1": "1e309"}, "This is not an amount."),
            ({"free": "99999"}, "can still be credited here"),
            ({"free": "x"}, "This is not an amount."),
            ({}, "Say what to credit"),
            ({"free": "1", "reason": "a\x00b"}, ""),
            ({"what": "whole", "quantity.1": "1"}, "You filled in lines or an amount"),
        ],
    )
    def test_what_cannot_be_is_said_and_everything_typed_stays(self, office, shop, typed, error):
        invoice = make_invoice(shop)
        typed = {"what": "part", "seen": "12.10", "reason": "Late"} | typed

        response = office.post(url("invoices:credit", invoice.pk), typed | {"step": "check"})

        page = response.content.decode()
        assert response.status_code == 422
        assert error in page
        for value in typed.values():
            assert "\x00" in value or f'value="{value}"' in page
        assert not invoice.corrections.exists()

    def test_who_looked_before_another_credited_sees_what_is_left(self, office, shop):
        invoice = make_invoice(shop, lines=2)
        credit_invoice(invoice, CreditWish(rows={"1": RowWish(Decimal(1))}), by=SYSTEM)
        typed = {"what": "part", "free": "1.00", "seen": "24.20", "step": "credit"}

        response = office.post(url("invoices:credit", invoice.pk), typed)

        assert b"credited meanwhile" in response.content
        assert b'value="12.10"' in response.content
        assert invoice.corrections.count() == 1

    def test_nothing_is_left_of_what_was_credited(self, office, shop):
        invoice = make_invoice(shop)
        credit_invoice(invoice, CreditWish(whole=True), by=SYSTEM)

        response = office.get(url("invoices:credit", invoice.pk), follow=True)

        assert b"Nothing of this document is left" in response.content


class TestNumbers:
    def test_px10_a_whole_series_says_so(self, office, shop):
        for _ in range(3):
            make_invoice(shop)

        (row,) = office.get(url("invoices:numbers")).context["series"]

        assert (row.count, row.next_number, row.is_whole) == ("3", "4", True)

    def test_px10_a_hole_in_the_middle_and_one_at_the_end_are_named(self, shop):
        invoices = [make_invoice(shop) for _ in range(4)]
        InvoiceFile.objects.all().delete()
        for place in (1, 3):
            Invoice.objects.filter(pk=invoices[place].pk).delete()

        (report,) = audit(shop)

        assert report.missing == (2, 4)
        assert not report.is_whole

    def test_a_series_may_begin_anywhere(self, shop):
        NumberSeries.objects.create(shop=shop, name=settings_series(shop), next_number=1000)
        make_invoice(shop)

        (report,) = audit(shop)

        assert (report.is_whole, report.next_number) == (True, 1001)

    def test_bx7_a_changed_and_a_removed_document_are_found(self, office, shop):
        invoices = [make_invoice(shop) for _ in range(4)]
        Invoice.objects.filter(pk=invoices[0].pk).update(customer_name="Somebody else")
        InvoiceFile.objects.filter(invoice=invoices[2]).delete()
        Invoice.objects.filter(pk=invoices[2].pk).delete()

        page = office.post(url("invoices:verify"))

        assert [(link.number, link.is_changed) for link in broken_links(shop)] == [
            (invoices[0].number, True),
            (invoices[3].number, False),
        ]
        assert b"2 documents are not as they were issued" in page.content

    def test_bx7_what_is_whole_is_told_too(self, office, shop):
        make_invoice(shop)

        assert b"1 document was read and is as it was issued" in office.post(url("invoices:verify")).content

    def test_the_report_is_a_table(self, office, shop):
        make_invoice(shop)
        lines = office.get(url("invoices:report", "csv")).content.decode("utf-8-sig").splitlines()
        book = load_workbook(io.BytesIO(office.get(url("invoices:report", "xlsx")).content))

        (row,) = csv.DictReader(lines)
        assert (row["Documents"], row["Missing"], row["Doubles"], row["Total incl. VAT"]) == ("1", "0", "0", "12.10")
        assert book.active["M2"].value == pytest.approx(12.10)
        assert office.get(url("invoices:report", "doc")).status_code == 404


def settings_series(shop):
    return InvoiceSettings.objects.get(shop=shop).series_of("invoice", timezone.localdate(timezone=shop.zone).year)


def settings_of_form(**values):
    return {
        "issue_when": "paid",
        "payment_days": "30",
        "invoice_prefix": "F{year}-",
        "credit_note_prefix": "C{year}-",
        "padding": "4",
        "resets_yearly": "on",
        "footer": "Thanks",
    } | values


class TestSettings:
    def test_saved(self, office, shop):
        office.post(url("invoices:settings"), settings_of_form(next_invoice="500"))

        stored = InvoiceSettings.objects.get(shop=shop)
        assert (stored.issue_when, stored.payment_days, stored.footer) == ("paid", 30, "Thanks")
        assert "F2" in office.get(url("invoices:settings")).context["upcoming"][0][1][0]
        assert NumberSeries.objects.get(shop=shop, name=settings_series(shop)).next_number == 500

    @pytest.mark.parametrize(
        ("typed", "error"),
        [
            ({"invoice_prefix": "F-"}, "needs {year} here"),
            ({"invoice_prefix": "C{year}-"}, "must not get the same numbers"),
            ({"padding": "99"}, "12"),
            ({"padding": "0"}, "1"),
            ({"payment_days": "1000000"}, "365"),
            ({"next_invoice": "0"}, "1"),
            ({"next_invoice": str(10**30)}, ""),
            ({"issue_when": "never"}, ""),
            ({"footer": "x" * 501}, "500"),
            ({"footer": "a\x00b"}, ""),
        ],
    )
    def test_what_cannot_be_is_refused(self, office, shop, typed, error):
        response = office.post(url("invoices:settings"), settings_of_form(**typed))

        assert response.status_code == 422
        assert error in response.content.decode()
        assert InvoiceSettings.objects.get(shop=shop).issue_when == "by_hand"

    def test_a_series_that_has_begun_goes_on_where_it_is(self, office, shop):
        make_invoice(shop)
        response = office.post(url("invoices:settings"), settings_of_form(issue_when="by_hand", next_invoice="1"))

        assert response.status_code == 422
        assert b"its next number is 2" in response.content

    def test_what_the_law_wants_and_is_not_there_is_named(self, office, shop):
        assert "VAT number" in office.get(url("invoices:settings")).context["missing"]


def company(**values):
    return {"company": "Candles B.V.", "street": "Quay 1", "city": "Ede", "country": "nl"} | values


def picture(kind="PNG"):
    content = io.BytesIO()
    Image.new("RGB", (40, 20), "red").save(content, kind)
    return content.getvalue()


class TestCompany:
    def test_saved_and_tidied(self, office, shop):
        typed = company(iban="nl91 abna 0417 1643 00", bic="abnanl2a", vat_number="nl 001234567 b01")

        office.post(url("invoices:company"), typed)

        shop.refresh_from_db()
        assert (shop.country, shop.iban, shop.bic, shop.vat_number) == (
            "NL",
            "NL91ABNA0417164300",
            "ABNANL2A",
            "NL001234567B01",
        )

    @pytest.mark.parametrize(
        "typed",
        [
            {"iban": "NL92ABNA0417164300"},
            {"iban": "hello"},
            {"bic": "ABC"},
            {"country": "XX"},
            {"country": "12"},
            {"website": "javascript:alert(1)"},
            {"email": "nobody"},
            {"company": "x" * 121},
            {"city": "a\x00b"},
        ],
    )
    def test_what_cannot_be_is_refused_and_stays_typed(self, office, shop, typed):
        response = office.post(url("invoices:company"), company(**typed))

        assert response.status_code == 422
        ((_name, value),) = typed.items()
        assert "\x00" in value or f'value="{value}"' in response.content.decode()
        assert Shop.objects.get(pk=shop.pk).street == ""

    def test_a_logo_is_kept_shown_and_removed(self, office, shop):
        office.post(url("invoices:company"), company(logo=SimpleUploadedFile("logo.png", picture())))
        assert ShopLogo.objects.get(shop=shop).content_type == "image/png"
        assert b"data:image/png;base64," in office.get(url("invoices:company")).content

        office.post(url("invoices:company"), company(removes_logo="on"))

        assert not ShopLogo.objects.exists()

    @pytest.mark.parametrize("content", [b"", b"<svg/>", b"MZ", picture("GIF")])
    def test_only_a_picture_is_a_logo(self, office, content):
        response = office.post(url("invoices:company"), company(logo=SimpleUploadedFile("logo.png", content)))

        assert response.status_code == 422
        assert not ShopLogo.objects.exists()

    def test_a_target_shop_has_details_of_its_own(self, office, shop):
        target = make_shop("12346", base_shop=shop)

        office.post(url("invoices:company-of", "12346"), company(city="London", country="GB"))

        target.refresh_from_db()
        shop.refresh_from_db()
        assert (target.city, shop.city) == ("London", "")

    def test_another_shop_is_no_target(self, office, other_shop):
        assert office.get(url("invoices:company-of", "54321")).status_code == 404
