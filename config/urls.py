from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("predictions.web.urls")),
    path("admin/", admin.site.urls),
    path("api/", include("predictions.api.urls")),
]
