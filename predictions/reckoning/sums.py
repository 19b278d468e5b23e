"""What stored series come to: a row a forecaster, and one for everybody."""

from typing import Any

from predictions.models import SeriesTotal
from predictions.models.totals import EVERYBODY, Sums
from predictions.reckoning.lines import Selection

_SERIES = SeriesTotal._meta.db_table
_ADDED = (
    *(field.name for field in Sums._meta.local_fields),
    *("happened_squared", "mean_brier", "timed", "weighted_brier", "coverage"),
)
# The columns of `models.Total`, in the order of the statement.
SUMS = (
    *("whose", *_ADDED, "series", "counted_series", "clusters"),
    *("sizes", "products", "squares"),
)

_SAME_FOR_BOTH = ", ".join(
    [
        *(f"{{sign}} * coalesce(sum({column}), 0) AS {column}" for column in _ADDED),
        "{sign} * count(*) AS series",
        "{sign} * count(*) FILTER (WHERE counted > 0) AS counted_series",
    ]
)
# Everybody's clusters are questions, on which many have predicted; a forecaster's are his series.
_SUMS = f"""
WITH touched AS (SELECT * FROM {_SERIES} WHERE {{where}}),
by_question AS (
    SELECT sum(counted) AS n, sum(brier) AS s FROM {_SERIES} WHERE {{questions}} AND counted > 0
    GROUP BY question_id)
SELECT '{EVERYBODY}'::uuid AS whose, {_SAME_FOR_BOTH},
    (SELECT {{sign}} * count(*) FROM by_question) AS clusters,
    (SELECT {{sign}} * coalesce(sum(n * n), 0) FROM by_question) AS sizes,
    (SELECT {{sign}} * coalesce(sum(n * s), 0) FROM by_question) AS products,
    (SELECT {{sign}} * coalesce(sum(s * s), 0) FROM by_question) AS squares
FROM touched
UNION ALL
SELECT forecaster_id, {_SAME_FOR_BOTH},
    {{sign}} * count(*) FILTER (WHERE counted > 0),
    {{sign}} * sum(counted::numeric * counted),
    {{sign}} * sum(counted::numeric * brier),
    {{sign}} * sum(brier::numeric * brier)
FROM touched GROUP BY forecaster_id
ORDER BY whose
"""  # noqa: S608 -- our own words


def sums_of(selection: Selection | None, sign: int = 1) -> tuple[str, list[Any]]:
    """SQL with columns `SUMS` for the stored series of a selection (None: all), and its values.

    Everybody's row comes first, so that whoever adds these to the totals locks that one first.
    """
    if selection is None:
        return _SUMS.format(where="true", questions="true", sign=sign), []
    where, values = selection.where(_SERIES)
    questions, of_questions = Selection(selection.questions).where(_SERIES)
    statement = _SUMS.format(where=where, questions=questions, sign=sign)
    return statement, [*values, *of_questions]
