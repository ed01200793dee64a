from django.urls import path

from messaging.views import compose, files, outbox, templates, triggers, unwanted

app_name = "messaging"
urlpatterns = [
    path("", outbox.listing, name="outbox"),
    path("retry-failed/", outbox.retry_failed, name="retry-failed"),
    path("mails/<int:pk>/", outbox.show, name="mail"),
    path("mails/<int:pk>/body/", outbox.body, name="mail-body"),
    path("mails/<int:pk>/cancel/", outbox.cancel, name="cancel-mail"),
    path("mails/<int:pk>/send/", outbox.send_now, name="send-mail"),
    path("mails/<int:pk>/retry/", outbox.retry, name="retry-mail"),
    path("mails/<int:pk>/resend/", outbox.resend, name="resend-mail"),
    path("orders/<number:number>/", compose.compose, name="compose"),
    path("orders/<number:number>/preview/", compose.preview, name="preview-message"),
    path("orders/<number:number>/confirmation/", compose.resend_confirmation, name="resend-confirmation"),
    path("templates/", templates.listing, name="templates"),
    path("templates/new/", templates.create, name="create-template"),
    path("templates/<slug:key>/", templates.edit, name="template"),
    path("templates/<slug:key>/rename/", templates.rename, name="rename-template"),
    path("templates/<slug:key>/delete/", templates.delete, name="delete-template"),
    path("templates/<slug:key>/standard/", templates.back_to_builtin, name="builtin-template"),
    path("templates/<slug:key>/<str:language>/preview/", templates.preview, name="preview-template"),
    path("templates/<slug:key>/<str:language>/test/", templates.send_test, name="test-template"),
    path("templates/<slug:key>/<str:language>/versions/", templates.versions, name="template-versions"),
    path("templates/<slug:key>/<str:language>/versions/<int:number>/restore/", templates.restore, name="restore-text"),
    path("triggers/", triggers.listing, name="triggers"),
    path("triggers/usual/", triggers.begin, name="usual-triggers"),
    path("triggers/new/", triggers.create, name="create-trigger"),
    path("triggers/<int:pk>/", triggers.edit, name="trigger"),
    path("triggers/<int:pk>/switch/", triggers.switch, name="switch-trigger"),
    path("triggers/<int:pk>/delete/", triggers.delete, name="delete-trigger"),
    path("files/", files.listing, name="files"),
    path("files/<int:pk>/", files.download, name="file"),
    path("files/<int:pk>/delete/", files.delete, name="delete-file"),
    path("do-not-mail/", unwanted.listing, name="do-not-mail"),
    path("do-not-mail/<int:pk>/remove/", unwanted.remove, name="remove-do-not-mail"),
]
