"""Each way to get a call wrong has its own answer, and none of them holds a key."""

import base64
import hashlib
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.utils import timezone

from backoffice.tests.factories import make_shop
from orderpull.models import PullCall, PullPartner
from orderpull.services import issue_rpc_id, rotate_key
from orderpull.tester import examine
from orderpull.tests.client import KEY, Erp, open_pull, sign

pytestmark = pytest.mark.django_db
TIME = "20260322090000"
WRITTEN = "2026-03-22 09:00:00"
OLD = "the-key-before"


@pytest.fixture
def settings(shop):
    return open_pull(shop, previous_key=OLD, previous_key_until=timezone.now() - timedelta(days=1))


def parts(shop, **changes):
    """A right call; `sign_…` replaces a part only where it is signed, everything else where it is sent."""
    rpc_id = issue_rpc_id(shop, at=timezone.now())
    signed = {"shop": shop.number, "change_time": TIME, "rpc_id": rpc_id, "key": KEY}
    signed |= {name.removeprefix("sign_"): value for name, value in changes.items() if name.startswith("sign_")}
    sent = {"shop": shop.number, "change_time": TIME, "rpc_id": rpc_id, "pk": sign(*signed.values())}
    return sent | {name: value for name, value in changes.items() if not name.startswith("sign_")}


def address(sent, path="/RPC/orders/list"):
    return f"https://backoffice.example{path}?{urlencode(sent)}"


def wrong_with(text, shop, settings):
    findings = examine(text, shop=shop, settings=settings, at=timezone.now())
    for finding in findings:
        assert KEY not in finding.text
        assert OLD not in finding.text
    return [(finding.part, finding.text) for finding in findings if finding.kind == "bad"]


def test_with_a_right_call_nothing_is_wrong(shop, settings):
    assert wrong_with(address(parts(shop)), shop, settings) == []
    assert wrong_with(f"https://x.example/RPC/id?shop={shop.number}", shop, settings) == []


def hashed(name, *, encode=lambda digest: digest.hex()):
    return lambda sent: {"pk": encode(hashlib.new(name, joined(sent).encode()).digest())}


def joined(sent, mark=""):
    return mark.join([sent["shop"], sent["change_time"], sent["rpc_id"], KEY])


BROKEN = {
    "upper case": (lambda sent: {"pk": sent["pk"].upper()}, "pk", "in upper case"),
    "order": (lambda sent: {"pk": sign(KEY, sent["shop"], TIME, sent["rpc_id"])}, "pk", "the wrong order"),
    "old key": (lambda sent: {"pk": sign("12345", TIME, sent["rpc_id"], OLD)}, "pk", "the key before"),
    "unknown key": (lambda sent: {"pk": sign("12345", TIME, sent["rpc_id"], "?")}, "pk", "fits none of the keys"),
    "partner's rule": (lambda sent: {"pk": sign("12345", TIME, KEY, sent["rpc_id"])}, "pk", "wrong order|rule"),
    "md5": (hashed("md5"), "pk", "made with MD5"),
    "sha256": (hashed("sha256"), "pk", "made with SHA256"),
    "base64": (hashed("sha1", encode=lambda digest: base64.b64encode(digest).decode()), "pk", "Base64"),
    "twice": (lambda sent: {"pk": sign(sent["pk"])}, "pk", "SHA-1 of a SHA-1"),
    "other time sent": (lambda sent: {"change_time": "20260322090001"}, "pk", "changed after signing"),
    "other zone": (lambda sent: {"change_time": "20260322100000"}, "pk", "another time zone"),
    "written time": (lambda sent: {"pk": sign("12345", WRITTEN, sent["rpc_id"], KEY)}, "pk", "another form"),
    "line end": (lambda sent: {"pk": sign("12345", TIME, sent["rpc_id"], KEY, "\n")}, "pk", "invisible character"),
    "key in capitals": (lambda sent: {"pk": sign("12345", TIME, sent["rpc_id"], KEY.upper())}, "pk", "upper and lower"),
    "quoted key": (lambda sent: {"pk": sign("12345", TIME, sent["rpc_id"], f'"{KEY}"')}, "pk", "quotation marks"),
    "joined": (lambda sent: {"pk": sign(joined(sent, "&"))}, "pk", "between the parts"),
    "no key": (lambda sent: {"pk": sign("12345", TIME, sent["rpc_id"])}, "pk", "without the key"),
    "no id": (lambda sent: {"pk": sign("12345", TIME, KEY)}, "pk", "without rpc_id"),
    "cut off": (lambda sent: {"pk": sent["pk"][:39]}, "pk", "39 digits"),
    "no signature": (lambda sent: {"pk": "hello"}, "pk", "not 40 hexadecimal"),
    "pk missing": (lambda sent: {"pk": ""}, "pk", "missing"),
    "shop missing": (lambda sent: {"shop": ""}, "shop", "missing"),
    "other shop": (lambda sent: {"shop": "54321"}, "shop", "not the number of this shop"),
    "leading 0": (lambda sent: {"shop": "012345"}, "shop", "a 0 in front"),
    "time missing": (lambda sent: {"change_time": ""}, "change_time", "missing"),
    "time short": (lambda sent: {"change_time": "2026032209000"}, "change_time", "13 characters"),
    "no such day": (lambda sent: {"change_time": "20260230090000"}, "change_time", "no date"),
    "time and order": (lambda sent: {"order_id": "12345_00001"}, "change_time", "both"),
    "id missing": (lambda sent: {"rpc_id": ""}, "rpc_id", "missing"),
    "id form": (lambda sent: {"rpc_id": "12"}, "rpc_id", "ten digits"),
    "id unknown": (lambda sent: {"rpc_id": "1234567890"}, "rpc_id", "never given"),
    "name in capitals": (lambda sent: {"PK": "x"}, "PK", "is called pk"),
    "partner unknown": (lambda sent: {"partner": "nobody"}, "partner", "no partner of this name"),
}


