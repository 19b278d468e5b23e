"""Reports whose period has ended, each to its subscription.

Each pass holds an advisory lock, so that two beats, or a beat and a person at the command line,
take turns; the unique constraints of the tables are the last word.
"""

import datetime as dt
from collections.abc import Iterator

from django.db import transaction

from ledger import checkpoints, journal
from ledger.notes import open_note
from predictions.mail.drafts import message_queue
from predictions.mail.periods import last_boundary
from predictions.mail.report_content import ReportContent, outcome_blocks, report
from predictions.models import Outcome, Question, Report, Subscription
from predictions.scorecards import compared, scoreboard
from predictions.services.sweeps import take_turns

_DUE_NEXT = 10


def reports_queue(*, now: dt.datetime) -> int:
    """Queue a report for each confirmed subscription whose period has ended; returns how many.

    A new subscription gets its first at once, over everything so far. Each later one begins where
    the one before it ended, so that nothing is told twice and nothing is left out. Each shows the
    ledger's head and carries it signed; raises WillNotSign, and queues none, if that is refused.
    """
    if not any(_due_reports(now)):
        return 0
    checkpoints.key_introduce()
    return _queue_due_reports(now)


@transaction.atomic
def _queue_due_reports(now: dt.datetime) -> int:
    take_turns("reports")
    due = list(_due_reports(now))
    if due:
        # An empty ledger is signed for a report alone.
        checkpoint = checkpoints.checkpoint_make() or checkpoints.checkpoint_make(force=True)
        for subscription, last, until in due:
            content = report_content(last=last, checkpoint=checkpoint, now=now)
            _queue_report(subscription, last, until, content)
    return len(due)


def _due_reports(
    now: dt.datetime,
) -> Iterator[tuple[Subscription, Report | None, dt.datetime]]:
    """Subscriptions whose report is due, each with its last one and the end of the period."""
    for subscription in Subscription.objects.running(now).select_related("user"):
        last = subscription.reports.order_by("-period_end").first()
        until = last_boundary(subscription.period, now) if last else now
        if last is None or last.period_end < until:
            yield subscription, last, until


def report_content(
    *, last: Report | None, checkpoint: checkpoints.Signed, now: dt.datetime
) -> ReportContent:
    """What a report tells that follows `last`: what the ledger took up since, to the checkpoint.

    By the ledger and not by the clock, for an outcome entered before may be committed after the
    last report was written.
    """
    since, until = last.ledger_size if last else 0, checkpoint.head.size
    entries = journal.appended(after=since, until=until)
    outcomes = (
        Outcome.objects.latest_words()
        .filter(entry__in=entries.filter(kind__startswith="outcome.").values("uuid"))
        .select_related("question", "corrects__corrects")
        .order_by("settled_at", "question__key")
    )
    return ReportContent(
        since=last.created_at if last else None,
        until=now,
        outcomes=outcome_blocks(outcomes),
        board=scoreboard(),
        compared=compared(),
        overdue=tuple(Question.objects.due(now)),
        due_next=tuple(Question.objects.due_next(now)[:_DUE_NEXT]),
        checkpoint=checkpoint,
        keys=_signers(checkpoint),
    )


def _signers(checkpoint: checkpoints.Signed) -> tuple[str, ...]:
    return tuple(map(str, open_note(checkpoint.note, checkpoints.verifier_keys()).verified))


def _queue_report(
    subscription: Subscription,
    last: Report | None,
    until: dt.datetime,
    content: ReportContent,
) -> None:
    draft = report(recipient=subscription.recipient, content=content)
    head = content.checkpoint.head
    Report.objects.create(
        subscription=subscription,
        period_start=last.period_end if last else None,
        period_end=until,
        message=message_queue(draft, now=content.until),
        ledger_size=head.size,
        ledger_root=head.root,
        created_at=content.until,
    )
