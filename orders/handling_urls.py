"""The page about how a shop handles its orders."""

from django.urls import path

from orders.views import handling

app_name = "handling"
urlpatterns = [path("", handling.settings, name="settings")]
