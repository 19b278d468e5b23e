"""What a report tells, and the message that tells it. Builds; sends nothing, writes nothing."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from ledger.checkpoints import Signed
from predictions.mail.drafts import Draft, drafted
from predictions.models import Outcome, Question, Score
from predictions.models.choices import MessageKind, Rule
from predictions.scorecards import Compared, Scoreboard


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


def report(*, recipient: str, content: ReportContent) -> Draft:
    """The scored report of a period, with the signed head of the ledger that it shows."""
    span = "everything so far" if content.since is None else f"since {content.since:%Y-%m-%d}"
    return drafted(
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


def _plural(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
