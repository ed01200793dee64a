"""Issuing invoices and credit notes: numbers, what they say, what they freeze, and what is refused."""

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import uuid4

import pytest

from backoffice.actor import SYSTEM
from backoffice.tests.factories import make_shop
from orders.freezing import why_frozen
from orders.invoicing.chain import digest_of
from orders.invoicing.stored import from_json
from orders.models import (
    Address,
    Invoice,
    InvoiceDue,
    InvoiceFile,
    InvoiceSettings,
    IssueWhen,
    LogAction,
    NumberSeries,
    Source,
)
from orders.services import (
    LineWish,
    RefundPlan,
    changing,
    delete_orders,
    invoices_due,
    record_payment,
    refund_order,
    set_fulfilment_status,
)
from orders.services.credit_notes import CreditedMeanwhile, CreditWish, RowWish, credit_invoice, credit_refund
from orders.services.errors import InputRefused, OrderIsDeleted
from orders.services.invoices import AlreadyInvoiced, InvoiceRefused, issue_invoice
from orders.services.invoices_due import issue_due
from orders.services.new_order import NewShipment
from orders.tests.factories import make_order, new_line

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 22, 11, 0, tzinfo=UTC)
SELLER = {"company": "Candles B.V.", "street": "Quay 1", "city": "Ede", "country": "NL", "vat_number": "NL001234567B01"}


def make_paid_order(shop, *, lines=1, **values):
    """A dull order that was paid in full."""
    order = make_order(shop, lines=lines, **values)
    pay(order)
    return order


def pay(order):
    record_payment(order, order.total, method="iDEAL", paid_at=NOON, by=SYSTEM)
    order.refresh_from_db()


def data_of(invoice):
    return from_json(invoice.data)


def whole(invoice, by):
    return credit_invoice(invoice, CreditWish(whole=True), by=by)


