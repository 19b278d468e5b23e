"""What became of questions, as a feed (RFC 4287): each outcome, correction and withdrawal.

Each is an entry of its own that says what it takes the place of, as in the ledger.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Avg, Count, Exists, Max, Min, OuterRef
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed

from ledger import journal
from predictions.models import Outcome, Prediction, Score
from predictions.models.choices import Rule
from predictions.scorecards import Scope
from predictions.scorecards.narrowing import whose
from predictions.web.files import plain

NEWEST = 100


@dataclass(frozen=True)
class Earned:
    """What the predictions on a question earned by an outcome that stands."""

    count: int
    least: Any
    mean: Any
    most: Any
    best: Score


def newest(scope: Scope) -> list[Outcome]:
    """The newest outcomes on questions of a topic, and on which a forecaster or outlet has one."""
    outcomes = Outcome.objects.select_related(
        "question__topic", "corrects__corrects", "correction"
    ).order_by("-entered_at", "-id")
    if scope.topic:
        outcomes = outcomes.filter(question__topic__key=scope.topic)
    if theirs := whose(scope):
        on_it = Prediction.objects.filter(theirs, question=OuterRef("question"))
        outcomes = outcomes.filter(Exists(on_it))
    return list(outcomes[:NEWEST])


def feed(outcomes: list[Outcome], *, address: str) -> bytes:
    """The feed of `outcomes`, which is found at this address."""
    made = Atom1Feed(
        title="Prediction Ledger: outcomes",
        link=f"{settings.SITE_URL}/",
        description="What became of what was forecast, and how each forecast scored.",
        language="en",
        author_name="Prediction Ledger",
        feed_url=address,
        feed_guid=address,
    )
    earned = _earned(outcomes)
    sequences = _sequences(outcomes)
    for outcome in outcomes:
        made.add_item(
            title=plain(_title(outcome)),
            link=_page("api:outcome-detail", outcome.pk),
            description=plain(_summary(outcome, earned.get(outcome.pk), sequences)),
            unique_id=outcome.pk.urn,
            pubdate=outcome.entered_at,
            updateddate=outcome.entered_at,
            categories=[plain(outcome.question.topic.name)] if outcome.question.topic else [],
        )
    return made.writeString("utf-8").encode()


def _title(outcome: Outcome) -> str:
    question, before = outcome.question, outcome.replaces
    if before is None:
        said = outcome.verdict
    elif outcome.reopens:
        said = f"open again, no longer {before.verdict}"
    else:
        said = f"{outcome.verdict}, corrected from {before.verdict}"
    return " ".join(f"{question.key}: {said}. {question.text}".split())


def _summary(outcome: Outcome, earned: Earned | None, sequences: dict[UUID, int]) -> str:
    sequence = sequences.get(outcome.entry)
    shown = {
        "outcome": outcome,
        "earned": earned,
        "sequence": sequence,
        "question_page": _page("api:question-detail", outcome.question.key),
        "entry_page": _page("api:ledger:entry-detail", sequence) if sequence else "",
    }
    return render_to_string("web/_news.html", shown)


def _page(name: str, key: object) -> str:
    return f"{settings.SITE_URL}{reverse(name, args=[key])}"


def _sequences(outcomes: Iterable[Outcome]) -> dict[UUID, int]:
    entries = journal.said_by(outcome.entry for outcome in outcomes)
    return dict(entries.values_list("uuid", "sequence"))


def _earned(outcomes: list[Outcome]) -> dict[UUID, Earned]:
    """By outcome; of what was corrected nothing, for its scores were reversed.

    By the Brier score, of options in order the RPS, of numbers and dates the CRPS.
    """
    standing = Score.objects.standing().filter(outcome__in=outcomes).exclude(rule=Rule.LOG)
    best = (
        standing.order_by("outcome_id", "value", "pk")
        .distinct("outcome_id")
        .select_related("prediction__forecaster", "prediction__question")
    )
    firsts = {score.outcome_id: score for score in best}
    sums = (
        standing.order_by()
        .values_list("outcome")
        .annotate(Count("pk"), Min("value"), Avg("value"), Max("value"))
    )
    return {
        outcome: Earned(count, least, mean, most, firsts[outcome])
        for outcome, count, least, mean, most in sums
    }
