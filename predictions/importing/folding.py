"""What rows say together of each question: who predicted what on it, and what became of it."""

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from predictions.importing.findings import Finding
from predictions.importing.rows import OF_QUESTION, Row
from predictions.when import display

_CRITERIA = "as in the source"


@dataclass(frozen=True)
class Said:
    """What one row's cell says of its question."""

    value: Any
    line: int


@dataclass(frozen=True)
class Asked:
    """A question as a file has it. `said` holds, of each of its columns, the cell that counts."""

    key: str
    # By made_at, then as they stand in the file: a later one revises an earlier.
    rows: Sequence[Row]
    said: Mapping[str, Said]

    def given(self, column: str) -> Any:
        """What the file says, or None."""
        return self.said[column].value if column in self.said else None

    def line_of(self, *columns: str) -> int:
        """Where the first of these columns that is given stands, else where the question does."""
        lines = [self.said[column].line for column in columns if column in self.said]
        return lines[0] if lines else self.rows[0].line

    @property
    def text(self) -> str:
        return self.given("text") or self.key

    @property
    def criteria(self) -> str:
        return self.given("criteria") or _CRITERIA

    @property
    def opened_at(self) -> dt.datetime:
        return self.given("opened_at") or self.rows[0].made_at

    @property
    def due_at(self) -> dt.datetime | None:
        due_at: dt.datetime | None = self.given("due_at") or self.given("resolved_at")
        return due_at

    @property
    def settled_at(self) -> dt.datetime | None:
        """When the world decided; None without an outcome, or where the file does not say."""
        ended: dt.datetime | None = self.given("resolved_at") or self.given("due_at")
        return ended if self.given("outcome") else None


@dataclass(frozen=True)
class Folded:
    questions: list[Asked]
    problems: list[Finding]
    warnings: list[Finding]


def fold(rows: Sequence[Row], *, now: dt.datetime, spoiled: Collection[str] = ()) -> Folded:
    """The questions of these rows, in the order in which each comes first.

    Of those `spoiled` by a row that could not be read nothing is judged.
    """
    by_question: dict[str, list[Row]] = {}
    for row in rows:
        by_question.setdefault(row.question, []).append(row)
    folded = Folded([], [], [])
    for key, together in by_question.items():
        folded.problems.extend(_from_the_future(together, now))
        if key in spoiled:
            continue
        together.sort(key=lambda row: (row.made_at, row.line))
        asked = Asked(key, together, _said(together))
        folded.questions.append(asked)
        folded.problems.extend(_contradictions(asked))
        folded.warnings.extend(_differences(asked))
        folded.warnings.extend(_oddities(asked, now))
    return folded


def _from_the_future(rows: Sequence[Row], now: dt.datetime) -> Iterator[Finding]:
    for row in rows:
        # By the day: a bare date stands for its end, which today has not reached yet.
        if row.made_at.date() > now.date():
            problem = f"{display(row.made_at)} is in the future; give today or an earlier day"
            yield Finding(row.line, "made_at", problem)


def _said(rows: Sequence[Row]) -> dict[str, Said]:
    """Of each column the cell of the latest row that fills it."""
    return {
        column: Said(value, row.line)
        for row in rows
        for column in OF_QUESTION
        if (value := getattr(row, column))
    }


def _contradictions(asked: Asked) -> Iterator[Finding]:
    given = sorted((row.line, row.outcome) for row in asked.rows if row.outcome)
    for line, outcome in given:
        if outcome != given[0][1]:
            problem = f"{outcome} for {asked.key}, and {given[0][1]} in line {given[0][0]}"
            yield Finding(line, "outcome", f"{problem}; a question has one outcome")
    if given and asked.settled_at is None:
        problem = "is empty, and so is due_at; say when the outcome came about"
        yield Finding(asked.line_of("outcome"), "resolved_at", problem)


def _differences(asked: Asked) -> Iterator[Finding]:
    """Columns that rows fill differently, other than the outcome, which must not."""
    for column, said in asked.said.items():
        others = {getattr(row, column) for row in asked.rows} - {said.value, "", None}
        if column != "outcome" and others:
            told = f"rows of {asked.key} differ; that of the latest made_at counts"
            yield Finding(said.line, column, f"{told}: {_shown(said.value)}")


def _oddities(asked: Asked, now: dt.datetime) -> Iterator[Finding]:
    opened, due, settled = asked.opened_at, asked.given("due_at"), asked.settled_at
    after = f"{asked.key} opened, on {display(opened)}"
    if due and due < opened:
        told = f"{display(due)} is before {after}; kept as it is"
        yield Finding(asked.line_of("due_at"), "due_at", told)
    if settled and settled < opened:
        told = f"{asked.key} was settled on {display(settled)}, before {after}; kept as it is"
        yield Finding(asked.line_of("resolved_at", "due_at"), "resolved_at", told)
    if settled and settled.date() > now.date():
        told = f"{asked.key} is settled on {display(settled)}, still to come; kept as it is"
        yield Finding(asked.line_of("resolved_at", "due_at"), "resolved_at", told)
    if asked.given("resolved_at") and not settled:
        told = f"{asked.key} has no outcome; its question is left open"
        yield Finding(asked.line_of("resolved_at"), "resolved_at", told)


def _shown(value: object) -> str:
    return display(value) if isinstance(value, dt.datetime) else repr(value)
