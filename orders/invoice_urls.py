"""The pages about invoices and credit notes."""

from django.urls import path

from orders.views import invoice_bulk, invoice_credit, invoice_settings, invoices

app_name = "invoices"
urlpatterns = [
    path("", invoices.listing, name="list"),
    path("issue/", invoice_bulk.issue_selected, name="issue-selected"),
    path("numbers/", invoices.numbers, name="numbers"),
    path("numbers/verify/", invoices.verify, name="verify"),
    path("numbers/report.<slug:ending>", invoices.report, name="report"),
    path("settings/", invoice_settings.settings, name="settings"),
    path("company/", invoice_settings.company, name="company"),
    path("company/<str:number>/", invoice_settings.company, name="company-of"),
    path("<int:pk>/", invoices.show, name="show"),
    path("<int:pk>/pdf/", invoices.pdf, name="pdf"),
    path("<int:pk>/make/", invoices.make, name="make"),
    path("<int:pk>/e-invoice/<slug:syntax>/", invoices.einvoice, name="einvoice"),
    path("<int:pk>/credit/", invoice_credit.credit, name="credit"),
]
