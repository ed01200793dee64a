"""Real invoices become a living shop: every oddity of the data survives, and the services' promises hold."""

import gzip
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.test import Client, TestCase

from backoffice.models import Shop, StaffMember, User
from backoffice.roles import Role
from orders.demo import codes, demo_world_built
from orders.demo.credit import find_credits
from orders.demo.hours import after_work, worked
from orders.demo.invoices import COLUMNS, InvoiceFile
from orders.demo.people import customer_of
from orders.demo.shops import PASSWORD
from orders.demo.world import CUT, build_world
from orders.log_chain import Verified, faults_in
from orders.models import (
    Folder,
    LogAction,
    Order,
    OrderLine,
    OrderLogEntry,
    OrderSearchText,
    PaymentState,
    RefundState,
    ShopClock,
    StatusCount,
)
from orders.time_machine import picture_at
from statuses.models import ShopStatus

pytestmark = pytest.mark.django_db
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
NOW = datetime(2026, 3, 21, 11, 0, tzinfo=UTC)
# Known to go to the gift shop itself, not to its target shop.
GIFT_CUSTOMER = "17850"
CUSTOMER_ABROAD = "12433"


HEADER = ",".join(COLUMNS)


def write_file(path, *rows, header=HEADER):
    """A file of invoices; rows are lines of CSV."""
    path = path / "invoices.csv.gz"
    with gzip.open(path, "wt", encoding="utf-8", newline="\n") as text:
        text.write("\n".join([header, *rows]) + "\n")
    return path


def row(invoice="536370", code="85123A", description="LANTERN", quantity=6, price="2.55", **values):
    """One row of a customer of the gift shop in the data set's home country."""
    dull = {"at": "2011-12-09 08:26:00", "customer": GIFT_CUSTOMER, "country": "United Kingdom"} | values
    text = f'"{description}"' if "," in description else description
    return f"{invoice},{code},{text},{quantity},{dull['at']},{price},{dull['customer']},{dull['country']}"


def build(path, **options):
    return build_world(path, now=NOW, say=lambda text: None, **options)


def world(tmp_path, *rows):
    """The demo world of these rows; returns the tally."""
    return build(write_file(tmp_path, *rows))


# --- the contract of names


def test_the_shops_and_their_staff_are_as_promised(tmp_path):
    world(tmp_path, row())

    shops = {shop.number: shop for shop in Shop.objects.all()}
    assert sorted(shops) == ["12345", "12346", "54321", "77700"]
    assert [(shops[n].plan_key, shops[n].time_zone) for n in ("12345", "54321")] == [
        ("professional", "Europe/Amsterdam"),
        ("basic", "Europe/Stockholm"),
    ]
    assert shops["12346"].base_shop == shops["12345"]
    for number in ("12345", "54321"):
        for role in Role:
            member = StaffMember.objects.get(shop=shops[number], user__email=f"{role}@{number}.example")
            assert member.role == role
            assert member.user.check_password("backoffice-demo")


def test_one_person_serves_two_shops(tmp_path):
    world(tmp_path, row())

    helper = User.objects.get(email="helper@noorderlicht.example")
    assert sorted(helper.memberships.values_list("shop__number", flat=True)) == ["12345", "54321"]


def test_staff_of_the_demo_can_sign_in(tmp_path):
    world(tmp_path, row())

    assert Client().login(email="owner@12345.example", password=PASSWORD)


def test_the_world_is_announced_with_all_its_shops(tmp_path):
    heard = []

    def ear(sender, shops, **kwargs):
        heard.append({number: shop.number for number, shop in shops.items()})

    demo_world_built.connect(ear)
    try:
        world(tmp_path, row())
    finally:
        demo_world_built.disconnect(ear)

    assert heard == [{number: number for number in ("12345", "12346", "54321", "77700")}]


# --- the oddities of the data


def test_an_order_keeps_the_number_source_and_figures_of_its_invoice(tmp_path):
    tally = world(tmp_path, row("536370", quantity=6, price="2.55"), row("536370", "71053", "METAL LANTERN", 2, "3.39"))

    order = Order.objects.get()
    assert (order.shop.number, order.number, order.source_id) == ("12345", 536370, "536370")
    assert [(line.sku, line.quantity, line.unit_price_ex) for line in order.lines.all()] == [
        ("85123A", 6, Decimal("2.55")),
        ("71053", 2, Decimal("3.39")),
    ]
    assert order.lines_total == Decimal("22.08")
    assert tally.problems == []


