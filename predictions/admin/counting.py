"""Counts that stop where they are enough, so that what is looked at often costs alike."""

from typing import Any

from django.db.models import QuerySet

from ledger.listing import CountUpTo

COUNTED = 1_000


def counted(rows: QuerySet[Any]) -> CountUpTo:
    """How many of `rows` there are, or `COUNTED` and one where there are more."""
    return CountUpTo(rows.order_by().values("pk")[: COUNTED + 1])


def shown_count(count: int) -> str:
    return f"{count:,}" if count <= COUNTED else f"over {COUNTED:,}"
