"""The shape of the scoreboard, for its description; `scorecards` makes the figures."""

from typing import Any

from rest_framework import serializers


def _count(told: str) -> serializers.IntegerField:
    return serializers.IntegerField(help_text=told)


def _figure(told: str) -> serializers.FloatField:
    return serializers.FloatField(allow_null=True, help_text=told)


class TotalsSerializer(serializers.Serializer):
    """Figures are null where nothing is scored."""

    predictions = _count("All of them; the four states add up to it.")
    questions = _count("All of them.")
    scored = _count("Made before the question was settled.")
    late = _count("Made at or after the moment when the question was settled.")
    void = _count("On questions that are void.")
    open = _count("On questions without an outcome.")
    unscorable = _count("Statements kept without a question.")
    abstained = _count("Statements in which the writer declines to forecast.")
    mean_brier = _figure("Mean of (p - o)² over scored predictions, each once.")
    mean_brier_low = _figure("The same at the best end of each verbal range.")
    mean_brier_high = _figure("The same at the worst end.")
    mean_brier_interval: Any = serializers.ListField(
        child=serializers.FloatField(),
        min_length=2,
        max_length=2,
        allow_null=True,
        help_text="[low, high], 95 %, clustered by question.",
    )
    mean_log = _figure("Mean of -ln of the probability of what happened, clipped to [0.01, 0.99].")
    base_rate = _figure("Share of yes among scored predictions.")
    skill = _figure("1 - mean_brier / (base_rate × (1 - base_rate)); null where that is 0.")
    mean_brier_by_question = _figure("Averages per forecaster and question, of each once.")
    mean_brier_time_weighted = _figure("The same over the time each prediction stood.")
    coverage = _figure("Share of a question's life in which a prediction stood.")


class ForecasterTotalsSerializer(TotalsSerializer):
    forecaster = serializers.CharField(help_text="Key.")
    name = serializers.CharField()


class ScoreboardSerializer(serializers.Serializer):
    total = TotalsSerializer()
    forecasters = ForecasterTotalsSerializer(many=True)
