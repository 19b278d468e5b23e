"""Rows and their ledger entry, written as one."""

import re
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Any, NoReturn

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import IntegrityError
from django.db.models import ForeignKey, Model, UniqueConstraint

from ledger import journal, parts
from ledger.encoding import MAX_BODY, Canonical, canonical_bytes
from ledger.errors import EncodingError
from predictions.checks import clean_text
from predictions.errors import Conflict, Invalid
from predictions.models import Fact, User
from predictions.models.base import BEFORE, WHY

# For rows, in bytes of an entry; the rest is for what stands around them.
_ROOM = MAX_BODY - 2_000
_ROWS_A_STATEMENT = 500
_UNIQUE_VIOLATION = "23505"
_KEY_IN_DETAIL = re.compile(r"Key \(([^)]*)\)=")


def actor(by: User | None) -> str:
    """How the ledger names who acts: a pseudonymous id."""
    return f"user:{by.pk}" if by else "system"


def post(*, kind: str, by: User | None, rows: Sequence[Fact], why: str = "") -> None:
    """Save `rows` (new or changed) and append the one entry that says how they now stand.

    The entry is about what the first row is about. Of each changed row it names the entry that said
    the row before, so rows must be as they are stored but for what changes. `why` is the reason for
    a change. Must run inside the caller's transaction, which a refusal undoes. Raises Invalid,
    naming the field.
    """
    entry = uuid.uuid4()
    about = {**_before(rows), **_because(rows[0], why)}
    for row in rows:
        row.entry = entry
        _check(row)
        _check_not_erased(row)
        _save(row)
    _append(entry, kind, by, rows, about)


def _before(rows: Sequence[Fact]) -> dict[str, Canonical]:
    """Which entries said the changed rows until now: by them a row's history is walked back."""
    changed: list[Canonical] = [
        {"id": str(row.pk), "entry": str(row.entry)} for row in rows if not row._state.adding
    ]
    return {BEFORE: changed} if changed else {}


def _because(row: Fact, why: str) -> dict[str, Canonical]:
    """A reason may name whom the row is about, so it is a personal part of theirs.

    Whoever gives one holds that person's row, if there is one.
    """
    if not why:
        return {}
    person = row.person
    said: dict[str, Any] = {"id": str((person or row).pk), "reason": clean_text(why, "reason")}
    if person is not None and not person.is_erased:
        said = parts.conceal(owner=person.pk, facts=said, personal=["reason"])
    return {WHY: [said]}


def post_erased(*, by: User | None, row: Fact, about: dict[str, Canonical]) -> uuid.UUID:
    """Save a row whose personal columns hold placeholders, and append that it was erased.

    The placeholders stand in the entry in clear. Returns the entry's uuid.
    """
    about = {**_before([row]), **about}
    row.entry = uuid.uuid4()
    _check(row)
    _save(row)
    _append(row.entry, f"{row._meta.model_name}.erased", by, [row], about, clear=True)
    return row.entry


def post_each(*, kind: str, by: User | None, rows: Sequence[Fact]) -> None:
    """`post` for many new rows: the same checks, in few entries and statements.

    Rows about the same subject share an entry, as long as it has room: whoever asks for the entries
    about a subject gets all of them, and no other's.
    """
    for row in rows:
        _check(row)
        _check_not_erased(row)
    drafts = []
    for together in _entries(rows):
        entry = uuid.uuid4()
        for row in together:
            row.entry = entry
        drafts.append(_draft(entry, kind, by, together))
    journal.append_later(drafts)
    _insert(rows)


def _entries(rows: Sequence[Fact]) -> Iterator[list[Fact]]:
    """The rows subject by subject, no more at a time than an entry has room for."""
    subjects: dict[str, list[Fact]] = {}
    for row in rows:
        subjects.setdefault(row.subject, []).append(row)
    for about in subjects.values():
        together: list[Fact] = []
        room = _ROOM
        for row in about:
            size = len(canonical_bytes(row.facts())) if len(about) > 1 else 0
            if together and size > room:
                yield together
                together, room = [], _ROOM
            together.append(row)
            room -= size
        yield together


def _append(
    entry: uuid.UUID,
    kind: str,
    by: User | None,
    rows: Sequence[Fact],
    about: dict[str, Canonical],
    *,
    clear: bool = False,
) -> None:
    facts = _facts(rows, about, clear=clear)
    with _naming_fields(rows[0]):
        journal.append(kind=kind, subject=rows[0].subject, actor=actor(by), facts=facts, uuid=entry)


def _draft(entry: uuid.UUID, kind: str, by: User | None, rows: Sequence[Fact]) -> journal.Draft:
    facts = _facts(rows, {}, clear=False)
    with _naming_fields(rows[0]):
        return journal.draft(
            kind=kind, subject=rows[0].subject, actor=actor(by), facts=facts, uuid=entry
        )


