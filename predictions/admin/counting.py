"""What the pages of rows show beside them: counted up to a bound, and asked for once."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.db.models import QuerySet

from ledger.listing import COUNTED, CountUpTo

Shown = TypeVar("Shown")


def counted(rows: QuerySet[Any]) -> CountUpTo:
    """How many of `rows` there are, or `COUNTED` and one where there are more."""
    return CountUpTo(rows.order_by().values("pk")[: COUNTED + 1])


def once(shown: Callable[[Any, Any], Shown]) -> Callable[[Any, Any], Shown]:
    """What a page shows of a row, asked of the database once: its template asks several times."""
    kept = f"_shown_{shown.__name__}"

    @wraps(shown)
    def asked(model_admin: Any, row: Any) -> Shown:
        if kept not in vars(row):
            setattr(row, kept, shown(model_admin, row))
        found: Shown = getattr(row, kept)
        return found

    return asked
