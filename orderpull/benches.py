"""What a pull costs when nothing changed, which is what most pulls find."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from backoffice.benches import Measured, bench, seconds_in_turns
from backoffice.models import Shop
from orderpull.calls import ListCall
from orderpull.models import PullSettings
from orderpull.services import issue_rpc_id
from orders.benches import FEW, shop_with

KEY = "bench"


@bench("pull")
def pull_of_nothing(size: int) -> Iterator[Measured]:
    few, most = shop_with(FEW), shop_with(size)
    for shop in (few, most):
        PullSettings.objects.update_or_create(shop=shop, defaults={"is_on": True, "key": KEY})
    base, measured = seconds_in_turns([partial(pull, signed_call(shop)) for shop in (few, most)], times=21)
    call = signed_call(most)
    with CaptureQueriesContext(connection) as queries:
        pull(call)
    # BEGIN and COMMIT around the clock are no queries.
    asked = [query for query in queries.captured_queries if not query["sql"].startswith(("BEGIN", "COMMIT"))]
    yield Measured(f"nothing changed among {size:,} orders", len(asked), 6, unit="queries")
    yield Measured(f"nothing changed among {size:,} orders against {FEW}", measured / base, 1.3)


def signed_call(shop: Shop) -> dict[str, str]:
    """The parameters of a second step that asks what changes after tomorrow: nothing has."""
    now = timezone.now()
    change_time = (now + timedelta(days=1)).strftime("%Y%m%d%H%M%S")
    call = ListCall(shop.number, change_time, issue_rpc_id(shop, at=now), pk="")
    pk = call.signature(KEY)
    return {"shop": shop.number, "pk": pk, "change_time": change_time, "rpc_id": call.rpc_id}


def pull(parameters: dict[str, str]) -> None:
    response = Client().get("/RPC/orders/list", parameters)
    body = b"".join(response.streaming_content)
    if b' count="0"' not in body:
        raise RuntimeError("Something changed.")
