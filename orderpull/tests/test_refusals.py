from collections import Counter
from contextlib import contextmanager
from datetime import timedelta
from importlib import import_module
from urllib.parse import urlencode

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from lxml import etree

from backoffice.tests.factories import make_shop
from orderpull.models import PullCall, PullSettings, RpcId
from orderpull.services import FAILURES_ALLOWED, IDS_ALLOWED, open_demo_shops
from orderpull.tests.client import KEY, Erp, body_of, open_pull
from orders.exports.xml import SCHEMA
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db
REFUSAL = b'<?xml version="1.0" encoding="UTF-8"?>\n<error>invalid request</error>\n'
CANARY = "<script>canary</script>"


@pytest.fixture
def erp(shop):
    open_pull(shop)
    make_order(shop)
    return Erp()


def assert_refused(response, status):
    assert response.status_code == status
    assert body_of(response) == REFUSAL
    assert "invalid request" in etree.fromstring(REFUSAL).text
    assert response["Content-Type"] == "text/xml; charset=UTF-8"
    assert not response.cookies
    assert "Location" not in response


LIST = "shop=12345&change_time=20000101000000&rpc_id={id}&pk={pk}"
ODD_LISTS = {
    "": 400,
    "&&&&": 400,
    "%": 400,
    "shop": 400,
    "shop=12345": 400,
    "shop=12345&pk={pk}": 400,
    "shop=99999&change_time=20000101000000&rpc_id={id}&pk={pk}": 403,
    "SHOP=12345&change_time=20000101000000&rpc_id={id}&pk={pk}": 400,
    "shop=012345&change_time=20000101000000&rpc_id={id}&pk={pk}": 400,
    "shop=-12345&change_time=20000101000000&rpc_id={id}&pk={pk}": 400,
    "shop=1234520000101&change_time=000000&rpc_id={id}&pk={pk}": 400,
    "shop=1234&change_time=52000010100000&rpc_id={id}&pk={pk}": 403,
    "shop=12345&change_time=20000101000001&rpc_id={id}&pk={pk}": 403,
    "shop=12345&change_time=2000010100000&rpc_id={id}&pk={pk}": 400,
    "shop=12345&change_time=20000101000000%0a&rpc_id={id}&pk={pk}": 400,
    "shop=12345&change_time=20001301000000&rpc_id={id}&pk={pk}": 400,
    "shop=12345&change_time=%D9%A2%D9%A0000101000000&rpc_id={id}&pk={pk}": 400,
    "shop=12345&change_time=20000101000000&rpc_id=0000000000&pk={pk}": 403,
    "shop=12345&change_time=20000101000000&rpc_id={id}x&pk={pk}": 400,
    "shop=12345&change_time=20000101000000&rpc_id=%2B{id}&pk={pk}": 400,
    "shop=12345&change_time=20000101000000&rpc_id={id}&pk={pk}&pk={pk}": 400,
    "shop=12345&change_time=20000101000000&rpc_id={id}&pk=": 400,
    "shop=12345&change_time=20000101000000&rpc_id={id}&pk={PK}": 403,
    "shop=12345&change_time=20000101000000&rpc_id={id}&pk={pk}0": 403,
    "shop=12345&change_time=20000101000000&rpc_id={id}&pk=+{pk}": 403,
    "shop=12345&change_time=20000101000000&rpc_id={id}&pk=%C3%A9": 403,
    "shop=12345&change_time=20000101000000&rpc_id={id}&pk=%FF": 400,
    "shop=12345&change_time=20000101000000&rpc_id={id}&pk=%00": 400,
    "shop=12345&change_time=20000101000000&rpc_id={id}&pk=\xe9": 400,
    "shop=12345&change_time=20000101000000&rpc_id={id}&pk=' OR '1'='1": 403,
    "shop=12345&change_time=20000101000000&rpc_id={id}&pk=<script>canary</script>": 403,
    "shop=12345&change_time=20000101000000&rpc_id={id}&partner=<script>canary</script>&pk={pk}": 403,
    "shop=12345&change_time=20000101000000&rpc_id={id}&partner=&module=orders_get&pk={pk}": 403,
    "shop=12345&change_time=20000101000000&order_id=12345_00001&rpc_id={id}&pk={pk}": 400,
    "shop=12345&order_id=12345_00001&rpc_id={id}&pk={pk}": 403,
    "shop=12345&order_id=12345_99999999999999999999&rpc_id={id}&pk={pk}": 400,
    "shop=12345&" + "a=1&" * 9000: 400,
    "shop=" + "1" * 3000: 400,
}


