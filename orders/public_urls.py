"""What customers reach with a link, under /status/."""

from django.urls import path

from orders.views import status_page

urlpatterns = [path("<str:token>/", status_page.show, name="order-status")]
