"""The addresses of the published protocol. They end without a slash and answer no redirect."""

from django.urls import path, re_path

from orderpull.views import rpc

app_name = "orderpull"
urlpatterns = [
    path("id", rpc.rpc_id, name="rpc-id"),
    path("orders/list", rpc.orders_list, name="orders-list"),
    path("orders/count", rpc.orders_count, name="orders-count"),
    path("orders/update", rpc.orders_update, name="orders-update"),
    path("orders.xsd", rpc.schema, name="schema"),
    re_path("", rpc.unknown, name="unknown"),
]