@pytest.mark.parametrize(("query", "status"), ODD_LISTS.items(), ids=lambda value: ascii(value)[:60])
def test_t1_t2_t3_odd_calls_get_the_one_refusal(erp, query, status):
    good = erp.call("20000101000000")

    response = erp.get("orders/list", query.format(id=good["rpc_id"], pk=good["pk"], PK=good["pk"].upper()))

    assert_refused(response, status)
    assert erp.get("orders/list", good).status_code == 200  # so it was the oddity that was refused


@pytest.mark.parametrize(
    ("query", "status"),
    [("", 400), ("shop=", 400), ("shop=99999", 403), ("shop=x", 400), ("shop=12345&shop=12345", 400)],
)
def test_an_id_is_refused(erp, query, status):
    assert_refused(erp.get("id", query), status)
    assert not RpcId.objects.exists()


@pytest.mark.parametrize("path", ["", "id/", "ID", "orders", "orders/list/", "orders/updates", "a%0Ab", "%00", "../x"])
def test_unknown_addresses_get_the_one_refusal(erp, path):
    assert_refused(erp.get(path, {"shop": "12345"}), 400)


def test_the_root_is_refused_too_and_asks_for_no_slash(erp):
    assert_refused(erp.http.get("/RPC?shop=12345"), 400)
    assert_refused(erp.http.post("/RPC", {"shop": "12345"}), 400)


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch", "options", "trace"])
def test_the_schema_is_only_read(method):
    response = getattr(Client(), method)("/RPC/orders.xsd")

    assert_refused(response, 405)
    assert response["Allow"] == "GET, HEAD"


def test_the_schema_is_given_and_head_tells_how_long_it_is():
    given, told = Client().get("/RPC/orders.xsd"), Client().head("/RPC/orders.xsd")

    assert body_of(given) == SCHEMA.read_bytes()
    assert (told.status_code, body_of(told)) == (200, b"")
    for name in ("Content-Type", "Content-Length"):
        assert told[name] == given[name]


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch", "options", "trace"])
def test_other_methods_get_the_one_refusal(erp, method):
    assert_refused(erp.get("orders/list", erp.call("20000101000000"), method=method), 400)


@pytest.mark.parametrize(
    ("query", "method", "reason"),
    [
        ("shop=12345", "post", "method"),
        ("shop=12345&pk=%ff", "get", "encoding"),
        ("shop=12345&pk=a&pk=b", "get", "twice"),
        ("shop=12345&shop=12345", "get", "twice"),
        ("shop=12345&pk=%0a", "get", "control_character"),
        ("shop=12345" + "&a=1" * 3_000, "get", "too_many_parameters"),
    ],
)
def test_a_shop_reads_in_its_log_of_calls_that_cannot_be_read(erp, shop, query, method, reason):
    assert_refused(erp.get("orders/list", query, method=method), 400)

    (call,) = PullCall.objects.for_shop(shop)
    assert (call.outcome, call.reason) == ("malformed", reason)


@pytest.mark.parametrize("query", ["shop=12345&shop=54321", "shop=0&pk=%ff", "pk=%ff", "shop=99999&pk=%ff"])
def test_calls_that_name_no_shop_or_two_are_in_nobodys_log(erp, other_shop, query):
    open_pull(other_shop)

    assert_refused(erp.get("orders/list", query), 400)

    assert not PullCall.objects.exists()


def test_t4_calls_that_cannot_be_read_are_counted_too(erp, time_machine):
    time_machine.move_to("2026-03-22T11:00:00Z", tick=False)

    answers = [erp.get("orders/list", "shop=12345&pk=%ff").status_code for _ in range(FAILURES_ALLOWED + 2)]

    assert answers == [400] * FAILURES_ALLOWED + [429] * 2
    assert PullCall.objects.count() == FAILURES_ALLOWED + 1


