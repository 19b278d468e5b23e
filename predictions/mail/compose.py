"""What a message says. Builds text and HTML of equal worth; sends nothing, writes nothing."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from ledger.checkpoints import Signed
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
    attachments: list[dict[str, str]] = field(default_factory=list)


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
    checkpoint: Signed
    keys: tuple[str, ...]  # that have signed it: whoever has only the mail has them from elsewhere


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
    """The scored report of a period, with the signed head of the ledger that it shows."""
    span = "everything so far" if content.since is None else f"since {content.since:%Y-%m-%d}"
    return _draft(
        MessageKind.REPORT,
        recipient,
        f"Scored report, {span}: {_plural(len(content.outcomes), 'outcome')}",
        {"report": content, "head": content.checkpoint.head},
        attachments=[
            {"name": "checkpoint.txt", "type": "text/plain", "text": content.checkpoint.note}
        ],
    )


def outcome_blocks(outcomes: Iterable[Outcome]) -> tuple[OutcomeBlock, ...]:
    """Outcomes with the standing scores of their predictions, the best score first.

    That is the Brier score, of options in order the RPS, of numbers and dates the CRPS.
    """
    outcomes = list(outcomes)
    standing = (
        Score.objects.standing()
        .filter(outcome__in=outcomes)
        .select_related("prediction__forecaster", "prediction__question")
        .order_by("value", "pk")
    )
    logs = {score.prediction_id: score for score in standing if score.rule == Rule.LOG}
    lines: dict[UUID, list[ScoredLine]] = {}
    for score in standing:
        if score.rule != Rule.LOG:
            line = ScoredLine(score, logs.get(score.prediction_id))
            lines.setdefault(score.outcome_id, []).append(line)
    return tuple(OutcomeBlock(one, tuple(lines.get(one.pk, ()))) for one in outcomes)


def _draft(
    kind: MessageKind,
    recipient: str,
    subject: str,
    context: dict[str, Any],
    attachments: Sequence[dict[str, str]] = (),
) -> Draft:
    context = {"subject": subject, "site_url": settings.SITE_URL, **context}
    # A subject is one line, whatever a question's key or title holds.
    return Draft(
        kind=kind,
        recipient=recipient,
        subject=" ".join(subject.split())[:300],
        text=render_to_string(f"mail/{kind}.txt", context).strip() + "\n",
        html=render_to_string(f"mail/{kind}.html", context),
        attachments=list(attachments),
    )


def _page(question: Question) -> str:
    path = reverse("admin:predictions_question_change", args=[question.pk])
    return f"{settings.SITE_URL}{path}"


def _plural(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
