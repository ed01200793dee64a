"""Every address of the back office. Pages of a shop name it in the path: /s/<number>/…"""

from django.urls import include, path

from backoffice.views import errors, health, jobs, kept, shell

handler400 = errors.bad_request
handler403 = errors.permission_denied
handler404 = errors.page_not_found
handler500 = errors.server_error

shop_pages = [
    path("", shell.shop_home, name="shop-home"),
    path("menu/", shell.menu, name="menu"),
    path("jobs/", jobs.listing, name="jobs"),
    path("jobs/<int:pk>/", jobs.show, name="job"),
    path("jobs/<int:pk>/stop/", jobs.stop, name="job-stop"),
    path("jobs/<int:pk>/retry/", jobs.retry, name="job-retry"),
    path("jobs/<int:pk>/file/", jobs.download, name="job-file"),
    path("orders/", include("orders.urls")),
    path("exports/", include("orders.export_urls")),
    path("invoices/", include("orders.invoice_urls")),
    path("settings/orders/", include("orders.handling_urls")),
    path("statuses/", include("statuses.urls")),
    path("layouts/", include("layouts.urls")),
    path("messages/", include("messaging.urls")),
    path("order-pull/", include("orderpull.page_urls")),
]

urlpatterns = [
    path("", shell.shops, name="start"),
    path("shops/", shell.shops, name="shops"),
    path("me/", shell.profile, name="profile"),
    path("help/", shell.help_page, name="help"),
    path("kept-form/", kept.kept_form, name="kept-form"),
    path("theme/", shell.set_theme, name="set-theme"),
    path("language/", shell.set_language, name="set-language"),
    path("s/<str:shop_number>/", include(shop_pages)),
    path("RPC/", include("orderpull.urls")),
    path("status/", include("orders.public_urls")),
    path("download/", include("messaging.public_urls")),
    path("mail-reports/", include("messaging.report_urls")),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("accounts/sessions/", include("allauth.usersessions.urls")),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
