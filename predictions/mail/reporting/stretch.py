"""What a report has to tell of: entries of the ledger, as far as they concern its scope."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from ledger import journal
from predictions.models import Outcome, Prediction, Question, Score
from predictions.querysets import (
    OutcomeQuerySet,
    PredictionQuerySet,
    QuestionQuerySet,
    ScoreQuerySet,
)
from predictions.scorecards import Scope
from predictions.scorecards.narrowing import which, whose


@dataclass(frozen=True)
class Stretch:
    """The entries with sequences in (after, until], of a scope.

    By the ledger and not by the clock, for an outcome entered before may be committed after the
    last report was written.
    """

    scope: Scope
    after: int
    until: int

    def entries(self) -> QuerySet[Any]:
        return journal.appended(after=self.after, until=self.until)

    def predictions(self) -> PredictionQuerySet:
        """All of the scope, whenever they were recorded."""
        return Prediction.objects.filter(whose(self.scope), which(self.scope))

    def within(self, questions: QuestionQuerySet) -> QuestionQuerySet:
        """Those of the topic, or on which there is a prediction of the scope."""
        if self.scope.topic:
            return questions.filter(topic__key=self.scope.topic)
        if whose(self.scope):
            return questions.filter(pk__in=self.predictions().order_by().values("question"))
        return questions

    def outcomes(self) -> OutcomeQuerySet:
        """The last words on questions of the scope that these entries say."""
        said = self.entries().filter(kind__startswith="outcome.").values("uuid")
        found = Outcome.objects.latest_words().filter(entry__in=said)
        if self.scope == Scope():
            return found
        return found.filter(question__in=self.within(Question.objects.order_by()).values("pk"))

    def scores(self) -> ScoreQuerySet:
        """What predictions of the scope have earned by these outcomes, as it stands."""
        told = Score.objects.standing().filter(outcome__in=self.outcomes().order_by().values("pk"))
        return told.filter(self.of_scope())

    def of_scope(self) -> Q:
        """The condition on scores that their predictions are of the scope."""
        if self.scope == Scope():
            return Q()
        return Q(prediction__in=self.predictions().order_by().values("pk"))
