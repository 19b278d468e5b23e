"""What an act would do, seen before it is done; and the same of one that is done.

An act that is rehearsed is the act itself, in a transaction that is rolled back: same rules, same
locks, same computation. Only what it has computed is not stored, so that a rehearsal of many
scores costs their reckoning alone, and does not keep others from everybody's totals.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

from django.db import transaction

from predictions.reckoning import Changes

Done = TypeVar("Done")
Seen = TypeVar("Seen")


@dataclass(frozen=True)
class Heard:
    """What an act posts and reverses on some questions."""

    questions: tuple[UUID, ...]
    changes: Changes


@dataclass
class _Listening:
    stores: bool
    heard: list[Heard] = field(default_factory=list)


_listening: ContextVar[_Listening | None] = ContextVar("listening", default=None)


def rehearsed(act: Callable[[], Done], see: Callable[[Done, Sequence[Heard]], Seen]) -> Seen:
    """What `see` makes of an act and what it would post, while its rows can be read; all is undone.

    Raises what the act raises.
    """
    with transaction.atomic(), _hearing(stores=False) as heard:
        seen = see(act(), heard)
        transaction.set_rollback(True)
    return seen


def performed(act: Callable[[], Done], see: Callable[[Done, Sequence[Heard]], None]) -> Done:
    """Do an act, unless `see`, which is told what it posts, raises."""
    with transaction.atomic(), _hearing(stores=True) as heard:
        done = act()
        see(done, heard)
    return done


def heard(questions: Sequence[UUID], changes: Changes) -> bool:
    """Tell whoever listens what is to be posted; whether it is to be stored as well."""
    listening = _listening.get()
    if listening is None:
        return True
    listening.heard.append(Heard(tuple(questions), changes))
    return listening.stores


@contextmanager
def _hearing(*, stores: bool) -> Iterator[list[Heard]]:
    listening = _Listening(stores)
    before = _listening.set(listening)
    try:
        yield listening.heard
    finally:
        _listening.reset(before)