def test_the_newest_invoice_came_in_yesterday_at_its_own_time_of_day(tmp_path):
    world(tmp_path, row("536370", at="2011-12-02 08:26:00"), row("536371", at="2011-12-09 16:05:00"))

    newest, oldest = Order.objects.order_by("-placed_at").filter(source_id__in=["536370", "536371"])
    assert newest.placed_at == datetime(2026, 3, 20, 16, 5, tzinfo=UTC)
    assert oldest.placed_at == datetime(2026, 3, 13, 8, 26, tzinfo=UTC)


def test_british_time_is_an_instant_in_summer_too(tmp_path):
    build_world(
        write_file(tmp_path, row(at="2011-12-09 16:05:00")), now=datetime(2026, 7, 21, 11, 0, tzinfo=UTC), say=print
    )

    assert Order.objects.get(source_id="536370").placed_at == datetime(2026, 7, 20, 15, 5, tzinfo=UTC)


def test_texts_survive_as_they_are(tmp_path):
    names = [
        ' BLUE  "2 INCH" TIN ',
        "JAM, STRAWBERRY & CREAM",
        "CHILD'S APRON",
        "Dotcomgiftshop Gift Voucher £20.00",
        "20713",
    ]
    quoted = ['" BLUE  ""2 INCH"" TIN "', *names[1:]]
    rows = [row("536370", "gift_0001_20" if "£" in name else "85123a", name) for name in quoted]

    world(tmp_path, *[line.replace('""" BLUE', '" BLUE') for line in rows])

    lines = OrderLine.objects.order_by("position")
    assert [line.name for line in lines] == names
    assert [line.kind for line in lines][3:4] == ["gift_card"]


def test_upper_and_lower_case_codes_and_repeated_lines_stay_apart(tmp_path):
    world(tmp_path, row(code="85123A"), row(code="85123a"), row(code="85123A"))

    assert [line.sku for line in OrderLine.objects.order_by("position")] == ["85123A", "85123a", "85123A"]


def test_rows_that_stand_apart_are_one_order(tmp_path):
    world(tmp_path, row("542806", "22111"), row("542807"), row("542806", "22112", at="2011-12-09 08:27:00"))

    order = Order.objects.get(number=542806)
    assert [line.sku for line in order.lines.all()] == ["22111", "22112"]
    assert order.placed_at == datetime(2026, 3, 20, 8, 26, tzinfo=UTC)


def test_an_invoice_without_customer_is_a_guests_order(tmp_path):
    world(tmp_path, row("536544", customer="", description=""))

    order = Order.objects.get(source_id="536544")
    assert order.customer_number == ""
    assert order.customer_name != ""
    assert order.customer_email.endswith(".example")
    assert order.lines.get().name == ""


def test_a_stock_correction_is_nobodys_order_and_costs_nothing(tmp_path):
    world(tmp_path, row("536589", quantity=-10, price="0", customer="", description="damages"))

    order = Order.objects.get()
    assert (order.customer_name, order.total, order.fulfilment_status) == ("", 0, "completed")
    assert order.lines.get().quantity == -10


def test_the_finest_and_the_largest_figures_fit(tmp_path):
    world(
        tmp_path,
        row("536370", quantity=80995, price="2.08"),
        row("536371", quantity=1, price="0.001"),
        row("536372", quantity=1, price="38970"),
    )

    totals = dict(Order.objects.filter(source_id__startswith="5").values_list("number", "lines_total"))
    assert totals == {536370: Decimal("168469.60"), 536371: 0, 536372: Decimal("38970.00")}


def test_postage_and_bank_charges_are_costs_of_the_order(tmp_path):
    world(
        tmp_path,
        row("536370"),
        row("536370", "POST", "POSTAGE", 3, "18"),
        row("536370", "BANK CHARGES", "Bank Charges", 1, "15"),
        row("536371", "DOT", "DOTCOM POSTAGE", 1, "9.5"),
    )

    order, postage_alone = Order.objects.filter(source_id__startswith="5").order_by("number")
    assert (order.shipping_cost, order.payment_fee, order.lines.count()) == (Decimal("54.00"), Decimal("15.00"), 1)
    assert postage_alone.shipping_cost == 0
    assert [(line.kind, line.total_ex) for line in postage_alone.lines.all()] == [("fee", Decimal("9.50"))]


