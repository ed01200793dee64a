"""The addresses of the published protocol. They end without a slash and answer no redirect."""

from django.urls import path, re_path

from orderpull import views

app_name = "orderpull"
urlpatterns = [
    path("id", views.rpc_id, name="rpc-id"),
    path("orders/list", views.orders_list, name="orders-list"),
    re_path("", views.unknown, name="unknown"),
]
