"""Every prediction on what was resolved, as a table that travels with the report."""

from dataclasses import dataclass

from predictions import copying
from predictions.mail.reporting.stretch import Stretch
from predictions.models.choices import Rule
from predictions.services.packing import ZIP, packed

NAME = "scores.csv"
# A mail server may refuse what is much larger than the zip of these.
MOST_ROWS = 100_000
# Beyond so many characters it travels as a zip.
_PLAIN = 1_000_000

_TOLD = ("pk", "question", "answer", "reopens", "settled_at")
_SAID = (
    *("pk", "question", "made_at", "probability", "distribution", "quantiles", "passages"),
    *("question__key", "question__unit", "forecaster__name", "forecaster__key", "article__url"),
)
_EARNED = ("prediction", "outcome", "rule", "value", "best", "worst")


def _guarded(text: str) -> str:
    """An apostrophe before text that a spreadsheet would calculate; a number is none."""
    return (
        rf"CASE WHEN {text} ~ E'^[=+@\\t\\r\\n-]' AND {text} !~ '^[+-]?\d+(\.\d+)?$'"
        f" THEN '''' || {text} ELSE {text} END"
    )


def _pairs(column: str) -> str:
    """`rye: 0.250000; wheat: 0.750000`."""
    each = f"jsonb_array_elements({column}) WITH ORDINALITY pairs (pair, place)"
    return f"(SELECT string_agg(concat(pair->>0, ': ', pair->>1), '; ' ORDER BY place) FROM {each})"  # noqa: S608 -- our own words


def _time(column: str) -> str:
    return f"""to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""


# Columns, and what each holds; those that hold somebody's words are guarded.
_COLUMNS = {
    "question": "said.key",
    "forecaster": "said.name",
    "article": "said.url",
    "made_at": _time("said.made"),
    "probability": "said.probability",
    "said": f"""CASE WHEN said.probability IS NULL THEN concat_ws(' ',
        {_pairs("said.distribution")}, {_pairs("said.quantiles")}, nullif(said.unit, '')) END""",
    "outcome": """CASE WHEN told.reopens THEN 'open again' WHEN told.answer IS NULL THEN 'void'
        ELSE told.answer END""",
    "settled_at": _time("told.at"),
    "state": """CASE WHEN told.reopens THEN 'open' WHEN told.answer IS NULL THEN 'void'
        WHEN said.made >= told.at THEN 'late' ELSE 'scored' END""",
    "rule": "main.rule",
    "score": "main.value",
    "best": "main.best",
    "worst": "main.worst",
    "log": "log.value",
    "quote": """CASE WHEN said.passages <> '[]' THEN
        (SELECT string_agg(passage->>'quote', ' … ' ORDER BY place)
        FROM jsonb_array_elements(said.passages) WITH ORDINALITY passages (passage, place)) END""",
}
_WORDS = {"question", "forecaster", "article", "said", "outcome", "quote"}
# What was said by whom, on what was settled, and what it earned; joined, for many subqueries take
# longer.
_ROWS = """
WITH told (id, question, answer, reopens, at) AS ({told}),
    said (id, question, made, probability, distribution, quantiles, passages, key, unit, name,
        who, url) AS ({said}),
    earned (prediction, outcome, rule, value, best, worst) AS ({earned}),
    cells AS (
        SELECT {columns} FROM told JOIN said ON said.question = told.question
        LEFT JOIN earned main
            ON main.prediction = said.id AND main.outcome = told.id AND main.rule <> '{log}'
        LEFT JOIN earned log
            ON log.prediction = said.id AND log.outcome = told.id AND log.rule = '{log}'
        ORDER BY told.at DESC, said.key, main.value NULLS LAST, said.who, said.made
        LIMIT {most})
SELECT {guarded} FROM cells
"""


@dataclass(frozen=True)
class Sheet:
    """The table as an attachment, how many rows it has, and how many there are."""

    attachment: dict[str, str]
    rows: int
    of: int

    @property
    def name(self) -> str:
        return self.attachment["name"]


def sheet_of(stretch: Stretch) -> Sheet | None:
    """None where nothing was predicted on what was resolved."""
    text, rows = _csv(stretch)
    if not rows:
        return None
    of = rows
    if rows == MOST_ROWS:
        of = stretch.predictions().filter(question__outcomes__in=stretch.outcomes()).count()
    if len(text) <= _PLAIN:
        attachment = {"name": NAME, "type": "text/csv", "text": text}
    else:
        attachment = {"name": f"{NAME}.zip", "type": ZIP, "base64": packed(NAME, text)}
    return Sheet(attachment, rows, of)


def _csv(stretch: Stretch) -> tuple[str, int]:
    queries = {
        "told": stretch.outcomes().values_list(*_TOLD),
        "said": stretch.predictions().values_list(*_SAID),
        "earned": stretch.scores().values_list(*_EARNED),
    }
    texts = {name: rows.order_by().query.sql_with_params() for name, rows in queries.items()}
    named = {name: sql for name, (sql, _) in texts.items()}
    columns = ", ".join(f"{value} AS {name}" for name, value in _COLUMNS.items())
    cells = (_guarded(name) if name in _WORDS else name for name in _COLUMNS)
    guarded = ", ".join(f"{cell} AS {name}" for cell, name in zip(cells, _COLUMNS, strict=True))
    statement = _ROWS.format(
        columns=columns, guarded=guarded, log=Rule.LOG, most=MOST_ROWS, **named
    )
    return copying.csv(statement, [value for _, given in texts.values() for value in given])
