from django.urls import path

from layouts.views import editing, files, overview, previews, publishing, versions

app_name = "layouts"
urlpatterns = [
    path("", overview.listing, name="list"),
    path("<slug:kind>/<str:number>/", overview.show, name="show"),
    path("<slug:kind>/<str:number>/preview/", previews.picture, name="preview"),
    path("<slug:kind>/<str:number>/pdf/", previews.pdf, name="pdf"),
    path("<slug:kind>/<str:number>/begin/", overview.begin, name="begin"),
    path("<slug:kind>/<str:number>/standard/", overview.back_to_standard, name="standard"),
    path("<slug:kind>/<str:number>/draft/", editing.edit, name="edit"),
    path("<slug:kind>/<str:number>/draft/publish/", publishing.publish, name="publish"),
    path("<slug:kind>/<str:number>/publishing/<int:pk>/", publishing.publishing, name="publishing"),
    path("<slug:kind>/<str:number>/draft/pdf/", previews.typed_pdf, name="typed-pdf"),
    path("<slug:kind>/<str:number>/draft/give-up/", editing.give_up, name="give-up"),
    path("<slug:kind>/<str:number>/files/<int:pk>/", files.download, name="file"),
    path("<slug:kind>/<str:number>/versions/<int:version>/", versions.show, name="version"),
    path("<slug:kind>/<str:number>/versions/<int:version>/restore/", versions.restore, name="restore"),
    path("<slug:kind>/<str:number>/versions/<int:version>/print/", versions.print_with, name="print-with"),
]
