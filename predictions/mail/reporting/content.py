"""All that a report tells, read in a fixed number of statements."""

import datetime as dt
from dataclasses import dataclass, replace

from ledger.checkpoints import Signed, verifier_keys
from ledger.notes import open_note
from predictions import charts
from predictions.charts import Picture
from predictions.mail.reporting.blocks import Told, told_of
from predictions.mail.reporting.sheet import Sheet, sheet_of
from predictions.mail.reporting.some import Some
from predictions.mail.reporting.standings import Standings, standings_of
from predictions.mail.reporting.stretch import Stretch
from predictions.models import Question
from predictions.querysets import QuestionQuerySet
from predictions.scorecards import calibration_of

MOST_DUE = 10


@dataclass(frozen=True)
class Content:
    """What there is to tell. `since` is when the last report was written; None for everything.

    `calibration` is None where nothing is scored.
    """

    since: dt.datetime | None
    until: dt.datetime
    told: Told
    standings: Standings
    calibration: Picture | None
    sheet: Sheet | None
    overdue: Some[Question]
    due_next: Some[Question]
    checkpoint: Signed
    keys: tuple[str, ...]  # that have signed it: whoever has only the mail has them from elsewhere

    def shortened(self, most: int) -> "Content":
        """With no list longer than that; what each leaves out is still counted."""
        return replace(
            self,
            told=self.told.shortened(most),
            standings=replace(self.standings, rows=self.standings.rows.first(most)),
            overdue=self.overdue.first(most),
            due_next=self.due_next.first(most),
        )


def content_of(
    stretch: Stretch, *, since: dt.datetime | None, checkpoint: Signed, now: dt.datetime
) -> Content:
    """What a report tells of a stretch of the ledger, which the checkpoint ends."""
    calibration = calibration_of(stretch.scope)
    return Content(
        since=since,
        until=now,
        told=told_of(stretch),
        standings=standings_of(stretch),
        calibration=charts.calibration(calibration) if calibration else None,
        sheet=sheet_of(stretch),
        overdue=_some(stretch.within(Question.objects.due(now))),
        due_next=_some(stretch.within(Question.objects.due_next(now))),
        checkpoint=checkpoint,
        keys=tuple(map(str, open_note(checkpoint.note, verifier_keys()).verified)),
    )


def _some(questions: QuestionQuerySet) -> Some[Question]:
    return Some(tuple(questions[:MOST_DUE]), questions.count())
