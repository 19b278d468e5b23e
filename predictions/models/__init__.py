"""The tables. Facts are written by `services` alone, each with its ledger entry."""

from predictions.models.agenda import OpenQuestion
from predictions.models.base import Fact
from predictions.models.evidence import Bearing, Event, Outcome, OutcomeEvidence, Review
from predictions.models.notices import Message, Suspension, Sweep
from predictions.models.people import ApiToken, IdempotencyKey, User
from predictions.models.proposals import Proposal
from predictions.models.questions import Prediction, Question, Statement
from predictions.models.reminders import Reminder, ReminderPolicy, Snooze
from predictions.models.scores import Score
from predictions.models.sources import Article, Forecaster, Outlet, Phrase, Topic
from predictions.models.subscriptions import Report, Subscription
from predictions.models.texts import ArticleText
from predictions.models.totals import Rescoring, SeriesTotal, Total
from predictions.models.uploads import Upload
from predictions.models.verifications import Verification

# In the order in which one may refer to the next.
FACTS: tuple[type[Fact], ...] = (
    Topic,
    Outlet,
    Article,
    Forecaster,
    Phrase,
    Question,
    Prediction,
    Statement,
    Event,
    Bearing,
    Outcome,
    OutcomeEvidence,
    Review,
    Score,
)

__all__ = [
    "FACTS",
    "ApiToken",
    "Article",
    "ArticleText",
    "Bearing",
    "Event",
    "Fact",
    "Forecaster",
    "IdempotencyKey",
    "Message",
    "OpenQuestion",
    "Outcome",
    "OutcomeEvidence",
    "Outlet",
    "Phrase",
    "Prediction",
    "Proposal",
    "Question",
    "Reminder",
    "ReminderPolicy",
    "Report",
    "Rescoring",
    "Review",
    "Score",
    "SeriesTotal",
    "Snooze",
    "Statement",
    "Subscription",
    "Suspension",
    "Sweep",
    "Topic",
    "Total",
    "Upload",
    "User",
    "Verification",
]
