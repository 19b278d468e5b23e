"""What a POST may carry. Types and names alone: what is acceptable, the services say."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from predictions.api.fields import (
    MAX_INTEGER,
    Choice,
    Day,
    Distribution,
    Flag,
    Instant,
    Integer,
    Key,
    Person,
    Probability,
    Quantiles,
    Text,
)
from predictions.models import Article, Event, Forecaster, Phrase, Question, Topic
from predictions.models.choices import (
    Basis,
    HorizonBasis,
    QuestionKind,
    Side,
    VoidReason,
    Weight,
)

# Of a century: no review is planned later.
MAX_DAYS = 36_525


class Body(serializers.Serializer):
    """A JSON object. A key that is not known is refused: it may be a misspelt one."""

    default_error_messages = {"invalid": "must be a JSON object"}

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping) and (unknown := sorted(data.keys() - self.fields.keys())):
            known = ", ".join(self.fields)
            raise serializers.ValidationError(
                {key: [f"is not known here; known: {known}"] for key in unknown}
            )
        return super().to_internal_value(data)


class PassageBody(Body):
    """Exact words, and how many characters of the article's text come before them."""

    offset = Integer(min_value=0, max_value=MAX_INTEGER)
    quote = Text(trim_whitespace=False)


class SourceBody(Body):
    """Who told of it, and where."""

    name = Text()
    url = Text()


class BearingBody(Body):
    """What an event says about a question."""

    question = Key(queryset=Question.objects.all())
    bearing = Choice(choices=Weight.choices)
    note = Text(required=False, allow_blank=True)


class PhraseBody(Body):
    """The newest version of a row of the lexicon, by its words and its source."""

    phrase = Text()
    source = Text()  # type: ignore[assignment]  # a field of that name

    def to_internal_value(self, data: Any) -> Phrase:
        named = super().to_internal_value(data)
        found = Phrase.objects.current().filter(**named).first()
        if found is None:
            raise serializers.ValidationError("the lexicon has no such phrase from that source")
        return found


class OutcomeBody(Body):
    """An answer, or a reason why the question is void. With `corrects`, a correction.

    With `reopens`, nothing of that: what it corrects is withdrawn, and the question open again.
    """

    question = Key(queryset=Question.objects.all())
    answer = Text(
        required=False,
        allow_null=True,
        help_text="`yes` or `no`, where the question allows it a fraction, such as `0.4`; on "
        "questions of other kinds an option, a number such as `12.5`, or a date such as "
        "`2024-02-17`. All are texts.",
    )
    void_reason = Choice(choices=VoidReason.choices, required=False)
    settled_at = Instant(
        required=False, help_text="When the world decided. Required unless `reopens`."
    )
    rationale = Text(
        required=False, help_text="Why the criteria lead to this. Required unless `reopens`."
    )
    evidence = serializers.ListField(
        child=Key(queryset=Event.objects.all()),
        required=False,
        max_length=100,
        help_text="Keys of events that are linked to the question.",
    )
    corrects = serializers.UUIDField(
        required=False, help_text="The outcome of the same question that this one corrects."
    )
    correction_reason = Text(required=False, help_text="Why the earlier outcome was wrong.")
    reopens = Flag(required=False, help_text="Whether the outcome it corrects is withdrawn.")

    def validate_evidence(self, events: list[Event]) -> list[Event]:
        if len(set(events)) < len(events):
            raise serializers.ValidationError("names an event twice")
        return events

    def validate(self, asked: dict[str, Any]) -> dict[str, Any]:
        """A verdict says all that a verdict says; a withdrawal says nothing of it."""
        if not asked.get("reopens"):
            _refuse({"settled_at", "rationale"} - asked.keys(), "is required")
            return asked
        _refuse({"corrects", "correction_reason"} - asked.keys(), "is required with reopens")
        _refuse(asked.keys() & _VERDICT, "does not go with reopens; leave it out")
        return asked


_VERDICT = {"answer", "void_reason", "settled_at", "rationale", "evidence"}


def _refuse(fields: set[str], problem: str) -> None:
    if fields:
        raise serializers.ValidationError({field: [problem] for field in sorted(fields)})


class ReviewBody(Body):
    """Why the question is still open, and when to look again."""

    question = Key(queryset=Question.objects.all())
    note = Text()
    next_at = Instant(help_text="When the question falls due for review again.")


class EventBody(Body):
    """Something that happened, and what it says about which question."""

    key = Text()
    happened_on = Day()
    title = Text()
    text = Text(required=False, allow_blank=True)
    sources = SourceBody(many=True)
    bearings = BearingBody(many=True, required=False)


class PredictionBody(Body):
    """What was forecast. A later one of the same forecaster revises the earlier.

    On yes or no a probability; on options a distribution; on a number or a date quantiles.
    """

    question = Key(queryset=Question.objects.all())
    forecaster = Key(queryset=Forecaster.objects.all())
    made_at = Instant()
    basis = Choice(choices=Basis.choices)
    probability = Probability(required=False, help_text="Of yes. May be left to the phrase.")
    low = Probability(required=False)
    high = Probability(required=False)
    distribution = Distribution(
        required=False, help_text="The probability of every option; they add up to 1."
    )
    quantiles = Quantiles(
        required=False,
        help_text="Two levels or more, between 0 and 1, each with its value, which does not fall: "
        "a number from -1,000,000 to 1,000,000, or a date.",
    )
    phrase = PhraseBody(required=False)
    article = Key(queryset=Article.objects.all(), required=False)
    reference = Text(required=False, allow_blank=True)
    passages = PassageBody(many=True, required=False)
    hedge = Text(required=False, allow_blank=True)
    side = Choice(choices=Side.choices, required=False)
    basis_note = Text(required=False, allow_blank=True)
    horizon_note = Text(required=False, allow_blank=True)
    note = Text(required=False, allow_blank=True)


class QuestionBody(Body):
    """A proposition that two strangers would resolve alike: of yes or no, of options, of a number
    or of a date."""

    key = Text()
    text = Text()
    criteria = Text()
    opened_at = Instant()
    horizon_basis = Choice(choices=HorizonBasis.choices)
    kind = Choice(choices=QuestionKind.choices, required=False)
    options = serializers.ListField(
        child=Text(),
        required=False,
        help_text="Of a choice: 2 to 100, of which one comes true.",
    )
    ordered = Flag(
        required=False, help_text="Of a choice: whether the order of the options counts."
    )
    unit = Text(required=False, help_text="Of a number: what is counted. Required there.")
    partial = Flag(  # type: ignore[assignment]  # a field of that name
        required=False, help_text="Whether the criteria allow an answer between no and yes."
    )
    topic = Key(queryset=Topic.objects.all(), required=False)
    due_at = Instant(required=False)
    due_rule = Text(required=False, allow_blank=True)
    horizon_note = Text(required=False, allow_blank=True)
    notes = Text(required=False, allow_blank=True)
    condition = Text(required=False, allow_blank=True)
    condition_question = Key(queryset=Question.objects.all(), required=False)
    condition_answer = Text(required=False, allow_blank=True)
    reviewer = Person(required=False)
    review_every_days = Integer(required=False, min_value=1, max_value=MAX_DAYS)
