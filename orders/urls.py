from django.urls import path

from orders.views import bulk, export, filters, list

app_name = "orders"
urlpatterns = [
    path("", list.show, name="list"),
    path("search/", list.search, name="search"),
    path("filters/", filters.show, name="filters"),
    path("bulk/", bulk.act, name="bulk"),
    path("export.xml", export.xml, name="export"),
]