@pytest.mark.parametrize(
    ("country", "code"), [("EIRE", "IE"), ("RSA", "ZA"), ("USA", "US"), ("European Community", ""), ("Unspecified", "")]
)
def test_countries_get_their_code(tmp_path, country, code):
    world(tmp_path, row(customer=CUSTOMER_ABROAD, country=country))

    assert Order.objects.get(source_id="536370").billing_country == code


def test_a_customer_in_two_countries_is_one_customer(tmp_path):
    world(
        tmp_path,
        row("536370", customer=CUSTOMER_ABROAD, country="Belgium"),
        row("536371", customer=CUSTOMER_ABROAD, country="Denmark"),
    )

    first, second = Order.objects.filter(source_id__startswith="5").order_by("number")
    assert (first.customer_email, first.billing_country) == (second.customer_email, second.billing_country)
    assert (first.shipping_country, second.shipping_country) == ("BE", "DK")


# --- credits


def test_a_cancellation_becomes_a_credit_on_the_order_it_fits(tmp_path):
    tally = world(
        tmp_path,
        row("536370", at="2011-11-09 10:00:00"),
        row("536370", "22423", "CAKE STAND", 1, "12.75", at="2011-11-09 10:00:00"),
        row("C536379", quantity=-6, at="2011-11-19 10:00:00"),
    )

    order = Order.objects.get(source_id="536370")
    assert not Order.objects.filter(source_id="C536379").exists()
    assert tally.credited == 1
    line = order.lines.get(position=1)
    assert (line.status, line.quantity_credited, line.quantity_returned) == ("credited", 6, 6)
    refund = order.refunds.get()
    assert (refund.amount, refund.reason) == (line.total, "Credit C536379")
    assert order.payment_status == "partly_refunded"


def test_an_order_that_was_cancelled_whole_at_once_is_cancelled_and_paid_back(tmp_path):
    world(tmp_path, row("536370", at="2011-12-01 10:00:00"), row("C536371", quantity=-6, at="2011-12-01 10:20:00"))

    order = Order.objects.get(source_id="536370")
    assert (order.fulfilment_status, order.payment_status) == ("cancelled", "refunded")
    assert order.refunded_total == order.paid_total == order.total


@pytest.mark.parametrize(
    "cancelled",
    [
        row("C536379", quantity=-7),
        row("C536379", quantity=-6, price="2.56"),
        row("C536379", "22423", quantity=-6),
        row("C536379", quantity=-6, customer="14911"),
        row("C536379", "D", "Discount", -1, "27.5"),
    ],
)
def test_a_cancellation_that_fits_nothing_is_a_credit_order_of_its_own(tmp_path, cancelled):
    world(tmp_path, row("536370"), cancelled)

    credit = Order.objects.get(source_id="C536379")
    assert (credit.number, credit.payment_status) == (536379, "refunded")
    assert credit.total < 0
    assert credit.open_amount == 0
    assert credit.refunds.get().amount == -credit.total


def test_nothing_is_credited_twice(tmp_path):
    path = write_file(
        tmp_path, row("536370"), row("C536379", quantity=-4), row("C536380", quantity=-4), row("C536381", quantity=-2)
    )

    found = find_credits(InvoiceFile(path))

    assert {name: [credit.name for credit in credits] for name, credits in found.items()} == {
        "536370": ["C536379", "C536381"]
    }


def test_an_adjustment_of_bad_debt_keeps_its_negative_price(tmp_path):
    world(tmp_path, row("A563186", "B", "Adjust bad debt", 1, "-11062.06", customer=""))

    order = Order.objects.get()
    assert (order.number, order.source_id, order.lines_total) == (563186, "A563186", Decimal("-11062.06"))


# --- bad input


def test_rows_that_make_no_sense_are_reported_and_the_rest_goes_in(tmp_path):
    tally = world(
        tmp_path,
        row("536370"),
        row("536370", quantity="six"),
        row("536370", quantity=0),
        row("536370", price="2,55"),
        row("536370", at="2011-02-30 10:00:00"),
        row("", "22423"),
        "536370,only,three",
        '536370,"22423,NO END,1,2011-12-09 08:26:00,2.55,17850,United Kingdom',
        row("536370", "22423", "WITH \x00 NOTHING"),
        row("536370", price="NaN"),
        row("536370", "22424"),
    )

    assert [problem.line_number for problem in tally.problems] == list(range(3, 12))
    assert [line.sku for line in OrderLine.objects.order_by("position")] == ["85123A", "22424"]


