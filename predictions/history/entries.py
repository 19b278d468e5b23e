"""Which entries concern an object, and what they say."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from ledger import journal, parts
from ledger.errors import EncodingError
from predictions.models import (
    Bearing,
    Event,
    Fact,
    Outcome,
    OutcomeEvidence,
    Prediction,
    Question,
    Score,
)
from predictions.models.base import BEFORE, WHY

# More than these of what hangs on an object are in the lists.
_MOST = 200
_TABLES = frozenset({BEFORE, WHY})
Facts = dict[str, Any]


@dataclass(frozen=True)
class Said:
    """An entry, with its personal parts as far as they are kept. Unreadable bytes say no facts."""

    sequence: int
    uuid: str
    time: str
    kind: str
    actor: str
    facts: Facts

    def rows(self, table: str) -> list[Facts]:
        """The rows of a table as they stood after the entry."""
        rows = self.facts.get(table)
        return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []

    def row(self, key: str) -> tuple[str, Facts] | None:
        """The row of this id, and of which table it is."""
        for table in self.facts.keys() - _TABLES:
            for row in self.rows(table):
                if row.get("id") == key:
                    return table, row
        return None

    @property
    def before(self) -> dict[str, str]:
        """Of each row that the entry changed, by its id, the entry that said it until then."""
        return {row["id"]: row["entry"] for row in self.rows(BEFORE)}

    @property
    def why(self) -> str:
        return next((str(row["reason"]) for row in self.rows(WHY)), "")


def read(entries: Iterable[Any]) -> list[Said]:
    """Entries as they are said, their parts in one query, if they have any."""
    found = list(entries)
    bodies = [_facts(entry) for entry in found]
    if any(True for body in bodies for _ in parts.committed(body)):
        bodies = [_plain(body) for body in parts.revealed_each(bodies)]
    return [
        Said(entry.sequence, str(entry.uuid), entry.time, entry.kind, entry.actor, body)
        for entry, body in zip(found, bodies, strict=True)
    ]


def _facts(entry: Any) -> Facts:
    try:
        facts = journal.body_of(entry).get("facts")
    except EncodingError:  # verification says what is wrong with it
        return {}
    return facts if isinstance(facts, dict) else {}


def _plain(value: Any) -> Any:
    """With the part in place of each commitment."""
    match value:
        case {"hmac": str(), "part": part}:
            return part
        case dict():
            return {key: _plain(one) for key, one in value.items()}
        case list():
            return [_plain(one) for one in value]
    return value


def concerning(row: Fact, *, until: int | None, most: int) -> list[Any]:
    """The newest entries that concern an object, the newest first: those before `until`, if given.

    Bounded, and by indexes: an object that is one of many in its question's entries is followed
    back from entry to entry.
    """
    found = {entry.sequence: entry for entry in _all(row, until, most)}
    return [found[sequence] for sequence in sorted(found, reverse=True)][:most]


def _all(row: Fact, until: int | None, most: int) -> Iterator[Any]:
    if subject := _subject(row):
        entries = journal.about(subject).reverse()
        yield from (entries.filter(sequence__lt=until) if until else entries)[:most]
    if linked := _linked(row):
        followed = journal.lineage(linked, most=_MOST)
        yield from (entry for entry in followed if until is None or entry.sequence < until)


def _subject(row: Fact) -> str:
    """The subject of which every entry concerns the object; empty where it is one of many."""
    shared = isinstance(row, Prediction | Bearing | Score) or not _is_its_own(row)
    return "" if shared else row.subject


def _is_its_own(row: Fact) -> bool:
    return row.subject.partition(":")[0] == row._meta.model_name


def _linked(row: Fact) -> dict[UUID, UUID]:
    """Rows that concern an object whatever their subject, with their last entries."""
    linked: dict[UUID, UUID] = {} if _subject(row) else {row.pk: row.entry}
    match row:
        case Question():
            rows: Iterable[Any] = row.bearings.all()[:_MOST]
        case Event():
            rows = OutcomeEvidence.objects.filter(event=row)[:_MOST]
        case Prediction():
            rows = row.postings()[:_MOST]
        case Outcome():
            later = Outcome.objects.filter(corrects=row)
            rows = [*later, *row.scores.order_by()[:_MOST]]
        case Score():
            rows = Score.objects.filter(reverses=row)
        case _:
            rows = ()
    return linked | {other.pk: other.entry for other in rows}


def entries_before(said: Sequence[Said]) -> dict[str, Said]:
    """What said, before these entries, the rows that they changed: by uuid."""
    known = {one.uuid: one for one in said}
    wanted = {uuid for one in said for uuid in one.before.values()} - known.keys()
    if not wanted:
        return known
    return known | {one.uuid: one for one in read(journal.said_by(wanted))}
