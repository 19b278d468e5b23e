"""A scored report over many predictions, read and printed."""

import datetime as dt
from collections.abc import Iterator
from statistics import median

from ledger.checkpoints import checkpoint_make, key_introduce
from tests.bench import logs
from tests.bench.harness import Row, Target, duration, progress, rounds_for, timed
from tests.settled import settle

NOW = dt.datetime(2026, 11, 25, tzinfo=dt.UTC)
MOST = 100_000
FORECASTERS, REVISIONS = 100, 3
SECONDS = 5


def rows(size: int) -> Iterator[Row]:
    """Of so many predictions, 100,000 at most, each with two scores."""
    from predictions.mail.periods import Span
    from predictions.mail.reporting import Calendar, Stretch, content_of, edition_of
    from predictions.scorecards import Scope

    logs.clear()
    size = min(size, MOST)
    progress(f"making {size:,} scored predictions")
    questions = max(1, size // FORECASTERS // REVISIONS)
    settle(questions=questions, forecasters=FORECASTERS, revisions=REVISIONS)
    key_introduce()
    checkpoint = checkpoint_make()
    assert checkpoint

    def act() -> None:
        stretch = Stretch(Scope(), after=0, until=checkpoint.size)
        content = content_of(stretch, since=None, checkpoint=checkpoint, now=NOW)
        calendar = Calendar.of(language="en", time_zone="UTC")
        edition_of(content, about=None, calendar=calendar, span=Span(None, NOW))

    times = [timed(act) for _ in range(rounds_for(size, 3))]
    yield Row(
        f"a report over the scores of {size:,} predictions",
        ours=duration(median(times)),
        floor="",
        figure=median(times),
        unit="s",
        spread=f"{min(times):.2f}-{max(times):.2f}",
        target=Target("<", SECONDS),
    )