class TestNumbers:
    def test_each_document_gets_the_next_number_of_its_kind_and_year(self, shop, actor):
        first, second = (issue_invoice(make_paid_order(shop), by=actor) for _ in range(2))
        credit = whole(first, actor)

        year = first.issued_on.year
        assert [first.number, second.number] == [f"{year}-00001", f"{year}-00002"]
        assert credit.number == f"C{year}-00001"

    def test_shops_count_for_themselves(self, shop, other_shop, actor):
        issue_invoice(make_paid_order(shop), by=actor)

        assert issue_invoice(make_paid_order(other_shop), by=SYSTEM).sequence == 1

    def test_a_new_year_begins_at_one_where_the_shop_wants_it(self, shop):
        settings = InvoiceSettings(shop=shop, invoice_prefix="F{year}/", padding=4)

        assert settings.number_of("invoice", 7, 2027) == "F2027/0007"
        assert settings.series_of("invoice", 2026) != settings.series_of("invoice", 2027)
        settings.resets_yearly = False
        assert settings.series_of("invoice", 2026) == settings.series_of("invoice", 2027)

    def test_f45_what_is_rolled_back_leaves_no_hole(self, shop, actor, monkeypatch):
        order = make_paid_order(shop)
        monkeypatch.setattr(InvoiceFile.objects, "create", lambda **values: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            issue_invoice(order, by=actor)
        monkeypatch.undo()

        assert issue_invoice(order, by=actor).sequence == 1

    def test_a_refusal_takes_no_number(self, shop, actor):
        with pytest.raises(InvoiceRefused):
            issue_invoice(make_order(shop), by=actor)

        assert not NumberSeries.objects.filter(name__startswith="invoice").exists()

    def test_a_way_of_numbering_that_meets_an_old_number_is_refused_and_takes_none(self, shop, actor):
        first = issue_invoice(make_paid_order(shop), by=actor)
        InvoiceSettings.objects.create(shop=shop, resets_yearly=False)
        order = make_paid_order(shop)

        with changing(shop, by=actor), pytest.raises(InvoiceRefused, match=first.number):
            issue_invoice(order, by=actor)

        assert NumberSeries.objects.get(shop=shop, name="invoice").next_number == 1


class TestWhoGetsOne:
    @pytest.mark.parametrize("status", ["aborted", "cancelled", "expired"])
    def test_what_is_no_sale_gets_no_invoice(self, shop, actor, status):
        InvoiceSettings.objects.create(shop=shop, invoices_unpaid=True)
        order = make_order(shop, fulfilment_status=status)

        with pytest.raises(InvoiceRefused):
            issue_invoice(order, by=actor)

    def test_an_unpaid_order_gets_one_only_where_the_shop_says_so(self, shop, actor):
        order = make_order(shop)
        with pytest.raises(InvoiceRefused, match="not paid"):
            issue_invoice(order, by=actor)

        InvoiceSettings.objects.create(shop=shop, invoices_unpaid=True)

        invoice = data_of(issue_invoice(order, by=actor))["invoice"]
        assert invoice["totals"]["open"] == order.total
        assert (invoice["due_on"] - invoice["date"]).days == 14

    def test_a_deleted_order_gets_none(self, shop, actor):
        order = make_paid_order(shop)
        delete_orders([order.pk], shop=shop, by=actor)

        with pytest.raises(OrderIsDeleted):
            issue_invoice(order, by=actor)

    def test_t35_the_invoice_of_a_deleted_order_stays_and_its_number_is_not_given_again(self, shop, actor):
        order, other = make_paid_order(shop), make_paid_order(shop)
        invoice = issue_invoice(order, by=actor)

        delete_orders([order.pk], shop=shop, by=actor)

        order.refresh_from_db()
        assert order.deleted_at is not None
        assert issue_invoice(other, by=actor).sequence == invoice.sequence + 1
        assert list(Invoice.objects.order_by("sequence").values_list("order", flat=True)) == [order.pk, other.pk]

    def test_an_order_is_invoiced_once_until_all_of_it_was_credited(self, shop, actor):
        order = make_paid_order(shop)
        invoice = issue_invoice(order, by=actor)
        with pytest.raises(AlreadyInvoiced, match=invoice.number):
            issue_invoice(order, by=actor)

        whole(invoice, actor)

        assert issue_invoice(order, by=actor).sequence == 2

    def test_an_order_below_zero_gets_a_credit_note_with_its_signs_turned(self, shop, actor):
        order = make_order(shop, lines=[new_line(quantity=Decimal(-2))])

        credit = issue_invoice(order, by=actor)

        invoice = data_of(credit)["invoice"]
        assert (credit.kind, credit.total) == ("credit_note", Decimal("-24.20"))
        assert invoice["totals"]["incl"] == Decimal("24.20")
        assert invoice["lines"][0]["quantity"] == 2
        assert invoice["lines"][0]["unit_price"] == Decimal("12.10")


class TestWhatItSays:
    def test_lines_charges_and_rates_add_up_to_the_order(self, shop, actor):
        order = make_paid_order(
            shop,
            lines=[new_line(quantity=Decimal(3)), new_line(sku="BOOK", vat_rate=Decimal(9), discount=Decimal("1.10"))],
            shipping_cost=Decimal("4.95"),
            shipping_vat_rate=Decimal(21),
            payment_fee=Decimal("0.35"),
            payment_fee_vat_rate=Decimal(21),
            discount=Decimal("2.00"),
        )

        data = data_of(issue_invoice(order, by=actor))

        invoice = data["invoice"]
        assert len(invoice["lines"]) == 4
        assert sum(line["total"] for line in invoice["lines"]) == order.total
        assert sum(rate["vat"] for rate in invoice["vat"]) == order.total_vat
        assert sum(row["ex"] for row in data["ledger"]["vat"]) == order.total_ex
        assert invoice["totals"] == {
            "ex": order.total_ex,
            "vat": order.total_vat,
            "incl": order.total,
            "paid": order.total,
            "open": Decimal(0),
        }
        assert invoice["due_on"] is None

    def test_it_says_who_sold_to_whom(self):
        shop = make_shop(**SELLER)
        billing = Address(name="Anna Jansen", street="Lane 2", postcode="1234 AB", city="Ede", country="NL")

        data = data_of(issue_invoice(make_paid_order(shop, billing=billing), by=SYSTEM))

        assert data["shop"]["company"] == "Candles B.V."
        assert data["shop"]["vat_number"] == "NL001234567B01"
        assert data["order"]["billing_address"]["street"] == "Lane 2"

    def test_the_day_of_supply_is_when_the_last_of_it_left(self, shop, actor):
        shipments = [NewShipment(carrier="PostNL", tracking_code="3S1", shipped_at=NOON)]

        data = data_of(issue_invoice(make_paid_order(shop, shipments=shipments), by=actor))

        assert data["invoice"]["supplied_on"] == date(2026, 3, 22)

    def test_it_is_in_the_customers_language_where_we_speak_it(self, shop, actor):
        languages = ["nl-BE", "fr", ""]

        invoices = [issue_invoice(make_paid_order(shop, customer_language=each), by=actor) for each in languages]

        assert [invoice.language for invoice in invoices] == ["nl", "en", "en"]

    @pytest.mark.parametrize(
        ("language", "words"),
        [
            ("en", "VAT in EUR: €2.52"),
            ("nl", "Btw in EUR: €\N{NO-BREAK SPACE}2,52"),
            ("sv", "Moms i EUR: 2,52\N{NO-BREAK SPACE}€"),
        ],
    )
    def test_vat_is_told_in_the_currency_of_the_shop_too(self, shop, actor, language, words):
        order = make_paid_order(shop, currency="GBP", exchange_rate=Decimal("1.2"), customer_language=language)

        issued = issue_invoice(order, by=actor)
        invoice, credit = data_of(issued), whole(issued, actor)

        assert invoice["ledger"]["vat_in_shop_currency"] == Decimal("2.52")
        assert {"text": words} in invoice["invoice"]["notes"]
        assert {"text": words} in data_of(credit)["invoice"]["notes"]

    def test_a_change_of_the_shop_does_not_change_what_was_issued(self, shop, actor):
        invoice = issue_invoice(make_paid_order(shop), by=actor)
        shop.name = "Another name"
        shop.save()

        assert data_of(Invoice.objects.get(pk=invoice.pk))["shop"]["name"] == "Shop 12345"


class TestFreezing:
    def test_an_invoiced_order_says_why_it_cannot_change(self, shop, actor):
        order = make_paid_order(shop)
        assert why_frozen(order) == ""

        invoice = issue_invoice(order, by=actor)

        assert invoice.number in why_frozen(order)

    def test_after_a_whole_credit_it_may_change_again(self, shop, actor):
        order = make_paid_order(shop)
        whole(issue_invoice(order, by=actor), actor)

        assert why_frozen(order) == ""

    def test_after_a_part_it_may_not(self, shop, actor):
        order = make_paid_order(shop, lines=2)
        invoice = issue_invoice(order, by=actor)
        credit_invoice(invoice, CreditWish(rows={"1": RowWish(Decimal(1))}), by=actor)

        assert why_frozen(order)

    def test_the_log_and_the_change_mark_tell_of_it(self, shop, actor):
        order = make_paid_order(shop)
        before = order.change_mark

        invoice = issue_invoice(order, by=actor)

        order.refresh_from_db()
        entry = order.log.first()
        assert (entry.action, entry.subject, entry.actor) == (LogAction.INVOICE_ISSUED, invoice.number, actor.name)
        assert order.change_mark > before

    def test_the_bytes_are_still_to_be_made(self, shop, actor):
        invoice = issue_invoice(make_paid_order(shop), by=actor)

        assert InvoiceFile.objects.get(invoice=invoice).due_at is not None


class TestChain:
    def test_each_document_knows_the_one_before(self, shop, actor):
        first, second = (issue_invoice(make_paid_order(shop), by=actor) for _ in range(2))

        assert second.previous_digest == first.digest
        assert [digest_of(Invoice.objects.get(pk=each.pk)) for each in (first, second)] == [first.digest, second.digest]

    def test_bx7_one_changed_amount_is_seen(self, shop, actor):
        invoice = issue_invoice(make_paid_order(shop), by=actor)
        Invoice.objects.filter(pk=invoice.pk).update(total=Decimal("0.01"))

        assert digest_of(Invoice.objects.get(pk=invoice.pk)) != invoice.digest


class TestCredit:
    def test_a_whole_credit_gives_back_every_cent_of_every_rate(self, shop, actor):
        order = make_paid_order(
            shop,
            lines=[new_line(quantity=Decimal(3)), new_line(vat_rate=Decimal(9))],
            shipping_cost=Decimal("4.95"),
            shipping_vat_rate=Decimal(21),
        )
        invoice = issue_invoice(order, by=actor)

        credit = whole(invoice, actor)

        said, credited = data_of(invoice)["invoice"], data_of(credit)["invoice"]
        assert (credit.total, credit.total_vat) == (-order.total, -order.total_vat)
        assert credited["vat"] == said["vat"]
        assert (credited["corrects"], credit.corrects_id) == (invoice.number, invoice.pk)

    def test_pieces_one_by_one_add_up_to_the_line(self, shop, actor):
        order = make_paid_order(shop, lines=[new_line(quantity=Decimal(3), unit_price=Decimal("3.3333"))])
        invoice = issue_invoice(order, by=actor)

        credits = [credit_invoice(invoice, CreditWish(rows={"1": RowWish(Decimal(1))}), by=actor) for _ in range(3)]

        assert sum(credit.total for credit in credits) == -order.total
        assert sum(credit.total_vat for credit in credits) == -order.total_vat
        invoice.refresh_from_db()
        assert invoice.reversed_at is not None

    def test_an_amount_is_spread_over_the_rates(self, shop, actor):
        order = make_paid_order(shop, lines=[new_line(), new_line(vat_rate=Decimal(9))])
        invoice = issue_invoice(order, by=actor)

        credit = credit_invoice(invoice, CreditWish(free=Decimal("10.01"), reason="Late"), by=actor)

        credited = data_of(credit)["invoice"]
        assert credited["totals"]["incl"] == Decimal("10.01")
        assert [row["rate"] for row in credited["vat"]] == [Decimal(21), Decimal(9)]
        assert credited["reason"] == "Late"

    @pytest.mark.parametrize(
        ("wish", "field"),
        [
            (CreditWish(), ""),
            (CreditWish(rows={"1": RowWish(Decimal(2))}), "quantity.1"),
            (CreditWish(rows={"1": RowWish(Decimal(-1))}), "quantity.1"),
            (CreditWish(rows={"1": RowWish(Decimal("NaN"))}), "quantity.1"),
            (CreditWish(rows={"1": RowWish(Decimal(1), Decimal("12.11"))}), "amount.1"),
            (CreditWish(rows={"1": RowWish(Decimal(1), Decimal("1e309"))}), "amount.1"),
            (CreditWish(rows={"9": RowWish(Decimal(1))}), ""),
            (CreditWish(free=Decimal("12.11")), "free"),
            (CreditWish(free=Decimal("0.001")), "free"),
            (CreditWish(whole=True, reason="x" * 251), "reason"),
        ],
    )
    def test_never_more_than_there_is_and_nothing_odd(self, shop, actor, wish, field):
        invoice = issue_invoice(make_paid_order(shop), by=actor)

        with pytest.raises(InputRefused) as refusal:
            credit_invoice(invoice, wish, by=actor)

        assert field in refusal.value.errors
        assert not Invoice.objects.filter(kind="credit_note").exists()

    def test_a_line_and_an_amount_together_are_not_more_than_there_is(self, shop, actor):
        invoice = issue_invoice(make_paid_order(shop), by=actor)
        wish = CreditWish(rows={"1": RowWish(Decimal(1), Decimal("12.00"))}, free=Decimal("0.11"))

        with pytest.raises(InputRefused):
            credit_invoice(invoice, wish, by=actor)

    def test_a_line_that_gave_something_back_makes_less_than_its_neighbour_to_credit(self, shop, actor):
        lines = [new_line(), new_line(sku="COUPON", unit_price=Decimal("-5.00"))]
        invoice = issue_invoice(make_paid_order(shop, lines=lines), by=actor)

        with pytest.raises(InputRefused) as refusal:
            credit_invoice(invoice, CreditWish(rows={"1": RowWish(Decimal(1))}), by=actor)

        assert "7.10" in str(refusal.value)

    def test_what_is_credited_is_gone(self, shop, actor):
        invoice = issue_invoice(make_paid_order(shop), by=actor)
        whole(invoice, actor)

        with pytest.raises(InvoiceRefused):
            whole(invoice, actor)

    def test_who_looked_before_another_credited_looks_again(self, shop, actor):
        invoice = issue_invoice(make_paid_order(shop, lines=2), by=actor)
        credit_invoice(invoice, CreditWish(rows={"1": RowWish(Decimal(1))}), by=actor)

        with pytest.raises(CreditedMeanwhile):
            credit_invoice(invoice, CreditWish(free=Decimal(1), seen_left=Decimal("24.20")), by=actor)

    def test_a_credit_note_is_not_credited(self, shop, actor):
        credit = whole(issue_invoice(make_paid_order(shop), by=actor), actor)

        with pytest.raises(InvoiceRefused):
            whole(credit, actor)

    def test_a_refund_of_lines_shipping_and_an_amount_becomes_its_credit_note(self, shop, actor):
        order = make_paid_order(
            shop,
            lines=[new_line(quantity=Decimal(2)), new_line(sku="BOOK", vat_rate=Decimal(9))],
            shipping_cost=Decimal("4.95"),
            shipping_vat_rate=Decimal(21),
        )
        invoice = issue_invoice(order, by=actor)
        plan = RefundPlan(
            key=uuid4(),
            lines={1: LineWish(Decimal(1))},
            shipping=Decimal("4.95"),
            free=Decimal("1.00"),
            reason="Broken",
        )
        refund = refund_order(order, plan, by=actor).parts[0]

        credit = credit_refund(refund, invoice, by=actor)

        assert credit.total == -refund.amount
        assert credit.refund_id == refund.pk
        assert data_of(credit)["invoice"]["reason"] == "Broken"


class TestBySettings:
    def test_by_hand_nothing_follows_by_itself(self, shop):
        make_paid_order(shop)

        assert not InvoiceDue.objects.exists()

    @pytest.mark.parametrize(
        ("when", "after"),
        [(IssueWhen.PLACED, "placed"), (IssueWhen.PAID, "paid"), (IssueWhen.SHIPPED, "shipped")],
    )
    def test_an_order_is_due_as_soon_as_the_shop_has_set(self, shop, actor, when, after):
        InvoiceSettings.objects.create(shop=shop, issue_when=when)
        due = {}
        order = make_order(shop)
        due["placed"] = InvoiceDue.objects.count()
        pay(order)
        due["paid"] = InvoiceDue.objects.count()
        set_fulfilment_status(order, "shipped", by=actor)
        due["shipped"] = InvoiceDue.objects.count()

        moments = list(due)
        assert [due[moment] for moment in moments] == [int(moments.index(each) >= moments.index(after)) for each in due]

    def test_what_is_due_is_issued_once(self, shop):
        InvoiceSettings.objects.create(shop=shop, issue_when=IssueWhen.PAID)
        order = make_paid_order(shop)

        assert [issue_due(), issue_due()] == [1, 0]
        assert order.invoices.count() == 1
        assert not InvoiceDue.objects.exists()

    def test_orders_that_were_imported_were_invoiced_elsewhere(self, shop):
        InvoiceSettings.objects.create(shop=shop, issue_when=IssueWhen.PLACED)
        make_order(shop, source=Source.IMPORT)

        assert not InvoiceDue.objects.exists()

    def test_what_is_refused_says_why_and_waits_for_a_person(self, shop, actor):
        InvoiceSettings.objects.create(shop=shop, issue_when=IssueWhen.PAID)
        order = make_paid_order(shop)
        delete_orders([order.pk], shop=shop, by=actor)

        assert issue_due() == 0
        assert "Deleted" in InvoiceDue.objects.get().refusal
        assert issue_due() == 0

    def test_one_bad_order_does_not_keep_the_others_waiting(self, shop, monkeypatch):
        InvoiceSettings.objects.create(shop=shop, issue_when=IssueWhen.PAID)
        bad, good = make_paid_order(shop), make_paid_order(shop)
        real = Invoice.save

        def save(invoice, **options):
            if invoice.order_id == bad.pk:
                raise ZeroDivisionError
            return real(invoice, **options)

        monkeypatch.setattr(Invoice, "save", save)

        assert issue_due() == 1
        assert good.invoices.get().sequence == 1

    def test_a_refund_that_wants_one_gets_its_credit_note(self, shop, actor):
        order = make_paid_order(shop)
        invoice = issue_invoice(order, by=actor)
        refund_order(order, RefundPlan(key=uuid4(), free=Decimal(5), wants_credit_note=True), by=actor)

        assert issue_due() == 1
        assert invoice.corrections.get().total == Decimal("-5.00")

    def test_two_workers_that_meet_at_a_refund_issue_one_credit_note(self, shop, actor):
        order = make_paid_order(shop)
        invoice = issue_invoice(order, by=actor)
        refund_order(order, RefundPlan(key=uuid4(), free=Decimal(5), wants_credit_note=True), by=actor)
        seen_by_the_other = InvoiceDue.objects.select_related("order__shop", "refund").get()
        issue_due()

        assert invoices_due._issue(seen_by_the_other) is False
        assert invoice.corrections.count() == 1

    def test_without_an_invoice_there_is_nothing_to_credit(self, shop, actor):
        order = make_paid_order(shop)
        refund_order(order, RefundPlan(key=uuid4(), free=Decimal(5), wants_credit_note=True), by=actor)

        assert not InvoiceDue.objects.exists()