def test_a_shop_whose_pull_is_off_is_refused_like_an_unknown_one(shop):
    make_order(shop)
    before = Erp().get("id", {"shop": "12345"})
    open_pull(shop, is_on=False)

    assert_refused(before, 403)
    assert_refused(Erp().get("id", {"shop": "12345"}), 403)
    assert {call.outcome for call in PullCall.objects.all()} == {"pull_off"}


def test_t5_only_the_socket_address_counts(shop):
    open_pull(shop, allowed_addresses="192.0.2.0/24\n2001:db8::7")

    def status(address, **headers):
        return Erp(REMOTE_ADDR=address, **headers).get("id", {"shop": "12345"}).status_code

    assert [status("192.0.2.9"), status("2001:db8::7"), status("::ffff:192.0.2.9")] == [200, 200, 200]
    assert status("198.51.100.1") == 403
    assert status("") == 403
    assert status("fe80::1%eth0") == 403
    for header in ("X_FORWARDED_FOR", "FORWARDED", "X_REAL_IP", "CLIENT_IP", "TRUE_CLIENT_IP", "X_CLIENT_IP"):
        assert status("198.51.100.1", **{f"HTTP_{header}": "192.0.2.9"}) == 403
    assert PullCall.objects.filter(outcome="address_not_allowed").count() == 9


def test_t4_guessing_is_stopped_for_that_address_alone(erp, shop, time_machine):
    time_machine.move_to("2026-03-22T11:00:00Z", tick=False)
    good = erp.call("20000101000000")
    guesser = Erp(REMOTE_ADDR="198.51.100.1")
    parameters = good | {"pk": "0" * 40}

    answers = [guesser.get("orders/list", parameters) for _ in range(FAILURES_ALLOWED * 2)]

    assert [each.status_code for each in answers] == [403] * FAILURES_ALLOWED + [429] * FAILURES_ALLOWED
    assert_refused(answers[-1], 429)
    assert int(answers[-1]["Retry-After"]) == 60
    assert guesser.get("orders/list", good).status_code == 429
    assert erp.get("orders/list", good).status_code == 200
    assert PullCall.objects.filter(outcome="too_many").count() == 1

    time_machine.shift(61)
    assert guesser.list().status_code == 200


# Who may not enter, and how they come to it; {word: what is done to the shop or its call}.
REFUSED = {
    "wrong key": {},
    "id never given": {"rpc_id": "1111111111"},
    "id of another shop": {"rpc_id": "2222222222"},
    "old id": {"rpc_id": "3333333333"},
    "unknown shop": {"shop": "99999"},
    "shop that is never pulled": {"shop": "54321"},
    "pull is off": {"is_on": False},
    "address not allowed": {"allowed_addresses": "192.0.2.1"},
    "updates are off": {"accepts_updates": False},
}
REFUSED_PARTNER = REFUSED | {"unknown partner": {"partner": "nobody"}, "wrong module": {"module": "orders_got"}}


@pytest.mark.parametrize("kind", ["list", "count", "update"])
@pytest.mark.parametrize("edition", ["own key", "partner"])
def test_whatever_a_signed_call_is_refused_for_as_much_is_worked_out(shop, other_shop, monkeypatch, kind, edition):
    """So that the time it takes tells no shop, no partner and no setting."""
    settings, now = open_pull(shop), timezone.now()
    settings.partners.create(name="nelis", key="geheim-2")
    for digits, of, age in [("2222222222", other_shop, 0), ("3333333333", shop, 200), ("4444444444", shop, 0)]:
        RpcId.objects.create(digits=digits, shop=of, issued_at=now - timedelta(seconds=age))
    work, partner = Work(monkeypatch), {"partner": "nelis", "module": f"orders_{'get' if kind == 'list' else kind}"}

    done = {}
    for name, change in (REFUSED if edition == "own key" else REFUSED_PARTNER).items():
        PullSettings.objects.update(**SETTINGS | {field: change[field] for field in SETTINGS if field in change})
        sent = {"shop": "12345", "rpc_id": "4444444444", "pk": "0" * 40, **(partner if edition == "partner" else {})}
        sent |= {field: value for field, value in change.items() if field not in SETTINGS}
        with work.counted() as done[name]:
            response = call_of(kind, sent)
        assert_refused(response, 403)

    assert done["wrong key"]["digests"] > 20
    assert done == dict.fromkeys(done, done["wrong key"])


