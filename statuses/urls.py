from django.urls import path

from statuses import views

app_name = "statuses"
urlpatterns = [
    path("", views.listing, name="list"),
    path("new/<str:kind>/", views.create, name="create"),
    path("order/<str:kind>/", views.arrange, name="arrange"),
    path("<str:kind>/<slug:code>/edit/", views.edit, name="edit"),
    path("<str:kind>/<slug:code>/standard/", views.back_to_standard, name="back-to-standard"),
    path("<str:kind>/<slug:code>/move/", views.move, name="move"),
    path("<str:kind>/<slug:code>/remove/", views.remove, name="remove"),
    path("<str:kind>/<slug:code>/restore/", views.restore, name="restore"),
]
