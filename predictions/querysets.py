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
        Event,
        Message,
        Outcome,
        Phrase,
        Prediction,
        Proposal,
        Question,
        Score,
        Subscription,
    )


# The index on what is open gives the first; the key settles what falls on the same moment.
_BY_REVIEW = ("while_open__review_at", "key")


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
    def without_outcome(self) -> Self:
        """Those that no outcome stands on, read from the outcomes themselves."""
        return self.filter(~Exists(_outcome_of("pk")))

    def open(self) -> Self:
        """The same, by the list that is kept of them: the cost is that of the open ones."""
        return self.filter(while_open__isnull=False)

    def settled(self) -> Self:
        """Questions with an outcome that stands, be it that they are void."""
        return self.filter(while_open__isnull=True)

    def void(self) -> Self:
        return self.filter(Exists(_outcome_of("pk").filter(answer__isnull=True)))

    def due(self, now: dt.datetime) -> Self:
        """Open questions that are due for review, the longest overdue first."""
        return self.filter(while_open__review_at__lte=now).order_by(*_BY_REVIEW)

    def due_within(self, now: dt.datetime, span: dt.timedelta) -> Self:
        """Open questions that fall due for review within the time that comes, the next first."""
        return self.due_next(now).filter(while_open__review_at__lte=now + span)

    def due_next(self, now: dt.datetime) -> Self:
        """Open questions that fall due for review later, the next first."""
        return self.filter(while_open__review_at__gt=now).order_by(*_BY_REVIEW)

    def condition_met(self, since: dt.datetime, newest: int) -> Self:
        """Open questions whose condition came true by the latest outcomes, entered since then.

        By so many of them; the latest first.
        """
        from predictions.models import Outcome  # the models import this module

        latest = Outcome.objects.current().filter(entered_at__gte=since, answer__isnull=False)
        latest = latest.order_by("-entered_at", "-id")[:newest]
        met = F("condition_question__outcomes__answer")
        return (
            self.open()
            .filter(condition_question__outcomes__in=latest.values("pk"), condition_answer=met)
            .annotate(met_at=F("condition_question__outcomes__entered_at"))
            .order_by("-met_at")
        )


class EventQuerySet(QuerySet["Event"]):
    def unlinked(self, newest: int) -> Self:
        """Of so many of the newest events those that bear on no question, the newest first."""
        latest = self.order_by("-happened_on", "-id")[:newest]
        return self.filter(pk__in=latest.values("pk"), bearings__isnull=True).order_by(
            "-happened_on", "-id"
        )


class PredictionQuerySet(QuerySet["Prediction"]):
    def in_state(self, state: str) -> Self:
        """Those of one state, as `with_state` tells it."""
        from predictions.models import SeriesTotal  # the models import this module

        current = _outcome_of("question")
        answered = current.filter(answer__isnull=False)
        match state:
            case "open":
                return self.filter(question__while_open__isnull=False)
            case "void":
                return self.filter(Exists(current.filter(answer__isnull=True)))
            case "late":
                # Totals know where to look for what is rare.
                there = SeriesTotal.objects.filter(late__gt=0).values("question")
                late = answered.filter(settled_at__lte=OuterRef("made_at"))
                return self.filter(Exists(late), question__in=there)
        return self.filter(Exists(answered.filter(settled_at__gt=OuterRef("made_at"))))

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

    def waiting_since(self, moment: dt.datetime) -> Self:
        """What could have gone out from that moment on and has not; annotates `since` when.

        By `due_at` of what nobody has tried; afterwards that is the next attempt, so by its age.
        """
        since = Case(When(attempts=0, then=F("due_at")), default=F("created_at"))
        unsent = self.filter(Q(state="waiting") | Q(state="claimed")).annotate(since=since)
        return unsent.filter(since__lte=moment).order_by("since", "id")


def suspended(address: str) -> Exists:
    """Whether nothing is sent to the address in that column."""
    from predictions.models import Suspension  # the models import this module

    return Exists(Suspension.objects.filter(email__iexact=OuterRef(address)))


class SubscriptionQuerySet(QuerySet["Subscription"]):
    def running(self, now: dt.datetime) -> Self:
        """Confirmed, not ended, and of somebody who can be written to."""
        account = Q(user__is_active=True) & ~Q(user__email="") & ~Q(suspended("user__email"))
        address = Q(user__isnull=True) & ~Q(suspended("email"))
        return self.filter(account | address, confirmed_at__lte=now, ended_at__isnull=True)
