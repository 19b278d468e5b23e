"""What a message says. Builds text and HTML of equal worth; sends nothing, writes nothing."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from ledger.journal import TreeHead
from predictions.models import Outcome, Question, Score
from predictions.models.choices import MessageKind, Rule
from predictions.scorecards import Compared, Scoreboard


@dataclass(frozen=True)
class Draft:
    """A message to one recipient, not yet a row."""

    kind: MessageKind
    recipient: str
    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class ScoredLine:
    """One prediction in a report, with what it earned; None where it was not scored."""

    score: Score
    log: Score | None


@dataclass(frozen=True)
class OutcomeBlock:
    """One outcome in a report, its scored predictions from best to worst."""

    outcome: Outcome
    lines: tuple[ScoredLine, ...]


@dataclass(frozen=True)
class ReportContent:
    """All that a report tells. `since` is None for one over everything so far."""

    since: dt.datetime | None
    until: dt.datetime
    outcomes: tuple[OutcomeBlock, ...]
    board: Scoreboard
    compared: tuple[Compared, ...]
    overdue: tuple[Question, ...]
    due_next: tuple[Question, ...]
    head: TreeHead


def reminder(*, recipient: str, questions: Sequence[Question], now: dt.datetime) -> Draft:
    """One message that lists everything a person has to review."""
    keys = ", ".join(question.key for question in questions)
    noun = "question is" if len(questions) == 1 else "questions are"
    context = {
        "now": now,
        "questions": [
            {"question": question, "days": (now - question.review_at).days, "url": _page(question)}
            for question in questions
            if question.review_at
        ],
    }
    return _draft(
        MessageKind.REMINDER,
        recipient,
        f"{len(questions)} {noun} due for review: {keys}",
        context,
    )


def report(*, recipient: str, content: ReportContent) -> Draft:
    """The scored report of a period."""
    span = "everything so far" if content.since is None else f"since {content.since:%Y-%m-%d}"
    return _draft(
        MessageKind.REPORT,
        recipient,
        f"Scored report, {span}: {_plural(len(content.outcomes), 'outcome')}",
        {"report": content},
    )


def outcome_block(outcome: Outcome) -> OutcomeBlock:
    """An outcome with the standing scores of its predictions, the best Brier score first."""
    standing = outcome.scores.standing().select_related("prediction__forecaster")
    logs = {score.prediction_id: score for score in standing.filter(rule=Rule.LOG)}
    return OutcomeBlock(
        outcome=outcome,
        lines=tuple(
            ScoredLine(score, logs.get(score.prediction_id))
            for score in standing.filter(rule=Rule.BRIER).order_by("value", "pk")
        ),
    )


def _draft(kind: MessageKind, recipient: str, subject: str, context: dict[str, Any]) -> Draft:
    context = {"subject": subject, "site_url": settings.SITE_URL, **context}
    # A subject is one line, whatever a question's key or title holds.
    return Draft(
        kind=kind,
        recipient=recipient,
        subject=" ".join(subject.split())[:300],
        text=render_to_string(f"mail/{kind}.txt", context).strip() + "\n",
        html=render_to_string(f"mail/{kind}.html", context),
    )


def _page(question: Question) -> str:
    path = reverse("admin:predictions_question_change", args=[question.pk])
    return f"{settings.SITE_URL}{path}"


def _plural(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
