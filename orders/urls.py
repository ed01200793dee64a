from django.urls import path

from orders.views import bulk, export, list

app_name = "orders"
urlpatterns = [
    path("", list.show, name="list"),
    path("search/", list.search, name="search"),
    path("bulk/", bulk.act, name="bulk"),
    path("export.xml", export.xml, name="export"),
]
