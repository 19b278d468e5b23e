"""From drafts to rows: reminders of what is due, and reports whose period has ended.

Each pass holds an advisory lock, so that two beats, or a beat and a person at the command line,
take turns; the unique constraints of the tables are the last word.
"""

import datetime as dt
import uuid
from collections.abc import Iterator
from email.utils import parseaddr

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from ledger import checkpoints, journal
from ledger.notes import open_note
from predictions.mail import compose
from predictions.mail.periods import last_boundary
from predictions.models import Message, Outcome, Question, Reminder, Report, Subscription, User
from predictions.models.choices import MessageState, Stage
from predictions.scorecards import compared, scoreboard
from predictions.services.sweeps import take_turns

_DUE_NEXT = 10


@transaction.atomic
def reminders_queue(*, now: dt.datetime) -> int:
    """Queue one message a person with everything due that they were not told; returns how many.

    A review missed many times is due once. A question that has no reviewer is told to every
    administrator, so that nothing falls due in silence.
    """
    take_turns("reminders")
    administrators = list(_reachable().filter(is_superuser=True))
    questions = list(Question.objects.due(now).select_related("reviewer"))
    told = set(
        Reminder.objects.filter(question__in=questions).values_list(
            "question_id", "recipient_id", "due_version"
        )
    )
    due: dict[User, list[Question]] = {}
    for question in questions:
        for person in _recipients(question, administrators):
            if (question.pk, person.pk, question.due_version) not in told:
                due.setdefault(person, []).append(question)
    for person, theirs in due.items():
        _queue_reminder(person, theirs, now)
    return len(due)


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
    for subscription in Subscription.objects.filter(
        confirmed_at__lte=now, ended_at__isnull=True, user__in=_reachable()
    ).select_related("user"):
        last = subscription.reports.order_by("-period_end").first()
        until = last_boundary(subscription.period, now) if last else now
        if last is None or last.period_end < until:
            yield subscription, last, until


def report_content(
    *, last: Report | None, checkpoint: checkpoints.Signed, now: dt.datetime
) -> compose.ReportContent:
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
    return compose.ReportContent(
        since=last.created_at if last else None,
        until=now,
        outcomes=compose.outcome_blocks(outcomes),
        board=scoreboard(),
        compared=compared(),
        overdue=tuple(Question.objects.due(now)),
        due_next=tuple(Question.objects.due_next(now)[:_DUE_NEXT]),
        checkpoint=checkpoint,
        keys=_signers(checkpoint),
    )


def _signers(checkpoint: checkpoints.Signed) -> tuple[str, ...]:
    return tuple(map(str, open_note(checkpoint.note, checkpoints.verifier_keys()).verified))


def _queue_reminder(person: User, questions: list[Question], now: dt.datetime) -> None:
    message = _queue(
        compose.reminder(recipient=person.email, questions=questions, now=now), now=now
    )
    Reminder.objects.bulk_create(
        Reminder(
            question=question,
            recipient=person,
            due_version=question.due_version,
            stage=Stage.DUE,
            message=message,
        )
        for question in questions
    )


def _queue_report(
    subscription: Subscription,
    last: Report | None,
    until: dt.datetime,
    content: compose.ReportContent,
) -> None:
    draft = compose.report(recipient=subscription.user.email, content=content)
    head = content.checkpoint.head
    Report.objects.create(
        subscription=subscription,
        period_start=last.period_end if last else None,
        period_end=until,
        message=_queue(draft, now=content.until),
        ledger_size=head.size,
        ledger_root=head.root,
        created_at=content.until,
    )


def _queue(draft: compose.Draft, *, now: dt.datetime) -> Message:
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return Message.objects.create(
        kind=draft.kind,
        recipient=draft.recipient,
        subject=draft.subject,
        text=draft.text,
        html=draft.html,
        attachments=draft.attachments,
        message_id=f"<{uuid.uuid4()}@{domain}>",
        state=MessageState.WAITING,
        due_at=now,
        created_at=now,
    )


def _reachable() -> QuerySet[User]:
    return User.objects.filter(is_active=True).exclude(email="")


def _recipients(question: Question, administrators: list[User]) -> list[User]:
    reviewer = question.reviewer
    if reviewer and reviewer.is_active and reviewer.email:
        return [reviewer]
    return administrators
