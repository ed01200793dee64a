"""More than four hundred odd calls, each with the answer it must get: well-formed, of the right status, never a 5xx,
repeating nothing of what was sent, and the same text whatever was wrong."""

from itertools import chain, product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from orderpull.models import PullCall, PullPartner, RpcId
from orderpull.tests.client import Erp, body_of, open_pull
from orders.models import Order
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db
REFUSAL = b'<?xml version="1.0" encoding="UTF-8"?>\n<error>invalid request</error>\n'
CANARY = "Zq7Canary"
MALFORMED, REFUSED = 400, 403

# Values that are no value of any parameter: wrong in form wherever they stand.
NONSENSE = {
    "empty": "",
    "blank": "+",
    "text": CANARY,
    "minus": "-1",
    "plus": "%2B1",
    "zero": "0",
    "float": "1.5",
    "exponent": "1e9",
    "hexadecimal": "0x10",
    "huge": "9" * 400,
    "nul": "%00",
    "line end": "%0A",
    "carriage return": "1%0D",
    "tab": "%09",
    "escape": "%1B",
    "delete": "%7F",
    "not utf-8": "%FF%FE",
    "half a character": "%C3",
    "surrogate": "%ED%A0%80",
    "overlong": "%C0%80",
    "arabic digits": "%D9%A1%D9%A2%D9%A3%D9%A4%D9%A5",
    "fullwidth digits": "%EF%BC%91%EF%BC%92%EF%BC%93%EF%BC%94%EF%BC%95",
    "superscript": "%C2%B2",
    "bidi": "%E2%80%AE12345",
    "zero width": "12345%E2%80%8B",
    "no-break space": "12345%C2%A0",
    "quote": "'",
    "double quote": "%22",
    "sql": "1'+OR+'1'='1",
    "comment": "1--",
    "union": "1+UNION+SELECT+key+FROM+orderpull_pullsettings",
    "script": f"%3Cscript%3E{CANARY}%3C/script%3E",
    "entity": "%26lt;",
    "cdata": "%5D%5D%3E",
    "xxe": "%3C!DOCTYPE+x%3E",
    "path": "../../../etc/passwd",
    "url": "http://127.0.0.1/",
    "template": "%7B%7B7*7%7D%7D",
    "format": "%25s%25n",
    "json": "%7B%22a%22:1%7D",
    "array": "%5B%5D",
    "true": "true",
    "null": "null",
    "nan": "NaN",
}
PARAMETERS = ("shop", "change_time", "order_id", "rpc_id")
# A pk, a partner and a module have the form of a text: refused as any other that does not fit. There too control
# characters and what is no text are malformed.
UNREADABLE = {
    "nul", "line end", "carriage return", "tab", "escape", "delete", "not utf-8", "half a character",
    "surrogate", "overlong",
}  # fmt: skip
# What has the form of a shop number or could be one.
SHOPS = {
    "unknown": ("99999", REFUSED),
    "one digit": ("1", REFUSED),
    "twelve digits": ("999999999999", REFUSED),
    "thirteen digits": ("9999999999999", MALFORMED),
    "leading zero": ("012345", MALFORMED),
    "behind": ("12345x", MALFORMED),
    "before": ("x12345", MALFORMED),
    "blank behind": ("12345+", MALFORMED),
    "two": ("12345,54321", MALFORMED),
    "another shop": ("54321", REFUSED),
}
TIMES = [
    "2026", "20260322", "202603220900", "2026032209000", "202603220900000", "20261322090000", "20260022090000",
    "20260232090000", "20260300090000", "20260322240000", "20260322096000", "20260322090060", "20230229090000",
    "00000322090000", "2026-03-22T09:00", "2026-03-22+09:00:00", "20260322T090000", "1774170000", "now",
    "20260322090000Z", "+20260322090000", "20260322090000+", "20260322 09000", "２０２６0322090000",
]  # fmt: skip
ORDER_IDS = [
    "12345", "_00012", "12345_", "12345_12", "12345-00012", "12345_000012", "12345_0001x", "012345_00012",
    "12345_-0012", "12345_99999999999999999999", "12345__00012", "12345_00012_1", "00012", "12345_%20012",
]  # fmt: skip
RPC_IDS = ["1", "123456789", "12345678901", "123456789a", "+123456789", "12345 6789", "1234567890%20"]
SIGNATURES = {
    "zeros": "0" * 40, "short": "0" * 39, "long": "0" * 41, "very long": "0" * 4000, "upper": "{PK}", "spaced": "+{pk}",
    "spaced behind": "{pk}+", "doubled": "{pk}{pk}", "prefixed": "sha1:{pk}", "hex": "0x{pk}", "reversed": "{kp}",
}  # fmt: skip
RIGHT = "shop=12345&change_time=20000101000000&rpc_id={id}&pk={pk}"
WHOLE = {
    "nothing": ("", MALFORMED),
    "question mark": ("?", MALFORMED),
    "ampersands": ("&" * 15, MALFORMED),
    "very many ampersands": ("&" * 9000, MALFORMED),
    "percent": ("%", MALFORMED),
    "no values": ("shop&pk&change_time&rpc_id", MALFORMED),
    "equals": ("=" * 50, MALFORMED),
    "semicolons": ("shop=12345;change_time=20000101000000;rpc_id={id};pk={pk}", MALFORMED),
    "escaped ampersands": ("shop=12345%26change_time=20000101000000%26rpc_id={id}%26pk={pk}", MALFORMED),
    "html ampersands": ("shop=12345&amp;change_time=20000101000000&amp;rpc_id={id}&amp;pk={pk}", MALFORMED),
    "names in capitals": ("SHOP=12345&CHANGE_TIME=20000101000000&RPC_ID={id}&PK={pk}", MALFORMED),
    "arrays": ("shop[]=12345&change_time[]=20000101000000&rpc_id[]={id}&pk[]={pk}", MALFORMED),
    "json": ('{{"shop":"12345"}}', MALFORMED),
    "raw bytes": ("shop=12345\xe9", MALFORMED),
    "twenty-one": ("&".join(["shop=12345", *(f"a{n}=1" for n in range(20))]), MALFORMED),
    "time and order": ("shop=12345&change_time=20000101000000&order_id=12345_00001&rpc_id={id}&pk={pk}", MALFORMED),
    "partner unknown": (
        "shop=12345&change_time=20000101000000&rpc_id={id}&pk={pk}&partner=x&module=orders_get",
        REFUSED,
    ),
    "partner empty": ("shop=12345&change_time=20000101000000&rpc_id={id}&pk={pk}&partner=&module=orders_get", REFUSED),
    "partner with shop's signature": (
        "shop=12345&change_time=20000101000000&rpc_id={id}&pk={pk}&partner=demo&module=orders_get",
        REFUSED,
    ),
    "module wrong": ("shop=12345&change_time=20000101000000&rpc_id={id}&pk={pk}&partner=demo&module=x", REFUSED),
    "module missing": ("shop=12345&change_time=20000101000000&rpc_id={id}&pk={pk}&partner=demo", REFUSED),
    "order signed as time": ("shop=12345&order_id=12345_00001&rpc_id={id}&pk={pk}", REFUSED),
    "digits moved to the shop": ("shop=1234520000101&change_time=000000&rpc_id={id}&pk={pk}", MALFORMED),
    "digits moved to the time": ("shop=1234&change_time=52000010100000&rpc_id={id}&pk={pk}", REFUSED),
}
ADDRESSES = [
    "", "id/", "ID", "Id", "id.xml", "id%00", "id%0A", "%69d/", "orders", "orders/", "orders/list/", "orders/List",
    "orders/lists", "orders//list", "orders/list.xml", "orders/list%20", "orders/list;x=1", "orders/%2e%2e/id/",
    "../admin/", "orders/count/", "orders/update/", "orders/updates", "a%0Ab", "%00", "%FF", "é", "s/12345/",
    "x" * 2000,
]  # fmt: skip
METHODS = ["post", "put", "delete", "patch", "options", "trace"]


