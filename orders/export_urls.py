from django.urls import path

from orders.views import exports

app_name = "exports"
urlpatterns = [
    path("", exports.show, name="list"),
    path("start/", exports.start, name="start"),
    path("<int:pk>/again/", exports.again, name="again"),
    path("<int:pk>/delete/", exports.delete, name="delete"),
]
