"""Reports whose period has ended, each to its subscription.

Each pass holds an advisory lock, so that two beats, or a beat and a person at the command line,
take turns; the unique constraints of the tables are the last word.
"""

import datetime as dt
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db import transaction

from ledger import checkpoints
from predictions.mail.drafts import Draft, message_queue
from predictions.mail.periods import Span, last_boundary, zone_of
from predictions.mail.reporting import (
    Calendar,
    Content,
    Edition,
    Stretch,
    addressed,
    content_of,
    edition_of,
)
from predictions.models import Report, Subscription
from predictions.scorecards import Scope
from predictions.services.sweeps import take_turns


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
        press = _Press(checkpoint, now)
        for one in due:
            _queue_report(one, press)
    return len(due)


@dataclass(frozen=True)
class _Due:
    """A subscription whose report is due, and the one before it."""

    subscription: Subscription
    last: Report | None
    end: dt.datetime

    @property
    def scope(self) -> Scope:
        one = self.subscription
        return Scope(
            forecaster=one.forecaster.key if one.forecaster else "",
            outlet=one.outlet.key if one.outlet else "",
            topic=one.topic.key if one.topic else "",
        )

    @property
    def span(self) -> Span:
        return Span(self.last.period_end if self.last else None, self.end)

    @property
    def told_to(self) -> int:
        """The last entry of which it was told."""
        return self.last.ledger_size if self.last else 0

    @property
    def since(self) -> dt.datetime | None:
        return self.last.created_at if self.last else None


def next_report(
    *, subscription: Subscription, checkpoint: checkpoints.Signed, now: dt.datetime
) -> Draft:
    """What a subscription would be sent if its period ended now. Writes nothing."""
    due = _Due(subscription, subscription.reports.order_by("-period_end").first(), now)
    edition = _Press(checkpoint, now).edition(due)
    return addressed(edition, subscription=subscription, key=uuid.uuid4())


def _due_reports(now: dt.datetime) -> Iterator[_Due]:
    running = Subscription.objects.running(now).order_by("pk")
    for subscription in running.select_related("user", "forecaster", "outlet", "topic"):
        last = subscription.reports.order_by("-period_end").first()
        zone = zone_of(subscription.time_zone)
        end = last_boundary(subscription.period, now, zone) if last else now
        if last is None or last.period_end < end:
            yield _Due(subscription, last, end)


@dataclass
class _Press:
    """What one pass reads and prints, once for all who read the same."""

    checkpoint: checkpoints.Signed
    now: dt.datetime
    _contents: dict[tuple[object, ...], Content] = field(default_factory=dict)
    _editions: dict[tuple[object, ...], Edition] = field(default_factory=dict)

    def edition(self, due: _Due) -> Edition:
        calendar = Calendar.of(
            language=due.subscription.language, time_zone=due.subscription.time_zone
        )
        key = (due.scope, due.told_to, due.since, due.span, calendar)
        if key not in self._editions:
            self._editions[key] = edition_of(
                self._content(due),
                about=due.subscription.subject,
                calendar=calendar,
                span=due.span,
            )
        return self._editions[key]

    def _content(self, due: _Due) -> Content:
        key = (due.scope, due.told_to, due.since)
        if key not in self._contents:
            stretch = Stretch(due.scope, after=due.told_to, until=self.checkpoint.size)
            self._contents[key] = content_of(
                stretch, since=due.since, checkpoint=self.checkpoint, now=self.now
            )
        return self._contents[key]


def _queue_report(due: _Due, press: _Press) -> None:
    head = press.checkpoint.head
    report = Report(
        subscription=due.subscription,
        period_start=due.span.start,
        period_end=due.end,
        ledger_size=head.size,
        ledger_root=head.root,
        created_at=press.now,
    )
    edition = press.edition(due)
    draft = addressed(edition, subscription=due.subscription, key=report.key)
    report.message = message_queue(draft, now=press.now)
    report.save(force_insert=True)
