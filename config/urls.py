from django.contrib import admin
from django.urls import include, path

admin.autodiscover()

# Problem details below /api/, pages elsewhere.
handler400 = "predictions.api.problems.handler400"
handler404 = "predictions.api.problems.handler404"
handler500 = "predictions.api.problems.handler500"

urlpatterns = [
    path("", include("predictions.web.urls")),
    path("admin/", admin.site.urls),
    path("api/", include("predictions.api.urls")),
]
