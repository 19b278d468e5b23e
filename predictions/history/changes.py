"""How two sayings of one row differ, in words."""

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from difflib import SequenceMatcher
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db.models import DateTimeField, DecimalField, Field, Model

from ledger import journal
from predictions.history.entries import Facts, read
from predictions.history.names import Names, fetched
from predictions.models import Fact
from predictions.when import display, instant

NOTHING = "nothing"
_LABELS = {
    "due_at": "due date",
    "due_rule": "rule for the due date",
    "review_at": "next review",
    "review_every_days": "days between reviews",
    "made_at": "time it was made",
    "happened_on": "day it happened",
    "published_on": "day of publication",
    "date_basis": "basis of the date",
    "url": "address",
    "basis_note": "why so",
}
# What people need not read: the number moves with the due date.
_SILENT = {"id", "due_version"}
_SHORT = 160  # characters; of what is longer, only what differs is told
_PLAIN = 40  # characters; what is longer stands in quotation marks
_CONTEXT = 4  # words around it
_PLACES = 3


# Pieces of a text, and whether each is what differs.
Marked = list[tuple[str, bool]]


@dataclass(frozen=True)
class Change:
    """One column: its name for people, and both values."""

    label: str
    old: str
    new: str

    def __str__(self) -> str:
        places = excerpts(self.old, self.new)
        told = ", and ".join(
            f"from {_quoted(old)} to {_quoted(new)}" for old, new in places[:_PLACES]
        )
        more = f", and in {len(places) - _PLACES} more places" if len(places) > _PLACES else ""
        return f"the {self.label} {told}{more}"

    @property
    def marked(self) -> tuple[Marked, Marked]:
        """Both values word by word, each with whether it is in that value alone."""
        before, after = _words(self.old), _words(self.new)
        alone_before, alone_after = [True] * len(before), [True] * len(after)
        matcher = SequenceMatcher(None, before, after, autojunk=False)
        for i, j, size in matcher.get_matching_blocks():
            alone_before[i : i + size] = alone_after[j : j + size] = [False] * size
        return _runs(before, alone_before), _runs(after, alone_after)


def _quoted(text: str) -> str:
    """A sentence within the sentence; a word or two, a date or a figure need no marks."""
    return f"“{text}”" if len(text) > _PLAIN and not text.startswith("“") else text


def changes(table: str, old: Facts, new: Facts, names: Names) -> list[Change]:
    """The columns of a row of `table` in which two sayings of it differ."""
    fields = {field.attname: field for field in model_of(table)._meta.concrete_fields}
    return [
        Change(label(field), value(field, old[name], names), value(field, new[name], names))
        for name, field in fields.items()
        if name in old and name in new and name not in _SILENT and old[name] != new[name]
    ]


def model_of(table: str) -> type[Model]:
    return apps.get_model("predictions", table)


def label(field: Any) -> str:
    return _LABELS.get(field.name) or str(field.verbose_name)


def value(field: "Field[Any, Any]", said: Any, names: Names) -> str:
    """A value of an entry as people write it."""
    if said in (None, "", []):
        return NOTHING
    if field.is_relation:
        return names.of(said)
    if isinstance(field, DateTimeField):
        return display(instant(str(said)))
    if isinstance(field, DecimalField):
        return percent(said)
    if isinstance(said, list):
        return "; ".join(map(_item, said))
    return named(field.flatchoices, said)


def named(choices: Iterable[tuple[Any, Any]], said: Any) -> str:
    """A choice as it reads within a sentence; what is none of them, as it is."""
    labels = dict(choices)
    return str(labels[said]).lower() if said in labels else str(said)


def percent(probability: object) -> str:
    """`0.700000` → `70 %`."""
    return f"{(Decimal(str(probability)) * 100).normalize():f} %"


def _item(item: Any) -> str:
    """A passage, a source, or a pair of option and probability."""
    match item:
        case {"offset": offset, "quote": quote}:
            return f"“{quote}” from character {offset}"
        case {"name": name, "url": url}:
            return f"{name} {url}"
        case [key, of_it]:
            return f"{key}: {of_it}"
    return str(item)


def excerpts(old: str, new: str) -> list[tuple[str, str]]:
    """Both values; of long ones each place where they differ, with some words around it."""
    if max(len(old), len(new)) <= _SHORT:
        return [(old, new)]
    before, after = _words(old), _words(new)
    return [
        (_around(before, i, i_end), _around(after, j, j_end))
        for i, i_end, j, j_end in _places(before, after)
    ]


def _places(before: list[str], after: list[str]) -> Iterator[tuple[int, int, int, int]]:
    """From where to where the words differ; what lies closer than its surroundings is one place."""
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for group in matcher.get_grouped_opcodes(_CONTEXT):
        differing = [code for code in group if code[0] != "equal"]
        yield differing[0][1], differing[-1][2], differing[0][3], differing[-1][4]


def _around(words: list[str], start: int, end: int) -> str:
    first, last = max(0, start - _CONTEXT), min(len(words), end + _CONTEXT)
    shown = "".join(words[first:last]).strip()
    if len(shown) > _SHORT:
        shown, last = shown[:_SHORT], -1
    return f"“{'…' if first else ''}{shown}{'…' if last < len(words) else ''}”"


def _runs(words: list[str], alone: list[bool]) -> Marked:
    together = groupby(zip(words, alone, strict=True), key=itemgetter(1))
    return [("".join(word for word, _ in run), differs) for differs, run in together]


def _words(text: str) -> list[str]:
    """Words, each with the space after it."""
    return re.findall(r"\S+\s*", text)


def differences(before: Fact, after: Fact) -> list[Change]:
    """What an amendment changes: a row as it was, and as it would be."""
    table, old, new = str(after._meta.model_name), before.facts(), after.facts()
    return changes(table, old, new, fetched([(table, old), (table, new)]))


def change_since(row: Fact, shown: UUID) -> str:
    """`was changed by ada, 2026-08-01 09:00 UTC, who amended …`: since an entry was looked at."""
    said = {one.uuid: one for one in read(journal.said_by([row.entry, shown]))}
    last, seen = said.get(str(row.entry)), said.get(str(shown))
    if last is None:
        return "was changed meanwhile"
    key, table = str(row.pk), str(row._meta.model_name)
    new, old = last.row(key), seen.row(key) if seen else None
    rows = [(table, found[1]) for found in (old, new) if found]
    names = fetched(rows, actors=[last.actor])
    told = f"was changed meanwhile by {names.actor(last.actor)}, {minute(last.time)}"
    if not old or not new:
        return told
    now = [f"the {one.label} is now {one.new}" for one in changes(table, old[1], new[1], names)]
    return f"{told}: {', '.join(now)}" if now else told


def minute(time: str) -> str:
    return display(dt.datetime.fromisoformat(time))
