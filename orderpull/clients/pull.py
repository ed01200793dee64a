"""Print the orders that changed since a moment: ORDER_PULL_KEY=... python3 pull.py 20260322090000"""

import hashlib
import os
import sys
from urllib.parse import urlencode
from urllib.request import urlopen
from xml.etree import ElementTree

ADDRESS = os.environ.get("ORDER_PULL_ADDRESS", "https://backoffice.example")
SHOP = "12345"
KEY = os.environ["ORDER_PULL_KEY"]


def get(path: str, **parameters: str) -> ElementTree.Element:
    with urlopen(f"{ADDRESS}/RPC/{path}?{urlencode(parameters)}") as answer:
        return ElementTree.parse(answer).getroot()


change_time = sys.argv[1]
rpc_id = get("id", shop=SHOP).text
pk = hashlib.sha1(f"{SHOP}{change_time}{rpc_id}{KEY}".encode()).hexdigest()
orders = get("orders/list", shop=SHOP, pk=pk, change_time=change_time, rpc_id=rpc_id)
for order in orders:
    if order.get("deleted") == "yes":
        print(order.get("id"), "deleted")
    else:
        totals = order.find("totals")
        print(order.get("id"), order.find("fulfilment").get("status"), totals.findtext("incl"), totals.get("currency"))
print("next", orders.get("next_change_time"))
