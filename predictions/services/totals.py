"""Keeping totals up: what a question adds to them is taken off, and added again as it is now."""

from collections.abc import Sequence
from uuid import UUID

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from predictions import copying, reckoning
from predictions.models import SeriesTotal, Total
from predictions.reckoning import SERIES, SUMS, Selection, sums_of

_SERIES = SeriesTotal._meta.db_table
_TOTAL = Total._meta.db_table
_ADD = ", ".join(f"{column} = {_TOTAL}.{column} + excluded.{column}" for column in SUMS[1:])


def totals_replace(*, selection: Selection, series: NDArray[np.void]) -> None:
    """Have these (`reckoning.SERIES`) be the series of a selection; the totals follow.

    Its questions are locked by the caller. From here to the end of the transaction nobody else
    changes totals, for everybody's are one row: call it late.
    """
    _add(selection, -1)
    where, values = selection.where(_SERIES)
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {_SERIES} WHERE {where}", values)  # noqa: S608 -- our words
    if len(series):
        _store(series)
        _add(selection, +1)


def totals_recount(*, questions: Sequence[UUID]) -> None:
    """Count the totals of these questions anew; the questions are locked by the caller."""
    selection = Selection(questions)
    totals_replace(selection=selection, series=reckoning.changes(selection).series)


def _add(selection: Selection, sign: int) -> None:
    """Add what the stored series of a selection come to, or take it off."""
    sums, values = sums_of(selection, sign)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {_TOTAL} ({', '.join(SUMS)}) {sums}"
            f" ON CONFLICT (whose) DO UPDATE SET {_ADD}",
            values,
        )


def _store(series: NDArray[np.void]) -> None:
    keys = ("question", "forecaster")
    cells = {f"{key}_id": copying.uuids(series[key]) for key in keys}
    for name in SERIES.names or ():
        if name not in keys:
            cells[name] = copying.numbers(series[name], ">i2" if name == "timed" else ">i8")
    copying.write(_SERIES, list(cells), [copying.rows(len(series), cells.values())])
