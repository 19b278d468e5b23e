"""Lists that a mail has room for."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True)
class Some(Generic[Item]):
    """The first few of `of` items."""

    items: tuple[Item, ...] = ()
    of: int = 0

    @property
    def more(self) -> int:
        """How many are not shown."""
        return self.of - len(self.items)

    def first(self, most: int) -> "Some[Item]":
        return Some(self.items[:most], self.of)

    def __iter__(self) -> Iterator[Item]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)
