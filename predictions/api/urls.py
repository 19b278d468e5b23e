"""Addresses below `/api/`."""

from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.routers import SimpleRouter

from predictions.api.views.evidence import EventViewSet, OutcomeViewSet, ReviewViewSet
from predictions.api.views.questions import (
    PredictionViewSet,
    QuestionViewSet,
    StatementViewSet,
)
from predictions.api.views.root import NothingHereView, RootView
from predictions.api.views.scores import ScoreboardView, ScoreViewSet
from predictions.api.views.sources import ArticleViewSet, ForecasterViewSet

router = SimpleRouter()
router.register("articles", ArticleViewSet)
router.register("forecasters", ForecasterViewSet)
router.register("questions", QuestionViewSet)
router.register("predictions", PredictionViewSet)
router.register("statements", StatementViewSet)
router.register("events", EventViewSet)
router.register("reviews", ReviewViewSet)
router.register("outcomes", OutcomeViewSet)
router.register("scores", ScoreViewSet)

app_name = "api"
v1 = [
    path("", RootView.as_view(), name="root"),
    *router.urls,
    path("scoreboard/", ScoreboardView.as_view(), name="scoreboard"),
    path("ledger/", include("ledger.api.urls")),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
]
urlpatterns = [
    path("v1/", include(v1)),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="api:schema"), name="docs"),
    re_path(r"^.*$", NothingHereView.as_view()),
]
