"""Whether what runs by itself does: when each pass last ended, what is late, what was given up.

Read whenever somebody asks and noted by nobody, so that it also tells when nothing runs at all.
"""

import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.db.models import TextField, Value
from django.db.models.functions import Cast

from ledger.listing import COUNTED, CountUpTo
from predictions.models import Message, Sweep
from predictions.models.choices import MessageState

_SWEEPS = ("checkpoints", "deliveries", "reminders", "reports")


@dataclass(frozen=True)
class Clock:
    """Something that comes round by itself: when it last did, and whether it is late.

    What never did is not called late: nobody knows since when it should have.
    """

    name: str
    at: dt.datetime | None
    late: bool


@dataclass(frozen=True)
class Running:
    """The passes, and the mail: late if some has waited for longer than `MAIL_LATE_MINUTES`."""

    sweeps: tuple[Clock, ...]
    accepted_at: dt.datetime | None  # when the mail server took the last one
    waiting_since: dt.datetime | None  # the one that waits longest, if it is late
    given_up: int  # counted up to a bound

    @property
    def have_begun(self) -> bool:
        """Whether every pass has ended once."""
        return all(clock.at for clock in self.sweeps)

    @property
    def mail_is_late(self) -> bool:
        return self.waiting_since is not None

    @property
    def clocks(self) -> tuple[Clock, ...]:
        return (*self.sweeps, Clock("last mail", self.accepted_at, self.mail_is_late))


def running(now: dt.datetime) -> Running:
    """Read in one query, which looks at no more rows than it must."""
    none = Value(0)
    sweeps = Sweep.objects.order_by().values_list(Cast("name", TextField()), "ended_at", none)
    sent = Message.objects.filter(state=MessageState.SENT).order_by("-sent_at")
    patience = dt.timedelta(minutes=settings.MAIL_LATE_MINUTES)
    stuck = Message.objects.waiting_since(now - patience)
    dead = Message.objects.filter(state=MessageState.DEAD)
    given_up = CountUpTo(dead.order_by().values("pk")[: COUNTED + 1])
    rows = sweeps.union(
        sent.values_list(Value("sent"), "sent_at", none)[:1],
        stuck.values_list(Value("stuck"), "since", none)[:1],
        dead.order_by("created_at").values_list(Value("dead"), "created_at", given_up)[:1],
        all=True,
    )
    told = {name: (at, count) for name, at, count in rows}
    accepted_at, _ = told.pop("sent", (None, 0))
    waiting_since, _ = told.pop("stuck", (None, 0))
    _, count = told.pop("dead", (None, 0))
    ended = dict.fromkeys(_SWEEPS) | {name: at for name, (at, _) in told.items()}
    return Running(
        sweeps=tuple(_clock(name, ended[name], accepted_at, now) for name in sorted(ended)),
        accepted_at=accepted_at,
        waiting_since=waiting_since,
        given_up=count,
    )


def _clock(
    name: str, ended_at: dt.datetime | None, accepted_at: dt.datetime | None, now: dt.datetime
) -> Clock:
    # A delivery that has much to send ends late, and meanwhile shows by what it sends.
    by_mail = accepted_at if name == "deliveries" else None
    seen = max((at for at in (ended_at, by_mail) if at), default=None)
    return Clock(name, ended_at, seen is not None and Sweep(name=name, ended_at=seen).is_late(now))
