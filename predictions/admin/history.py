"""What the ledger says happened to a subject, in lines for people."""

from dataclasses import dataclass

from ledger import journal
from predictions.models import User

_LINES = 200
_USER = "user:"


@dataclass(frozen=True)
class Line:
    sequence: int
    time: str
    kind: str
    actor: str


def history(subject: str) -> list[Line]:
    """The subject's latest entries, the oldest first."""
    entries = list(journal.about(subject).reverse()[:_LINES])
    names = _names({entry.actor for entry in entries})
    return [
        Line(
            sequence=entry.sequence,
            time=f"{entry.time[:10]} {entry.time[11:19]} UTC",
            kind=entry.kind,
            actor=names.get(entry.actor, entry.actor),
        )
        for entry in reversed(entries)
    ]


def _names(actors: set[str]) -> dict[str, str]:
    """The ledger knows people by number alone; this page is for those who may know the name."""
    numbers = [actor.removeprefix(_USER) for actor in actors if actor.startswith(_USER)]
    people = User.objects.filter(pk__in=numbers).values_list("pk", "username")
    return {f"{_USER}{pk}": name for pk, name in people} | {"system": "the service"}