def good(**changes):
    parameters = {"shop": "12345", "change_time": "20000101000000", "rpc_id": "{id}", "pk": "{pk}"} | changes
    return "&".join(f"{name}={value}" for name, value in parameters.items())


def nonsense():
    """(name, address, query, status): each nonsense as each parameter; {id}, {pk} stand for those of a right call."""
    for address, parameter, (name, value) in product(("orders/list", "orders/count"), PARAMETERS, NONSENSE.items()):
        query = good(**{parameter: value})
        if parameter == "order_id":
            query = query.replace("change_time=20000101000000&", "")
        yield f"{address} {parameter} {name}", address, query, MALFORMED
    for name, value in NONSENSE.items():
        status = MALFORMED if name in UNREADABLE or name == "empty" else REFUSED
        yield f"pk {name}", "orders/list", good(pk=value), status
        status = MALFORMED if name in UNREADABLE else REFUSED
        yield f"partner {name}", "orders/list", good(partner=value, module="orders_get"), status
        yield f"module {name}", "orders/count", good(partner="demo", module=value), status
        yield f"id {name}", "id", f"shop={value}", MALFORMED


def near_misses():
    """(name, address, query, status) of what is almost right."""
    for name, (value, status) in SHOPS.items():
        yield f"shop {name}", "orders/list", good(shop=value), status
        yield f"id for {name}", "id", f"shop={value}", status
    for value in TIMES:
        yield f"time {value!a}", "orders/list", good(change_time=value), MALFORMED
    for value in ORDER_IDS:
        yield f"order {value}", "orders/list", f"shop=12345&order_id={value}&rpc_id={{id}}&pk={{pk}}", MALFORMED
    for value in RPC_IDS:
        yield f"rpc_id {value}", "orders/list", good(rpc_id=value), MALFORMED
    for name, value in SIGNATURES.items():
        yield f"signature {name}", "orders/list", good(pk=value), REFUSED
    for name in ("shop", "change_time", "rpc_id", "pk"):
        without = "&".join(part for part in good().split("&") if not part.startswith(f"{name}="))
        yield f"without {name}", "orders/list", without, MALFORMED
        yield f"{name} twice", "orders/list", f"{good()}&{name}=1", MALFORMED