@pytest.mark.parametrize(("change", "part", "words"), BROKEN.values(), ids=BROKEN)
def test_each_broken_call_gets_its_own_diagnosis(shop, settings, change, part, words):
    sent = parts(shop)

    found = wrong_with(address(sent | change(sent)), shop, settings)

    texts = [text for where, text in found if where == part]
    assert len(texts) == 1, found
    assert any(word in texts[0] for word in words.split("|")), texts


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("https://x.example/rpc/orders/list?shop=12345", "written exactly so"),
        ("https://x.example/RPC/orders/list/?shop=12345", "written exactly so"),
        ("https://x.example/RPC/order?shop=12345", "no such address"),
        ("https://x.example/RPC/orders/update", "by POST"),
        ("https://x.example/RPC/orders/list?shop=12345&amp;pk=x", "encoded"),
        ("https://x.example/RPC/orders/list?shop=1&shop=2", "twice"),
        ("nonsense", "no such address"),
        ("https://[", "no such address"),
    ],
)
def test_an_address_that_is_wrong_is_named(shop, settings, text, words):
    assert any(words in found for _part, found in wrong_with(text, shop, settings))


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
@pytest.mark.parametrize("moment", ["00010101000000", "99991231235959"])
def test_the_ends_of_all_time_are_no_fault(zone, moment):
    shop = make_shop("70002", time_zone=zone)
    settings = open_pull(shop)

    assert wrong_with(address(Erp("70002").call(moment)), shop, settings) == []


def test_an_id_for_a_target_shop_is_not_the_base_shops(shop, settings):
    target = make_shop("12346", base_shop=shop)
    foreign = issue_rpc_id(target, at=timezone.now())

    found = wrong_with(address(parts(shop, rpc_id=foreign, sign_rpc_id=foreign)), shop, settings)

    assert [part for part, _text in found] == ["rpc_id"]


def test_an_id_of_another_shop_tells_nothing_of_it(shop, other_shop, settings):
    foreign = issue_rpc_id(other_shop, at=timezone.now())

    [(_part, text)] = wrong_with(address(parts(shop, rpc_id=foreign, sign_rpc_id=foreign)), shop, settings)

    assert "54321" not in text


def test_another_id_than_the_one_signed_is_found(shop, settings):
    other = issue_rpc_id(shop, at=timezone.now())

    [(part, text)] = wrong_with(address(parts(shop, sign_rpc_id=other)), shop, settings)

    assert (part, text) == ("pk", "pk was made with another rpc_id than the one sent.")


def test_a_partners_call_is_examined_by_the_partners_rule(shop, settings):
    PullPartner.objects.create(settings=settings, name="demo_partner", key="PKEY")
    sent = parts(shop, partner="demo_partner", module="orders_get")

    def wrong(*signed, **changes):
        return wrong_with(address(sent | {"pk": sign(*signed)} | changes), shop, settings)

    right = ["12345", TIME, "PKEY", "demo_partner", "orders_get", sent["rpc_id"]]
    assert wrong(*right) == []
    assert wrong(*right, module="orders")[0][0] == "module"
    assert "own key" in wrong("12345", TIME, KEY, "demo_partner", "orders_get", sent["rpc_id"])[0][1]
    assert "rule" in wrong("12345", TIME, sent["rpc_id"], "PKEY")[0][1]


def test_pull_that_is_off_is_said_first(shop):
    settings = open_pull(shop, is_on=False)

    assert wrong_with(address(parts(shop)), shop, settings)[0] == ("Settings", "Order pull is off")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda sent: {"pk": sent["pk"].upper()}, "pk_upper_case"),
        (lambda sent: {"pk": sign(KEY, "12345", TIME, sent["rpc_id"])}, "pk_order"),
        (lambda sent: {"pk": "x"}, "pk_form"),
        (lambda sent: {"pk": "0" * 40}, "pk_unknown"),
        (lambda sent: {"change_time": "2026032209000"}, "change_time_form"),
        (lambda sent: {"change_time": "20260230090000"}, "change_time_date"),
        (lambda sent: {"rpc_id": "12"}, "rpc_id_form"),
    ],
)
def test_the_call_log_says_the_commonest_by_itself(shop, settings, change, reason):
    sent = parts(shop)

    Erp().get("orders/list", sent | change(sent))

    assert PullCall.objects.get().reason == reason
    assert PullCall.objects.get().reason_in_words.endswith(".")


def test_a_replaced_key_is_named_in_the_log(shop, actor):
    open_pull(shop)
    rotate_key(shop, by=actor, is_overlapping=False)

    Erp().list()

    assert PullCall.objects.filter(step="list").get().reason == "pk_old_key"
