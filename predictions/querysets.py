"""Reads by name. What a row's state is, is said here once, for SQL and for people.

What nothing corrects or reverses is found by NOT EXISTS: of an outer join that must find nothing
PostgreSQL expects one row, and plans the rest of a large read for that.
"""

import datetime as dt
from typing import TYPE_CHECKING, Self

from django.db.models import (
    Case,
    CharField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.expressions import Combinable

if TYPE_CHECKING:  # the models import this module
    from predictions.models import (  # noqa: F401
        Message,
        Outcome,
        Phrase,
        Prediction,
        Proposal,
        Question,
        Score,
    )


def _outcome_of(question: str) -> "QuerySet[Outcome]":
    from predictions.models import Outcome  # the models import this module

    return Outcome.objects.current().filter(question=OuterRef(question))


class PhraseQuerySet(QuerySet["Phrase"]):
    def current(self) -> Self:
        """The newest version of each phrase of each source."""
        newer = self.model._default_manager.filter(
            phrase=OuterRef("phrase"), source=OuterRef("source"), version__gt=OuterRef("version")
        )
        return self.filter(~Exists(newer))


class OutcomeQuerySet(QuerySet["Outcome"]):
    def latest_words(self) -> Self:
        """The last word on each question, be it that it is open again."""
        later = self.model._default_manager.filter(corrects__isnull=False, corrects=OuterRef("pk"))
        return self.filter(~Exists(later))

    def current(self) -> Self:
        """Outcomes that stand: neither corrected by a later one nor reopening the question."""
        return self.latest_words().filter(reopens=False)


class QuestionQuerySet(QuerySet["Question"]):
    def open(self) -> Self:
        """Questions without an outcome."""
        return self.filter(~Exists(_outcome_of("pk")))

    def due(self, now: dt.datetime) -> Self:
        """Open questions that are due for review, the longest overdue first."""
        return self.open().filter(review_at__lte=now).order_by("review_at", "key")

    def due_next(self, now: dt.datetime) -> Self:
        """Open questions that fall due for review later, the next first."""
        return self.open().filter(review_at__gt=now).order_by("review_at", "key")


class PredictionQuerySet(QuerySet["Prediction"]):
    def with_state(self) -> Self:
        """Annotates `state`: `open`, `void`, `late` or `scored`, as the scoreboard counts them."""
        state: Combinable = Case(
            When(outcome_settled_at__isnull=True, then=Value("open")),
            When(outcome_answer__isnull=True, then=Value("void")),
            When(made_at__gte=F("outcome_settled_at"), then=Value("late")),
            default=Value("scored"),
            output_field=CharField(),
        )
        current = _outcome_of("question")
        return self.annotate(
            outcome_settled_at=Subquery(current.values("settled_at")[:1]),
            outcome_answer=Subquery(current.values("answer")[:1]),
        ).annotate(state=state)

    def with_scores(self) -> Self:
        """Annotates the standing `brier`, `brier_best`, `brier_worst` and `log`; None unscored."""
        from predictions.models import Score  # the models import this module

        def figure(rule: str, name: str) -> Subquery:
            standing = Score.objects.standing().filter(prediction=OuterRef("pk"), rule=rule)
            return Subquery(standing.values(name)[:1])

        return self.annotate(
            brier=figure("brier", "value"),
            brier_best=figure("brier", "best"),
            brier_worst=figure("brier", "worst"),
            log=figure("log", "value"),
        )


class ScoreQuerySet(QuerySet["Score"]):
    def standing(self) -> Self:
        """Postings that count: neither reversals nor reversed."""
        reversals = self.model._default_manager.filter(
            reverses__isnull=False, reverses=OuterRef("pk")
        )
        return self.filter(~Exists(reversals), reverses__isnull=True)


class ProposalQuerySet(QuerySet["Proposal"]):
    def waiting(self) -> Self:
        """Outcomes that wait for a second pair of eyes, the longest waiting first."""
        return self.filter(state="waiting").order_by("proposed_at", "id")


class MessageQuerySet(QuerySet["Message"]):
    def deliverable(self, now: dt.datetime) -> Self:
        """What may be tried now: waiting, or claimed by somebody whose lease has run out."""
        return self.filter(Q(state="waiting") | Q(state="claimed"), due_at__lte=now).order_by(
            "due_at", "id"
        )
