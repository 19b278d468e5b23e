"""What predictions earned, one by one and in total."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from predictions.api.filters import refuse_unknown
from predictions.api.filtersets import ScoreFilters
from predictions.api.scoreboard import ScoreboardSerializer
from predictions.api.serializers import ScoreSerializer
from predictions.api.views.base import Reading
from predictions.models import Score
from predictions.scorecards import scoreboard


class ScoreViewSet(Reading):
    """Postings under each rule. Scores are losses: lower is better."""

    queryset = Score.objects.select_related(
        "prediction__question", "prediction__forecaster", "reversal"
    )
    serializer_class = ScoreSerializer
    filterset_class = ScoreFilters
    orderings = {
        "posted_at": "posted_at",
        "value": "value",
        "question": "prediction__question__key",
        "forecaster": "prediction__forecaster__key",
    }
    ordering = "posted_at"


class ScoreboardView(APIView):
    """Totals over all predictions, and a row a forecaster, the best mean Brier score first."""

    @extend_schema(responses=ScoreboardSerializer, operation_id="scoreboard_retrieve")
    def get(self, request: Request) -> Response:
        refuse_unknown(request, set())
        return Response(scoreboard().as_json())
