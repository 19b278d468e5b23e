"""Whether what runs by itself does: when each last did, what is late, what was given up."""

import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.db.models import TextField, Value
from django.db.models.functions import Cast

from predictions.admin.counting import counted
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
    """Read in one query, which looks at no more rows than it must."""
    none = Value(0)
    sweeps = Sweep.objects.order_by().values_list(Cast("name", TextField()), "ended_at", none)
    sent = Message.objects.filter(state=MessageState.SENT).order_by("-sent_at")
    patience = dt.timedelta(seconds=TURNS * settings.SWEEP_SECONDS)
    stuck = Message.objects.deliverable(now - patience)
    dead = Message.objects.filter(state=MessageState.DEAD)
    rows = sweeps.union(
        sent.values_list(Value("sent"), "sent_at", none)[:1],
        stuck.values_list(Value("stuck"), "due_at", none)[:1],
        dead.order_by("created_at").values_list(Value("dead"), "created_at", counted(dead))[:1],
        all=True,
    )
    told = {name: (at, count) for name, at, count in rows}
    last_sent, _ = told.pop("sent", (None, 0))
    stuck_since, _ = told.pop("stuck", (None, 0))
    _, given_up = told.pop("dead", (None, 0))
    ended = [Sweep(name=name, ended_at=at) for name, (at, _) in sorted(told.items())]
    return Running(
        sweeps=tuple(Clock(row.name.capitalize(), row.ended_at, row.is_late(now)) for row in ended),
        mail=Clock("Last mail", last_sent, stuck_since is not None),
        given_up=given_up,
    )
