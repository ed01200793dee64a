"""What customers reach with a link, under /download/."""

from django.urls import path

from messaging.views import download

urlpatterns = [path("<str:token>/", download.show, name="download")]