def test_a_file_that_is_no_gzip_is_refused_before_anything_is_stored(tmp_path):
    path = tmp_path / "orders.csv.gz"
    path.write_text("InvoiceNo")

    with pytest.raises(CommandError, match="cannot be read"):
        call_command("demo", file=path)

    assert not Shop.objects.exists()


def test_a_file_with_other_columns_is_refused(tmp_path):
    with pytest.raises(CommandError, match="does not begin with the columns"):
        call_command("demo", file=write_file(tmp_path, row(), header="Name,Email"))


# --- what the services promise


class TestLivingWorld(TestCase):
    """Three hundred orders of the newest two months, of a hundred customers: made once, read by all of these."""

    @classmethod
    def setUpTestData(cls):
        rows = []
        for i in range(300):
            at = datetime(2011, 12, 9, 9 + i % 7, 30, tzinfo=UTC) - timedelta(days=int(i**1.25 / 24))
            country = ("United Kingdom", "Germany", "EIRE", "USA", "Sweden")[i % 5]
            known = {"at": f"{at:%Y-%m-%d %H:%M}:00", "customer": 12400 + i % 100, "country": country}
            rows += [
                row(570000 - 2 * i, f"2{n}423", f"CHRISTMAS CAKE STAND {n}", n + 1, "12.75", **known) for n in range(3)
            ]
            if i % 9 == 0:
                rows.append(row(f"C{570000 - 2 * i + 1}", "20423", "CHRISTMAS CAKE STAND 0", -1, "12.75", **known))
        with TemporaryDirectory() as folder:
            world(Path(folder), *reversed(rows))

    def test_the_clock_is_behind_no_order(self):
        for clock in ShopClock.objects.all():
            newest = Order.objects.for_shop(clock.shop).order_by("-changed_at").first()
            assert clock.at >= newest.changed_at
            assert clock.mark >= newest.change_mark

    def test_marks_are_in_the_order_of_the_changes(self):
        for shop in Shop.objects.filter(base_shop=None):
            orders = Order.objects.for_shop(shop).order_by("changed_at", "id")
            marks = list(orders.values_list("change_mark", flat=True))
            assert marks == sorted(marks)
            assert len(set(marks)) == len(marks)

    def test_the_counters_tell_the_truth(self):
        truth = Counter()
        for order in Order.objects.all():
            own = order.fulfilment_own_status_id
            truth[order.shop_id, "fulfilment", f"own:{own}" if own else order.fulfilment_status] += 1
            truth[order.shop_id, "payment", order.payment_status] += 1

        counted = {(row.shop_id, row.kind, row.code): row.number_of_orders for row in StatusCount.objects.all()}
        assert {key: number for key, number in counted.items() if number} == truth

    def test_every_order_can_be_found(self):
        assert OrderSearchText.objects.count() == Order.objects.count()
        order = Order.objects.exclude(customer_name="").first()
        assert order.customer_email in order.search_text.text

    def test_the_version_is_the_number_of_acts_and_the_log_ends_with_it(self):
        for order in Order.objects.prefetch_related("log"):
            entries = list(order.log.all())
            assert order.version == len({entry.act for entry in entries})
            assert entries[0].version == order.version
            assert (entries[0].created_at, entries[0].actor) == (order.changed_at, order.changed_by)
            assert entries[-1].action == "order.placed"
            assert [e.created_at for e in entries] == sorted((e.created_at for e in entries), reverse=True)
            assert all(order.placed_at <= entry.created_at <= NOW for entry in entries)

    def test_the_last_status_change_in_the_log_is_the_status_of_the_order(self):
        changed = 0
        for order in Order.objects.prefetch_related("log"):
            for field in ("fulfilment_status", "payment_status"):
                entry = next((entry for entry in order.log.all() if field in entry.changes), None)
                if entry:
                    changed += 1
                    assert entry.changes[field]["new"] == getattr(order, field)
        assert changed > 300

    def test_the_invented_log_is_chained_and_tells_the_way_back(self):
        found = Verified()

        assert list(faults_in(OrderLogEntry.objects.all(), found)) == []
        assert found.number_unsealed == 0
        # Parcels and the moment of reading were made up with the order; their entries only name them.
        for entry in OrderLogEntry.objects.filter(action=LogAction.ORDER_PLACED).order_by("-pk")[:60]:
            assert {gap.action for gap in picture_at(entry).gaps} <= {
                LogAction.SHIPMENT_ADDED,
                LogAction.MESSAGE_READ,
            }

    def test_stored_money_adds_up(self):
        for order in Order.objects.prefetch_related("payments", "refunds"):
            paid = sum(payment.amount for payment in order.payments.all() if payment.state == PaymentState.PAID)
            assert order.paid_total == paid
            assert order.refunded_total == sum(refund.amount for refund in order.refunds.all())
            if order.payment_status == "paid":
                assert order.open_amount == 0

    def test_what_left_the_building_is_what_the_lines_say(self):
        for order in Order.objects.filter(fulfilment_status__in=["shipped", "delivered", "completed"]):
            lines = order.lines.filter(kind="physical", quantity__gt=0)
            if order.shipments.exists():
                assert all(line.quantity_shipped == line.quantity for line in lines)

    def test_the_shop_lives(self):
        statuses = set(Order.objects.values_list("fulfilment_status", flat=True))
        assert {
            "ready",
            "in_progress",
            "backordered",
            "shipped",
            "delivered",
            "completed",
            "aborted",
            "cancelled",
        } <= statuses
        assert {"paid", "open", "refunded", "awaiting"} <= set(Order.objects.values_list("payment_status", flat=True))
        assert Order.objects.exclude(customer_message="").filter(message_read_at=None).exists()
        assert Order.objects.exclude(folder=None).exists()
        assert Order.objects.exclude(internal_status=None).exists()
        assert Order.objects.filter(target_shop__number="12346", currency="GBP").exists()
        assert OrderLogEntry.objects.filter(actor="Tomas Dijkstra", action="fulfilment.changed").exists()

    def test_an_order_on_hold_says_why_and_goes_on_where_it_was(self):
        held = Order.objects.filter(fulfilment_status="on_hold", shop__number="12345").first()

        entry = held.log.get(action="order.held")
        assert held.hold_reason == "Adres klopt niet, klant gemaild."
        assert entry.changes["hold_reason"] == {"old": "", "new": held.hold_reason}
        assert entry.changes["status_before_hold"]["new"] == held.status_before_hold == "ready"

    def test_aborted_checkouts_have_no_payment(self):
        aborted = Order.objects.filter(fulfilment_status="aborted")
        assert aborted.exists()
        assert not aborted.exclude(payments=None).exists()

    def test_refunds_are_paid_out_or_still_to_be_paid_out(self):
        states = set(Order.objects.exclude(refunds=None).values_list("refunds__state", flat=True))
        assert states == {RefundState.PAID_OUT, RefundState.TO_PAY_OUT}

    def test_staff_of_the_demo_sleep_at_night(self):
        entries = OrderLogEntry.objects.filter(channel="web", order__shop__number="12345")
        acts = entries.values_list("created_at", flat=True)
        assert acts
        assert {at.astimezone(AMSTERDAM).hour for at in acts} <= set(range(8, 19))


