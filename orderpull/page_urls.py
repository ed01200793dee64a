"""The pages about order pull, for staff."""

from django.urls import path

from orderpull.views import calls, keys, settings, trials

app_name = "pull"
urlpatterns = [
    path("", settings.show, name="settings"),
    path("save/", settings.save, name="save"),
    path("key/", keys.show, name="key"),
    path("rotate/", keys.rotate, name="rotate"),
    path("partners/add/", keys.add_partner, name="add-partner"),
    path("partners/<int:pk>/key/", keys.partner_key, name="partner-key"),
    path("partners/<int:pk>/rotate/", keys.rotate_partner, name="rotate-partner"),
    path("partners/<int:pk>/remove/", keys.remove_partner, name="remove-partner"),
    path("calls/", calls.listing, name="calls"),
    path("calls/<int:pk>/", calls.show, name="call"),
    path("calls/<int:pk>/answer/", calls.answer, name="answer"),
    path("test/", trials.run, name="test"),
    path("tester/", trials.tester, name="tester"),
    path("format/", settings.order_format, name="format"),
]
