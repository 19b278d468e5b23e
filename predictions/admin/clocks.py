"""Whether what runs by itself does: when each last did, what is late, what was given up."""

import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.db.models import TextField, Value
from django.db.models.functions import Cast

from ledger.listing import count_up_to
from predictions.models import Message, Sweep
from predictions.models.choices import MessageState
from predictions.models.notices import TURNS


@dataclass(frozen=True)
class Clock:
    """Something that comes round by itself: when it last did, and whether it is late."""

    name: str
    at: dt.datetime | None
    late: bool


@dataclass(frozen=True)
class Running:
    """The sweeps, and the mail: late if a message waits that should be out."""

    sweeps: tuple[Clock, ...]
    mail: Clock
    given_up: int  # counted up to a bound

    @property
    def clocks(self) -> tuple[Clock, ...]:
        return (*self.sweeps, self.mail)


def running(now: dt.datetime) -> Running:
    """Read in two queries, of which neither looks at more than a few rows."""
    sweeps = Sweep.objects.order_by().values_list(Cast("name", TextField()), "ended_at")
    sent = Message.objects.filter(state=MessageState.SENT).order_by("-sent_at")
    patience = dt.timedelta(seconds=TURNS * settings.SWEEP_SECONDS)
    stuck = Message.objects.deliverable(now - patience)
    rows = sweeps.union(
        sent.values_list(Value("sent"), "sent_at")[:1],
        stuck.values_list(Value("stuck"), "due_at")[:1],
        all=True,
    )
    told = dict(rows)
    last_sent, waits = told.pop("sent", None), "stuck" in told
    told.pop("stuck", None)
    ended = [Sweep(name=name, ended_at=at) for name, at in sorted(told.items())]
    return Running(
        sweeps=tuple(Clock(row.name.capitalize(), row.ended_at, row.is_late(now)) for row in ended),
        mail=Clock("Last mail", last_sent, waits),
        given_up=count_up_to(Message.objects.filter(state=MessageState.DEAD)),
    )