# --- a shop that lives


def test_the_gift_shop_has_statuses_and_folders_of_its_own(tmp_path):
    world(tmp_path, row())

    own = ShopStatus.objects.filter(shop__number="12345")
    assert own.get(code="picking").stands_for == "in_progress"
    assert own.get(code="waiting-for-supplier").kind == "internal"
    assert own.get(is_builtin=True).name_nl == "Wacht op voorraad"
    for status in own:
        status.clean()
    assert Folder.objects.filter(shop__number="12345").count() == 4


def test_the_same_invoices_give_the_same_world(tmp_path):
    rows = [row(536370 + i, customer=17850 + i, at=f"2011-12-0{i + 1} 10:00:00") for i in range(9)]
    world(tmp_path, *rows)
    first = picture()
    forget_the_world()

    world(tmp_path, *rows)

    assert picture() == first


def picture():
    """All that can be seen of the orders."""
    orders = Order.objects.order_by("shop__number", "number").prefetch_related("payments", "shipments", "log")
    return [
        (
            *(
                str(value)
                for name, value in vars(order).items()
                if not name.startswith("_") and not name.endswith("id")
            ),
            [(p.amount, p.state, p.provider_reference, p.paid_at) for p in order.payments.all()],
            [(s.tracking_code, s.shipped_at) for s in order.shipments.all()],
            [(e.action, e.actor, e.created_at, e.act) for e in order.log.all()],
        )
        for order in orders
    ]


