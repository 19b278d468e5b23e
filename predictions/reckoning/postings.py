"""Scores as they should stand, and as they do."""

import numpy as np
from numpy.typing import NDArray

from predictions import copying
from predictions.reckoning.lines import MILLION, Lines, Selection
from predictions.reckoning.other_kinds import earned_otherwise
from predictions.reckoning.rows import EARNED, HELD, RULES
from predictions.scoring import binary
from predictions.scoring.rounding import posted_units

# OFFSET 0: an index is looked into for each prediction, whatever the planner believes of a table
# that grows by the minute.
_POSTED = f"""
SELECT s.id, s.prediction_id, s.outcome_id,
    array_position(ARRAY[{", ".join(f"'{rule}'" for rule in RULES)}], s.rule::text)::bigint - 1,
    (s.value * 1000000000)::bigint, (s.best * 1000000000)::bigint,
    (s.worst * 1000000000)::bigint, s.round::bigint, s.reversed::int::bigint
FROM predictions_prediction p CROSS JOIN LATERAL (
    SELECT s.*, EXISTS (SELECT FROM predictions_score r WHERE r.reverses_id = s.id) AS reversed
    FROM predictions_score s WHERE s.prediction_id = p.id AND s.reverses_id IS NULL OFFSET 0) s
WHERE {{where}}
"""  # noqa: S608 -- our own words


def earned(lines: Lines) -> NDArray[np.void]:
    """What the predictions have earned (`EARNED`).

    Those on yes or no come first, prediction by prediction, each under `binary.RULES` in order.
    """
    others = earned_otherwise(lines)
    of_yes_or_no = _of_yes_or_no(lines)
    return np.concatenate([of_yes_or_no, others]) if len(others) else of_yes_or_no


def held(selection: Selection) -> NDArray[np.void]:
    """All that was ever posted for these predictions (`HELD`)."""
    where, values = selection.where("p")
    columns = {
        name: copying.UUID if HELD[name].kind == "V" else copying.NUMBER
        for name in HELD.names or ()
    }
    return copying.read(_POSTED.format(where=where), values, columns).astype(HELD)


def _of_yes_or_no(lines: Lines) -> NDArray[np.void]:
    mask = lines.counted
    low, p, high, answer = (
        column[mask] / MILLION for column in (lines.low, lines.p, lines.high, lines.answer)
    )
    found = np.empty((int(mask.sum()), len(binary.RULES)), EARNED)
    by_rule = binary.range_scores(low, p, high, answer)
    for place, (name, figures) in enumerate(by_rule.items()):
        column = found[:, place]
        column["prediction"], column["outcome"] = lines.id[mask], lines.outcome[mask]
        column["rule"] = RULES.index(name)
        column["value"], column["best"], column["worst"] = map(posted_units, figures)
    return found.ravel()