def _facts(rows: Sequence[Fact], about: dict[str, Canonical], *, clear: bool) -> dict[str, Any]:
    facts: dict[str, Any] = dict(about)
    for table, group in groupby(rows, key=lambda row: str(row._meta.model_name)):
        facts[table] = _said(list(group), clear=clear)
    return facts


@contextmanager
def _naming_fields(row: Fact) -> Iterator[None]:
    try:
        yield
    except EncodingError as error:
        raise Invalid(_field_of(error.path), f"{row.subject}: {error}") from error


def _said(rows: Sequence[Fact], *, clear: bool) -> list[dict[str, Any]]:
    """The rows of one table as an entry says them: commitments for what is personal."""
    personal = rows[0].personal
    if clear or not personal:
        return [row.facts() for row in rows]
    return parts.conceal_many(rows=[(row.pk, row.facts()) for row in rows], personal=personal)


def _check_not_erased(row: Fact) -> None:
    """What was erased stays as it is, and nothing else may look like it."""
    if not row.personal:
        return
    if not row._state.adding:
        # Locked, so that an erasure under way is waited for.
        stored = type(row)._default_manager.select_for_update(no_key=True).get(pk=row.pk)
        if stored.is_erased:
            raise Conflict(f"{row.subject} was erased and stays as it is; record a new one instead")
    if row.is_erased:
        raise Invalid(
            row.personal[0],
            f"{parts.ERASED} is kept for what was erased; give what the source says",
        )


def _save(row: Fact) -> None:
    """The database has the word on what must be unique, and on its checks.

    Asked beforehand it would say the same, in a query each.
    """
    try:
        # The database generates nothing in a fact, so what was checked is what is stored.
        row.save(force_insert=row._state.adding, force_update=not row._state.adding)
    except IntegrityError as error:
        _refuse(row, error)


def _insert(rows: Sequence[Fact]) -> None:
    """Table by table, in the order in which each comes first."""
    tables: dict[type[Fact], list[Fact]] = {}
    for row in rows:
        tables.setdefault(type(row), []).append(row)
    for model, group in tables.items():
        try:
            model._default_manager.bulk_create(group, batch_size=_ROWS_A_STATEMENT)
        except IntegrityError as error:
            _refuse(group[0], error)


def _refuse(row: Fact, error: IntegrityError) -> NoReturn:
    broken = _broken(row, error)
    if broken is None:
        raise error
    raise refusal(broken, str(row._meta.verbose_name)) from error


def _broken(row: Fact, error: IntegrityError) -> ValidationError | None:
    """What Django would have said of the constraint that a row breaks, if it knows it."""
    told: Any = getattr(error.__cause__, "diag", None)
    name = told and told.constraint_name
    for constraint in row._meta.constraints:
        if constraint.name != name:
            continue
        if isinstance(constraint, UniqueConstraint) and constraint.condition is None:
            return _not_unique(row, constraint.fields)
        return ValidationError({NON_FIELD_ERRORS: [constraint.get_violation_error_message()]})
    columns = _KEY_IN_DETAIL.match(told.message_detail or "") if told else None
    if columns is None or told.sqlstate != _UNIQUE_VIOLATION:
        return None
    names = {field.column: field.name for field in row._meta.concrete_fields}
    return _not_unique(row, [names[column] for column in columns[1].split(", ")])


def _not_unique(row: Fact, fields: Sequence[str]) -> ValidationError:
    place = fields[0] if len(fields) == 1 else NON_FIELD_ERRORS
    return ValidationError({place: row.unique_error_message(type(row), tuple(fields))})


def _check(row: Fact) -> None:
    for field in row._meta.concrete_fields:
        value = getattr(row, field.attname)
        if isinstance(value, str):
            setattr(row, field.attname, clean_text(value, field.name))
    with _refusing(row):
        row.clean_fields(exclude=_known_to_exist(row))


def _known_to_exist(row: Fact) -> set[str]:
    """The relations whose other end is at hand: it was read, and no fact is ever deleted."""
    return {
        field.name
        for field in row._meta.concrete_fields
        if isinstance(field, ForeignKey)
        and field.is_cached(row)
        and not _is_new(getattr(row, field.name))
    }


def _is_new(other: Model | None) -> bool:
    return other is None or other._state.adding


@contextmanager
def _refusing(row: Fact) -> Iterator[None]:
    try:
        yield
    except ValidationError as error:
        raise refusal(error, str(row._meta.verbose_name)) from error


def refusal(error: ValidationError, name: str) -> Invalid:
    """Django's refusal of a row as ours: the first field it names, or the row's own name."""
    field, messages = next(iter(error.message_dict.items()))
    return Invalid(name if field == NON_FIELD_ERRORS else field, " ".join(messages))


def _field_of(path: str) -> str:
    """`body.facts.prediction[0].passages[1].quote` → `passages`."""
    parts = path.split(".")
    return parts[3].split("[")[0] if len(parts) > 3 else path