def forget_the_world():
    Order.objects.all().delete()
    StaffMember.objects.all().delete()
    User.objects.all().delete()
    Shop.objects.exclude(base_shop=None).delete()
    Shop.objects.all().delete()


# --- invented numbers


def test_a_customer_looks_the_same_in_every_order():
    assert customer_of("12345", "SE", 0.0) == customer_of("12345", "SE", 0.0)
    assert customer_of("12345", "SE", 0.0).name != customer_of("12346", "SE", 0.0).name


@pytest.mark.parametrize(
    ("computed", "known"),
    [
        (codes.luhn_digit("811218987"), "6"),
        (codes.mod10_digit("34012345123456789"[:17]), "5"),
        (codes.s10_digit("47312482"), "9"),
        (codes.ups_digit("999AA1012345678"[:15]), "4"),
        (codes.mod97_digits("539007547034"), "18"),
    ],
)
def test_check_digits_are_those_of_the_published_examples(computed, known):
    assert computed == known


def test_personal_numbers_are_right_and_of_nobody_alive():
    numbers = {customer_of(str(i), "SE", 0.0).personal_number for i in range(50)} - {""}

    assert numbers
    for number in numbers:
        digits = number.replace("-", "")
        assert digits.startswith("18")
        assert codes.luhn_digit(digits[2:11]) == digits[11]


# --- the command


def test_the_shipped_cut_holds_three_thousand_whole_invoices():
    file = InvoiceFile(CUT)

    assert (len(file), file.problems) == (3000, [])
    assert sum(1 for _row in file.rows()) == 76019


def test_the_command_says_what_it_made(tmp_path):
    said = StringIO()

    call_command("demo", file=CUT, orders=20, stdout=said)

    assert "20 invoices" in said.getvalue()
    assert "orders in" in said.getvalue()
    assert Order.objects.count() > 10


def test_the_command_leaves_a_shop_alone(shop):
    call_command("demo", if_empty=True)
    with pytest.raises(CommandError, match="There is a shop already"):
        call_command("demo")

    assert list(Shop.objects.all()) == [shop]


def test_production_refuses_the_demo(settings):
    settings.PRODUCTION = True

    with pytest.raises(CommandError, match="production"):
        call_command("demo")

    assert not Shop.objects.exists()


# --- office hours


@pytest.mark.parametrize(
    ("start", "hours", "moment"),
    [
        ((20, 9, 30), 2, (20, 11, 30)),
        ((20, 17, 0), 2, (21, 9, 0)),
        ((20, 21, 0), 1, (21, 9, 0)),
        ((20, 5, 0), 25, (22, 13, 0)),
    ],
)
def test_work_goes_on_the_next_morning(start, hours, moment):
    # Winter in Amsterdam is an hour ahead of UTC.
    day, hour, minute = start
    started = datetime(2026, 2, day, hour - 1, minute, tzinfo=UTC)

    done = after_work(started, timedelta(hours=hours), NOW, AMSTERDAM)

    assert done == datetime(2026, 2, moment[0], moment[1] - 1, moment[2], tzinfo=UTC)
    assert worked(started, done, AMSTERDAM) == timedelta(hours=hours)


def test_nothing_is_done_after_the_end():
    started = datetime(2026, 2, 20, 9, tzinfo=UTC)

    assert after_work(started, timedelta(hours=5), started + timedelta(hours=2), AMSTERDAM).hour == 11


def test_not_a_penny_of_the_real_invoices_is_lost(db):
    build(CUT, newest=150)
    file = InvoiceFile(CUT, newest=150)
    folded = {credit.name for credits in find_credits(file).values() for credit in credits}

    orders = {order.source_id: order for order in Order.objects.all()}
    compared = 0
    for invoice in file.invoices():
        if invoice.name not in folded:
            order = orders[invoice.name]
            kronor_to_the_pound = 13 if order.currency == "SEK" else 1
            figures = sum(
                line.quantity * (line.unit_price_incl if order.prices_include_vat else line.unit_price_ex)
                for line in order.lines.all()
            )
            costs = order.shipping_cost + order.payment_fee
            assert abs((figures + costs) / kronor_to_the_pound - invoice.amount) < Decimal("0.01"), invoice.name
            compared += 1
    assert compared == 150 - len(folded)