SETTINGS = {"is_on": True, "allowed_addresses": "", "accepts_updates": True}


def call_of(kind, sent):
    if kind == "update":
        form = "application/x-www-form-urlencoded"
        return Client().post(
            "/RPC/orders/update", urlencode(sent | {"order_id": "12345_00001", "note": "x"}), content_type=form
        )
    return Client().get(f"/RPC/orders/{kind}", sent | {"change_time": "20000101000000"})


class Work:
    """What is worked out to judge a signature, as the standard library and the database see it."""

    def __init__(self, monkeypatch):
        self.number = Counter()
        for place, name, what in [
            ("hashlib", "sha1", "digests"),
            ("orderpull.calls", "compare_digest", "compares"),
            ("orderpull.diagnosis", "compare_digest", "compares"),
        ]:
            self.count(monkeypatch, place, name, what)

    def count(self, monkeypatch, place, name, what):
        real = getattr(import_module(place), name)

        def counting(*args, **kwargs):
            self.number[what] += 1
            return real(*args, **kwargs)

        monkeypatch.setattr(f"{place}.{name}", counting)

    @contextmanager
    def counted(self):
        self.number.clear()
        done = {}
        with CaptureQueriesContext(connection) as queries:
            yield done
        done |= self.number
        done["questions"] = sum(query["sql"].startswith("SELECT") for query in queries)


def test_ids_are_given_out_at_a_human_pace(erp):
    statuses = {erp.get("id", {"shop": "12345"}).status_code for _ in range(IDS_ALLOWED)}

    assert statuses == {200}
    assert_refused(erp.get("id", {"shop": "12345"}), 429)
    assert RpcId.objects.count() == IDS_ALLOWED


def test_a_busy_database_is_told_as_xml(erp, shop, monkeypatch):
    parameters = erp.call("20000101000000")

    def locked(shop):
        raise OperationalError("database is locked")

    monkeypatch.setattr("orderpull.services.answers.settle_clock", locked)
    response = erp.get("orders/list", parameters)

    assert (response.status_code, response["Retry-After"]) == (503, "10")
    assert etree.fromstring(response.content).text.startswith("busy")


def test_no_call_sets_a_cookie_or_says_what_was_wrong(erp):
    for response in (erp.list(), erp.list(pk=CANARY), erp.get("id", {"shop": CANARY})):
        assert not response.cookies
        assert b"canary" not in body_of(response)


def test_t7_the_key_is_encrypted_and_never_told(erp, shop, capfd, caplog):
    erp.list()
    erp.list(pk="0" * 40)
    body = body_of(erp.list())

    captured = capfd.readouterr()
    log = "".join(str(vars(call)) for call in PullCall.objects.all())
    for told in (body.decode(), captured.out, captured.err, caplog.text, log, repr(shop.pull_settings)):
        assert KEY not in told
    with connection.cursor() as cursor:
        cursor.execute("SELECT key FROM orderpull_pullsettings")
        (stored,) = cursor.fetchone()
    assert KEY not in stored
    assert PullSettings.objects.get().key == KEY


def test_a_shop_without_a_key_cannot_be_opened(shop):
    settings = PullSettings(shop=shop, is_on=True)

    with pytest.raises(ValidationError):
        settings.full_clean()
    with pytest.raises(IntegrityError):
        settings.save()


def test_the_demos_shops_have_their_known_keys(shop, other_shop):
    closed = make_shop("77700")

    open_demo_shops({"12345": shop, "54321": other_shop, "77700": closed})

    assert Erp(key="demo-private-key-12345").list().status_code == 200
    assert Erp("54321", key="demo-private-key-54321").list().status_code == 200
    assert_refused(Erp("77700").get("id", {"shop": "77700"}), 403)
