app_name = "orderpull"
urlpatterns: list = []
