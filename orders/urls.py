from django.urls import path

from orders.views import bulk, list

app_name = "orders"
urlpatterns = [
    path("", list.show, name="list"),
    path("search/", list.search, name="search"),
    path("bulk/", bulk.act, name="bulk"),
]
