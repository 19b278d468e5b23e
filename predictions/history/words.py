"""An entry as a sentence, told on the page of an object: `entered the outcome yes, …`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ledger.listing import shown_count
from predictions.history.changes import Change, changes, named, percent
from predictions.history.entries import Facts, Said
from predictions.history.names import Names
from predictions.models import Fact, Prediction
from predictions.models.choices import ErasureReason, Rule, VoidReason, Weight
from predictions.when import display, instant

# So many of the rows of an entry are told; the others are counted.
TOLD = 3


@dataclass(frozen=True)
class Told:
    """An entry with all that its sentence needs."""

    said: Said
    about: Fact
    names: Names
    before: Mapping[str, Said]
    scored: Mapping[str, int]  # outcome → how many predictions it scored, where that is known

    def rows(self, table: str) -> list[Facts]:
        return rows_told(self.said, table, self.about)

    @property
    def changes(self) -> list[Change]:
        """What the entry changed, of the rows whose earlier saying is at hand."""
        found = []
        for key, entry in self.said.before.items():
            now = self.said.row(key)
            earlier = self.before[entry].row(key) if entry in self.before else None
            if now and earlier:
                found += changes(now[0], earlier[1], now[1], self.names)
        return found


def rows_told(said: Said, table: str, about: Fact) -> list[Facts]:
    """The rows of a table that concern an object: on the page of a prediction, only its own."""
    rows = said.rows(table)
    if about._meta.model_name == table and any(row.get("id") == str(about.pk) for row in rows):
        return [row for row in rows if row["id"] == str(about.pk)]
    if isinstance(about, Prediction) and table == "score":
        return [row for row in rows if row.get("prediction_id") == str(about.pk)]
    return rows


def sentence(told: Told) -> str:
    """What happened, without who did it; of an entry whose bytes were changed, its kind."""
    write = _SENTENCES.get(told.said.kind)
    try:
        if write:
            return write(told)
        table, _, act = told.said.kind.partition(".")
        return _OTHERS[act](told, table) if act in _OTHERS else told.said.kind
    except (KeyError, IndexError, ValueError, ArithmeticError, TypeError, LookupError):
        return f"{told.said.kind}, which cannot be read: see the entry"


def _recorded(told: Told, table: str) -> str:
    return f"recorded the {table}"


def _amended(told: Told, table: str) -> str:
    words = [f"amended {change}" for change in told.changes] or [f"amended the {table}"]
    return " and ".join(words).replace(" and amended ", ", and ") + _of_whom(told, table)


def _of_whom(told: Told, table: str) -> str:
    """Which one, where it is told on the page of something else."""
    if table == told.about._meta.model_name:
        return ""
    [row, *_] = told.rows(table)
    match table:
        case "prediction":
            return f", of the prediction by {told.names.of(row['forecaster_id'])}"
        case "statement":
            return f", of the statement by {told.names.of(row['forecaster_id'])}"
        case "bearing":
            return f", of the link to {told.names.of(row['question_id'])}"
    return ""


def _erased(told: Told, table: str) -> str:
    reason = str(told.said.facts.get("reason", ""))
    what = "the byline" if table == "article" else "who this is"
    return f"erased {what}: {named(ErasureReason.choices, reason)}"


def _opened(told: Told) -> str:
    [row, *_] = told.rows("question")
    due = f", closing {_when(row['due_at'])}" if row["due_at"] else ""
    return f"opened the question{due}"


def _predicted(told: Told) -> str:
    rows = told.rows("prediction")
    of_this = isinstance(told.about, Prediction)
    shown = [
        f"{'this' if of_this else 'a'} prediction of {_said(row)}"
        + ("" if of_this else f" by {told.names.of(row['forecaster_id'])}")
        for row in rows[:TOLD]
    ]
    return f"recorded {_listed(shown, len(rows))}"


def _said(row: Facts) -> str:
    if row["probability"] is not None:
        return _range(row["low"], row["probability"], row["high"])
    pairs = row["distribution"] or row["quantiles"]
    if row["distribution"]:
        return _listed([f"{option} {percent(p)}" for option, p in pairs[:TOLD]], len(pairs))
    return _listed([f"{value} ({percent(p)})" for p, value in pairs[:TOLD]], len(pairs))


def _range(low: Any, point: Any, high: Any) -> str:
    if low is None or low == high:
        return percent(point)
    return f"{percent(point)} ({percent(low)} to {percent(high)})"


def _reread(told: Told) -> str:
    [row, *_] = told.rows("prediction")
    by = "" if isinstance(told.about, Prediction) else _of_whom(told, "prediction")
    return f"read anew by {told.names.of(row['phrase_id'])}: {_said(row)}{by}"


def _event(told: Told) -> str:
    linked = _links(told)
    [row] = told.said.rows("event")
    what = "the event" if told.about._meta.model_name == "event" else f"the event “{row['title']}”"
    return f"recorded {what}" + (f", and linked it to {linked}" if linked else "")


def _links(told: Told) -> str:
    rows = told.rows("bearing")
    shown = [
        f"{told.names.of(row['question_id'])} ({named(Weight.choices, row['bearing'])})"
        for row in rows[:TOLD]
    ]
    return _listed(shown, len(rows))


def _linked(told: Told) -> str:
    [row, *_] = told.rows("bearing")
    return f"linked the event “{told.names.of(row['event_id'])}” to {_links(told)}"


def _outcome(told: Told) -> str:
    [row, *_] = told.rows("outcome")
    corrects = row["corrects_id"]
    if told.said.kind == "outcome.corrected":
        act = f"corrected the outcome from {told.names.of(corrects)} to {_answer(row)}"
    else:
        act = f"entered the outcome {_answer(row)}"
    return f"{act}, settled {_when(row['settled_at'])}{_scoring(told, row)}{_following(told, row)}"


def _answer(row: Facts) -> str:
    if row["answer"] is not None:
        return str(row["answer"])
    return f"void ({named(VoidReason.choices, row['void_reason'])})"


def _scoring(told: Told, row: Facts) -> str:
    count = told.scored.get(row["id"])
    return f", scoring {_count(count, 'prediction', shown_count(count))}" if count else ""


def _following(told: Told, row: Facts) -> str:
    follows = row.get("follows_id")
    return f", by itself, as it depends on {told.names.of(follows)}" if follows else ""


def _withdrew(told: Told) -> str:
    [row, *_] = told.rows("outcome")
    was = told.names.of(row["corrects_id"])
    return f"withdrew the outcome {was}: the question is open again{_following(told, row)}"


def _reviewed(told: Told) -> str:
    [row, *_] = told.rows("review")
    return f"found it still open: “{row['note']}” Next review {_when(row['next_at'])}"


def _phrase(told: Told) -> str:
    [row, *_] = told.rows("phrase")
    read = _range(row["low"], row["point"], row["high"])
    if told.said.kind == "phrase.recorded":
        return f"recorded the phrase, read as {read}"
    return f"revised the phrase: version {row['version']} reads {read}"


def _scores(told: Told) -> str:
    """On the page of one prediction its figures; elsewhere how many."""
    rows = told.rows("score")
    act = "posted" if told.said.kind == "scores.posted" else "took back"
    [of_outcome, *_] = {row["outcome_id"] for row in rows}
    by = f"by the outcome {told.names.of(of_outcome)}"
    if isinstance(told.about, Prediction) or len(rows) == 1:
        rules = dict(Rule.choices)
        shown = [f"{rules[row['rule']]} {abs(float(row['value'])):.3f}" for row in rows]
        return f"{act} {by}: {', '.join(shown)}"
    of = _count(len({row["prediction_id"] for row in rows}), "prediction")
    return f"{act} {_count(len(rows), 'score')} of {of} {by}"


def _when(time: str) -> str:
    return display(instant(time))


def _count(number: int, what: str, shown: str = "") -> str:
    shown = shown or f"{number:,}"
    return f"{shown} {what}" if number == 1 else f"{shown} {what}s"


def _listed(shown: list[str], count: int) -> str:
    more = f" and {count - len(shown):,} more" if count > len(shown) else ""
    return ", ".join(shown) + more


_SENTENCES: dict[str, Callable[[Told], str]] = {
    "question.opened": _opened,
    "prediction.recorded": _predicted,
    "prediction.reread": _reread,
    "event.recorded": _event,
    "event.linked": _linked,
    "outcome.entered": _outcome,
    "outcome.corrected": _outcome,
    "outcome.withdrawn": _withdrew,
    "review.recorded": _reviewed,
    "phrase.recorded": _phrase,
    "phrase.revised": _phrase,
    "scores.posted": _scores,
    "scores.reversed": _scores,
}
_OTHERS: dict[str, Callable[[Told, str], str]] = {
    "recorded": _recorded,
    "amended": _amended,
    "erased": _erased,
}


def because(said: Said) -> str:
    """The reason that was given, in the words of whoever gave it."""
    if said.why:
        return said.why
    for table, column in (("outcome", "correction_reason"), ("phrase", "reason")):
        for row in said.rows(table):
            if row.get(column):
                return str(row[column])
    return ""
