"""What the page of a question shows: everything that is recorded about it, in few queries."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from predictions.admin.history import history_context
from predictions.admin.passages import Passage, said_of
from predictions.admin.reviews import how_long
from predictions.models import (
    Bearing,
    Event,
    Outcome,
    Prediction,
    Proposal,
    Question,
    Score,
    User,
)

# A question of an import may have thousands of predictions; all of them are in the lists.
_PREDICTIONS = _ROWS = 100


@dataclass(frozen=True)
class Forecast:
    """A prediction with its state and its postings: those that count, and those taken back."""

    prediction: Prediction
    passages: tuple[Passage, ...]
    state: str
    standing: tuple[Score, ...]
    reversed: tuple[Score, ...]


@dataclass(frozen=True)
class Decision:
    """An outcome of the chain; only the last one counts, if it is not that it is open again."""

    outcome: Outcome
    number: int
    stands: bool
    past: bool
    evidence: tuple[Event, ...]


def gather(question: Any, request: HttpRequest) -> dict[str, Any]:
    """The context of the page, beside what every page has; the question as its list reads it."""
    now = timezone.now()
    decisions = _decisions(question)
    standing = next((row.outcome for row in decisions if row.stands), None)
    is_due = standing is None and question.review_at is not None and question.review_at <= now
    return {
        "question": question,
        "decisions": decisions,
        "outcome": standing,
        "overdue": how_long(now - question.review_at) if is_due and question.review_at else "",
        "forecasts": _forecasts(question, scored=bool(decisions)),
        "predictions_count": question.forecasts,
        "bearings": _bearings(question),
        "most": _ROWS,
        "reviews": question.reviews.select_related("recorded_by").order_by("-recorded_at")[:_ROWS],
        "conditionals": question.conditionals.order_by("key")[:_ROWS],
        **history_context(request, question),
        "proposal": None if standing else _proposal(question),
        "may": _may(request.user),  # type: ignore[arg-type]
    }


def _proposal(question: Question) -> Proposal | None:
    return question.proposals.waiting().select_related("proposed_by").first()


def _bearings(question: Question) -> list[Bearing]:
    """The latest, the oldest of them first."""
    rows = question.bearings.select_related("event").order_by("-event__happened_on")
    return list(rows[:_ROWS])[::-1]


def _may(user: User) -> dict[str, bool]:
    return {
        "decide": user.has_perm("predictions.add_outcome"),
        "correct": user.has_perm("predictions.change_outcome"),
        "propose": user.has_perm("predictions.add_proposal"),
        "review": user.has_perm("predictions.add_review"),
        "amend": user.has_perm("predictions.change_question"),
        "predict": user.has_perm("predictions.add_prediction"),
        "add_event": user.has_perm("predictions.add_event"),
    }


def _forecasts(question: Question, *, scored: bool) -> list[Forecast]:
    predictions: QuerySet[Prediction] = (
        question.predictions.with_state()
        .select_related("forecaster", "article", "phrase", "recorded_by")
        .order_by("-made_at", "forecaster__name", "revision")
    )
    # Without an outcome, now or before, there are no scores to read.
    read = predictions.prefetch_related(Prefetch("scores", _postings())) if scored else predictions
    return [_forecast(row, row.scores.all() if scored else ()) for row in read[:_PREDICTIONS]]


def _postings() -> QuerySet[Score]:
    return (
        Score.objects.filter(reverses__isnull=True)
        .select_related("reversal")
        .order_by("posted_at", "rule")
    )


def _forecast(prediction: Prediction, postings: Iterable[Score]) -> Forecast:
    rows = tuple(postings)
    taken_back = tuple(score for score in rows if hasattr(score, "reversal"))
    return Forecast(
        prediction=prediction,
        passages=said_of([prediction])[0].passages,
        state=prediction.state,
        standing=tuple(score for score in rows if score not in taken_back),
        reversed=taken_back,
    )


def _decisions(question: Question) -> list[Decision]:
    """The chain of outcomes, the newest first."""
    chain = (
        question.outcomes.select_related(
            "entered_by", "correction", "corrects", "follows__question"
        )
        .prefetch_related("evidence")
        .order_by("entered_at")
    )
    decisions = [
        Decision(
            outcome=outcome,
            number=number,
            stands=outcome.stands,
            past=hasattr(outcome, "correction"),
            evidence=tuple(outcome.evidence.all()),
        )
        for number, outcome in enumerate(chain, start=1)
    ]
    return decisions[::-1]
