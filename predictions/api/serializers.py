"""How rows read. References are the natural keys of what they refer to."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from predictions.api.fields import Actor, Distribution, Figure, Key, Person, Probability, Quantiles
from predictions.api.filtersets import PREDICTION_STATES, QUESTION_STATES
from predictions.models import (
    Article,
    Bearing,
    Event,
    Forecaster,
    Outcome,
    Phrase,
    Prediction,
    Question,
    Review,
    Score,
    Statement,
)


class PassageSerializer(serializers.Serializer):
    """Exact words, and how many characters of the article's text come before them."""

    offset = serializers.IntegerField()
    quote = serializers.CharField()


class SourceSerializer(serializers.Serializer):
    name = serializers.CharField()
    url = serializers.CharField()


class ArticleSerializer(serializers.ModelSerializer):
    outlet = Key(read_only=True)

    class Meta:
        model = Article
        fields = (
            "key",
            "title",
            "title_basis",
            "outlet",
            "byline",
            "published_on",
            "date_basis",
            "url",
            "sha256",
            "characters",
        )
        read_only_fields = fields


class ForecasterSerializer(serializers.ModelSerializer):
    class Meta:
        model = Forecaster
        fields = ("key", "name", "kind", "note")
        read_only_fields = fields


class OutcomeSerializer(serializers.ModelSerializer):
    question = Key(read_only=True)
    entered_by = Actor()
    evidence: Any = serializers.SlugRelatedField(slug_field="key", many=True, read_only=True)
    corrects = serializers.UUIDField(source="corrects_id", allow_null=True, read_only=True)
    corrected_by = serializers.SerializerMethodField()
    follows = serializers.UUIDField(
        source="follows_id",
        allow_null=True,
        read_only=True,
        help_text="The outcome of the condition's question from which this one follows by itself.",
    )
    is_current = serializers.SerializerMethodField()

    class Meta:
        model = Outcome
        fields = (
            "id",
            "question",
            "answer",
            "void_reason",
            "settled_at",
            "entered_at",
            "entered_by",
            "rationale",
            "evidence",
            "corrects",
            "corrected_by",
            "correction_reason",
            "reopens",
            "follows",
            "is_current",
        )
        read_only_fields = fields

    @extend_schema_field(serializers.UUIDField(allow_null=True))
    def get_corrected_by(self, row: Outcome) -> Any:
        correction = getattr(row, "correction", None)
        return correction and correction.pk

    def get_is_current(self, row: Outcome) -> bool:
        return row.stands


class QuestionSerializer(serializers.ModelSerializer):
    """Comes with the outcome that stands, if there is one."""

    topic = Key(read_only=True)
    options = serializers.ListField(child=serializers.CharField(), read_only=True)
    condition_question = Key(read_only=True)
    reviewer = Person(read_only=True)
    state = serializers.SerializerMethodField()
    outcome = serializers.SerializerMethodField()

    class Meta:
        model = Question
        fields = (
            "key",
            "kind",
            "text",
            "criteria",
            "options",
            "ordered",
            "partial",
            "unit",
            "topic",
            "state",
            "opened_at",
            "due_at",
            "due_rule",
            "horizon_basis",
            "horizon_note",
            "notes",
            "condition",
            "condition_question",
            "condition_answer",
            "reviewer",
            "review_every_days",
            "review_at",
            "due_version",
            "outcome",
        )
        read_only_fields = fields

    @extend_schema_field(serializers.ChoiceField(choices=QUESTION_STATES))
    def get_state(self, row: Any) -> str:
        if not row.standing:
            return "open"
        return "void" if row.standing[0].is_void else "settled"

    @extend_schema_field(OutcomeSerializer(allow_null=True))
    def get_outcome(self, row: Any) -> Any:
        return OutcomeSerializer(row.standing[0]).data if row.standing else None


class PhraseSerializer(serializers.ModelSerializer):
    """A row of the lexicon."""

    class Meta:
        model = Phrase
        fields = ("phrase", "source", "version")
        read_only_fields = fields