def whole_calls():
    """(name, address, query, status) of calls that are odd as a whole."""
    for name, (query, status) in WHOLE.items():
        yield f"whole {name}", "orders/list", query, status
    for address in ADDRESSES:
        yield f"address {ascii(address)[:30]}", address, good(), MALFORMED


ODD = {name: call for name, *call in chain(nonsense(), near_misses(), whole_calls())}


@pytest.fixture
def erp(shop, other_shop):
    PullPartner.objects.create(settings=open_pull(shop), name="demo", key="PKEY")
    make_order(shop)
    return Erp()


def assert_refused(response, status, sent=""):
    assert (response.status_code, body_of(response)) == (status, REFUSAL), sent
    assert response["Content-Type"] == "text/xml; charset=UTF-8"
    assert not response.cookies
    assert not response.has_header("Location")
    assert all(CANARY not in f"{name}{value}" for name, value in response.items())


def kind_of(address):
    return address if address in ("orders/list", "orders/count", "id") else "elsewhere"


def test_there_are_more_than_four_hundred_of_them():
    assert len(ODD) > 400


@pytest.mark.parametrize("kind", ["orders/list", "orders/count", "id", "elsewhere"])
def test_t1_t2_t3_each_odd_call_gets_the_one_refusal(erp, kind):
    parameters = erp.call("20000101000000")
    pk = parameters["pk"]
    chosen = {name: call for name, call in ODD.items() if kind_of(call[0]) == kind}

    for name, (address, query, status) in chosen.items():
        PullCall.objects.all().delete()  # each for itself, not for the pace they come at
        query = query.format(id=parameters["rpc_id"], pk=pk, PK=pk.upper(), kp=pk[::-1]) if "{" in query else query
        assert_refused(erp.get(address, query), status, sent=name)

    assert chosen
    # So it was the oddity that was refused each time.
    assert erp.get("orders/list", parameters).status_code == 200
    assert RpcId.objects.count() == 1


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("address", ["id", "orders/list", "orders/count"])
def test_other_methods_get_the_one_refusal(erp, address, method):
    assert_refused(erp.get(address, erp.call("20000101000000"), method=method), MALFORMED)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    address=st.sampled_from(["id", "orders/list", "orders/count"]),
    query=st.one_of(
        st.text(max_size=300),
        st.lists(
            st.tuples(st.sampled_from(["shop", "pk", "change_time", "rpc_id", "partner", "x"]), st.text(max_size=40))
        ).map(lambda pairs: "&".join(f"{name}={value}" for name, value in pairs)),
    ),
)
def test_any_rubbish_is_refused_and_breaks_nothing(erp, address, query):
    PullCall.objects.all().delete()
    response = erp.http.get(f"/RPC/{address}", QUERY_STRING=query.encode("utf-8", "surrogatepass").decode("latin-1"))

    assert response.status_code in (MALFORMED, REFUSED)
    assert body_of(response) == REFUSAL


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=300))
def test_any_body_is_refused_and_changes_nothing(erp, shop, body):
    PullCall.objects.all().delete()
    response = erp.http.post("/RPC/orders/update", body, content_type="application/x-www-form-urlencoded")

    assert response.status_code in (MALFORMED, REFUSED)
    assert body_of(response) == REFUSAL
    assert Order.objects.get().version == 1


@pytest.mark.parametrize("number", [0, 1, 2])
def test_t5_behind_trusted_proxies_the_address_that_they_saw_counts(shop, settings, number):
    settings.TRUSTED_PROXIES = number
    open_pull(shop, allowed_addresses="192.0.2.9")

    def status(forwarded):
        erp = Erp(REMOTE_ADDR="203.0.113.1", HTTP_X_FORWARDED_FOR=forwarded)
        return erp.get("id", {"shop": "12345"}).status_code

    assert status("192.0.2.9") == (200 if number == 1 else 403)
    assert status("192.0.2.9, 198.51.100.1") == (200 if number == 2 else 403)
    assert status("198.51.100.1, 192.0.2.9") == (200 if number == 1 else 403)
    assert etree.fromstring(REFUSAL).text == "invalid request"
