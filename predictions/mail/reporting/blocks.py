"""Outcomes, each with what it earned whom; and the calls to remember."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django.db.models import Count, Q, Window
from django.db.models.functions import RowNumber

from predictions.mail.reporting.some import Some
from predictions.mail.reporting.stretch import Stretch
from predictions.models import Outcome, Score
from predictions.models.choices import QuestionKind, Rule
from predictions.querysets import OutcomeQuerySet, ScoreQuerySet

# Outcomes, predictions on each, and calls that a report shows at most.
MOST_OUTCOMES, MOST_LINES, MOST_CALLS = 20, 5, 3
# What an even chance earns, whatever happens.
_EVEN = 0.25
# Equal ones as they would be the next time.
_BEST_FIRST = (
    "value",
    "prediction__question__key",
    "prediction__forecaster__key",
    "prediction__made_at",
)


@dataclass(frozen=True)
class Line:
    """One prediction with what it earned: under the rule of its question, and the log rule."""

    score: Score
    log: Score | None


@dataclass(frozen=True)
class Block:
    """One outcome, its scored predictions from best to worst."""

    outcome: Outcome
    lines: Some[Line]

    def shortened(self, most: int) -> "Block":
        return replace(self, lines=self.lines.first(most))


@dataclass(frozen=True)
class Told:
    """Outcomes of a stretch: what takes back or replaces an earlier one, and what is new.

    The last settled first. `answers` counts both, but for what was taken back. `best` and `worst`
    are calls on yes or no, better and worse than an even chance; of a forecaster's revisions on one
    question the one that scored best or worst.
    """

    corrections: Some[Block]
    resolved: Some[Block]
    answers: int
    best: Some[Line]
    worst: Some[Line]

    def shortened(self, most: int) -> "Told":
        return replace(
            self,
            corrections=_shortened(self.corrections, most),
            resolved=_shortened(self.resolved, most),
            best=self.best.first(most),
            worst=self.worst.first(most),
        )


def _shortened(blocks: Some[Block], most: int) -> Some[Block]:
    return Some(tuple(block.shortened(most) for block in blocks.first(most)), blocks.of)


def told_of(stretch: Stretch) -> Told:
    outcomes = stretch.outcomes()
    changed = outcomes.filter(corrects__isnull=False)
    new = outcomes.filter(corrects__isnull=True)
    called = stretch.scores().filter(
        rule=Rule.BRIER, prediction__question__kind=QuestionKind.BINARY
    )
    return Told(
        corrections=_blocks(changed, stretch),
        resolved=_blocks(new, stretch),
        answers=outcomes.filter(reopens=False).count(),
        best=_calls(called.filter(value__lt=_EVEN), "value"),
        worst=_calls(called.filter(value__gt=_EVEN), "-value"),
    )


def _blocks(outcomes: OutcomeQuerySet, stretch: Stretch) -> Some[Block]:
    count = outcomes.count()
    latest = outcomes.select_related("question", "corrects__corrects")
    shown = list(latest.order_by("-settled_at", "question__key")[:MOST_OUTCOMES])
    lines = _lines(stretch, shown)
    return Some(tuple(Block(one, lines.get(one.pk, Some())) for one in shown), count)


def _lines(stretch: Stretch, outcomes: Sequence[Outcome]) -> dict[UUID, Some[Line]]:
    """The best of each outcome: by the Brier score, of options in order the RPS, of others the
    CRPS."""
    ranked = (
        Score.objects.standing()
        .filter(stretch.of_scope(), outcome__in=outcomes)
        .exclude(rule=Rule.LOG)
        .annotate(
            place=Window(RowNumber(), partition_by="outcome", order_by=_BEST_FIRST),
            of=Window(Count("pk"), partition_by="outcome"),
        )
    )
    found: dict[UUID, list[Score]] = {}
    best = ranked.filter(Q(place__lte=MOST_LINES)).order_by("outcome_id", "place")
    for score in _as_told(best):
        found.setdefault(score.outcome_id, []).append(score)
    logs = _logs([score for scores in found.values() for score in scores])
    return {
        outcome: Some(_paired(scores, logs), scores[0].of)  # type: ignore[attr-defined]
        for outcome, scores in found.items()
    }


def _calls(scores: ScoreQuerySet, order: str) -> Some[Line]:
    each = ("prediction__question_id", "prediction__forecaster_id")
    first_of_each = scores.order_by(*each, order, "prediction__made_at").distinct(*each)
    found = Score.objects.filter(pk__in=first_of_each.values("pk"))
    calls = list(_as_told(found).order_by(order, *_BEST_FIRST[1:])[:MOST_CALLS])
    return Some(_paired(calls, _logs(calls)), len(calls))


def _as_told(scores: ScoreQuerySet) -> ScoreQuerySet:
    """With all that a line names."""
    return scores.select_related(
        "outcome", "prediction__forecaster", "prediction__question", "prediction__article__outlet"
    )


def _logs(scores: Sequence[Score]) -> dict[UUID, Score]:
    predictions = [score.prediction_id for score in scores]
    found = Score.objects.standing().filter(rule=Rule.LOG, prediction__in=predictions)
    return {score.prediction_id: score for score in found}


def _paired(scores: Sequence[Score], logs: Mapping[UUID, Score]) -> tuple[Line, ...]:
    return tuple(Line(score, logs.get(score.prediction_id)) for score in scores)
