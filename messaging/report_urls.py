"""What mail providers call, under /mail-reports/."""

from django.urls import path

from messaging.views import reports

urlpatterns = [path("<str:number>/", reports.receive, name="mail-reports")]