class PredictionSerializer(serializers.ModelSerializer):
    question = Key(read_only=True)
    forecaster = Key(read_only=True)
    article = Key(read_only=True)
    state = serializers.ChoiceField(choices=PREDICTION_STATES, read_only=True)
    passages = PassageSerializer(many=True, read_only=True)
    probability = Probability(read_only=True, allow_null=True)
    low = Probability(read_only=True, allow_null=True)
    high = Probability(read_only=True, allow_null=True)
    distribution = Distribution(read_only=True, allow_null=True)
    quantiles = Quantiles(read_only=True, allow_null=True)
    phrase = PhraseSerializer(read_only=True, allow_null=True)
    recorded_by = Actor()

    class Meta:
        model = Prediction
        fields = (
            "id",
            "reference",
            "question",
            "forecaster",
            "article",
            "revision",
            "state",
            "made_at",
            "passages",
            "hedge",
            "side",
            "probability",
            "low",
            "high",
            "distribution",
            "quantiles",
            "basis",
            "phrase",
            "basis_note",
            "horizon_note",
            "note",
            "recorded_at",
            "recorded_by",
        )
        read_only_fields = fields


class StatementSerializer(serializers.ModelSerializer):
    """A statement about the future that has no question: counted, never scored."""

    article = Key(read_only=True)
    forecaster = Key(read_only=True)
    passages = PassageSerializer(many=True, read_only=True)

    class Meta:
        model = Statement
        fields = (
            "id",
            "reference",
            "article",
            "forecaster",
            "passages",
            "hedge",
            "kind",
            "reason",
            "note",
            "recorded_at",
        )
        read_only_fields = fields


class BearingSerializer(serializers.ModelSerializer):
    question = Key(read_only=True)

    class Meta:
        model = Bearing
        fields = ("question", "bearing", "note")
        read_only_fields = fields


class EventSerializer(serializers.ModelSerializer):
    sources = SourceSerializer(many=True, read_only=True)
    bearings = BearingSerializer(many=True, read_only=True)

    class Meta:
        model = Event
        fields = ("key", "happened_on", "title", "text", "sources", "bearings", "recorded_at")
        read_only_fields = fields


class ScoreSerializer(serializers.ModelSerializer):
    """A posting. A reversal carries the negated figures of what it reverses."""

    question = serializers.CharField(source="prediction.question.key", read_only=True)
    forecaster = serializers.CharField(source="prediction.forecaster.key", read_only=True)
    prediction = serializers.UUIDField(source="prediction_id", read_only=True)
    outcome = serializers.UUIDField(source="outcome_id", read_only=True)
    value = Figure(read_only=True)
    best = Figure(read_only=True)
    worst = Figure(read_only=True)
    reverses = serializers.UUIDField(source="reverses_id", allow_null=True, read_only=True)
    reversed_by = serializers.SerializerMethodField()
    stands = serializers.SerializerMethodField()

    class Meta:
        model = Score
        fields = (
            "id",
            "question",
            "forecaster",
            "prediction",
            "outcome",
            "rule",
            "value",
            "best",
            "worst",
            "reverses",
            "reversed_by",
            "stands",
            "posted_at",
        )
        read_only_fields = fields

    @extend_schema_field(serializers.UUIDField(allow_null=True))
    def get_reversed_by(self, row: Score) -> Any:
        reversal = getattr(row, "reversal", None)
        return reversal and reversal.pk

    def get_stands(self, row: Score) -> bool:
        return row.reverses_id is None and not hasattr(row, "reversal")


class OutcomeScoredSerializer(OutcomeSerializer):
    """An outcome as it was entered, with the scores it gave."""

    scores = serializers.SerializerMethodField()

    class Meta(OutcomeSerializer.Meta):
        fields: Any = (*OutcomeSerializer.Meta.fields, "scores")
        read_only_fields = fields

    @extend_schema_field(ScoreSerializer(many=True))
    def get_scores(self, row: Outcome) -> Any:
        scores = row.scores.standing().select_related(
            "prediction__question", "prediction__forecaster", "reversal"
        )
        return ScoreSerializer(scores, many=True).data


class ReviewSerializer(serializers.ModelSerializer):
    question = Key(read_only=True)
    recorded_by = Actor()

    class Meta:
        model = Review
        fields = ("id", "question", "due_version", "note", "next_at", "recorded_at", "recorded_by")
        read_only_fields = fields
