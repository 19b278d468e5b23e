"""From the data files to checked rows: nothing is written before everything has been read."""

import datetime as dt
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from predictions.models.choices import (
    Basis,
    ForecasterKind,
    HorizonBasis,
    Side,
    StatementKind,
    UnscorableReason,
    VoidReason,
    Weight,
)
from predictions.when import end_of
from seeds.forms import Form, open_form

Row = dict[str, Any]


@dataclass
class Seeds:
    """The rows of all files, as keyword arguments of the services; other rows by their keys."""

    phrases: dict[tuple[str, str], Row] = field(default_factory=dict)
    topics: dict[str, Row] = field(default_factory=dict)
    questions: dict[str, Row] = field(default_factory=dict)
    outlets: dict[str, Row] = field(default_factory=dict)
    articles: dict[str, Row] = field(default_factory=dict)
    forecasters: dict[str, Row] = field(default_factory=dict)
    predictions: dict[tuple[str, str], Row] = field(default_factory=dict)
    statements: dict[tuple[str, str], Row] = field(default_factory=dict)
    events: dict[str, Row] = field(default_factory=dict)
    outcomes: dict[str, Row] = field(default_factory=dict)


def read(root: Path) -> Seeds:
    """Every file below `root`, checked. Raises SeedError: file, key, and what is wrong."""
    seeds = Seeds()
    _each(open_form(root / "lexicon.toml", root), lambda form: _lexicon(form, seeds))
    _each(open_form(root / "topics.toml", root), lambda form: _topics(form, seeds))
    _each(open_form(root / "questions.toml", root), lambda form: _questions(form, seeds))
    for path in sorted((root / "articles").glob("*.toml")):
        _each(open_form(path, root), lambda form: _article(form, seeds))
    _each(open_form(root / "events.toml", root), lambda form: _events(form, seeds))
    _each(open_form(root / "outcomes.toml", root), lambda form: _outcomes(form, seeds))
    return seeds


def _each(form: Form, reader: Callable[[Form], None]) -> None:
    reader(form)
    form.close()


def _new(form: Form, rows: dict[Any, Row], key: Any, row: Row, name: str = "key") -> None:
    """Keep a row under a key that no other has; the form must be used up."""
    form.close()
    if key in rows:
        raise form.error(name, "is used twice; give each its own")
    rows[key] = row


def _known(form: Form, name: str, key: str, rows: Collection[str]) -> str:
    if key not in rows:
        raise form.error(name, f"{key!r} points nowhere; it must be a key of another form")
    return key


def _lexicon(file: Form, seeds: Seeds) -> None:
    sources = file.form("sources")
    titles = {}
    for source in sources.names():
        form = sources.form(source)
        titles[source] = {
            "source": source,
            "source_title": form.text("title"),
            "source_detail": form.text("detail"),
        }
        form.close()
    for form in file.forms("phrase"):
        phrase, source = form.text("phrase"), form.one_of("source", list(titles))
        row: Row = {name: form.probability(name) for name in ("low", "point", "high")}
        if not row["low"] <= row["point"] <= row["high"]:
            raise form.error("point", "must lie between low and high")
        row |= {"phrase": phrase, "note": form.text("note", ""), **titles[source]}
        _new(form, seeds.phrases, (phrase, source), row, "phrase")


def _topics(file: Form, seeds: Seeds) -> None:
    for form in file.forms("topic"):
        row = {"key": form.text("key"), "name": form.text("name")}
        _new(form, seeds.topics, row["key"], row)


def _questions(file: Form, seeds: Seeds) -> None:
    for form in file.forms("question"):
        row: Row = {
            "key": form.text("key"),
            "text": form.text("text"),
            "criteria": form.text("criteria"),
            "topic": _known(form, "topic", form.text("topic"), seeds.topics),
            "opened_at": form.moment("opened"),
            "due_at": form.moment("due", None),
            "due_rule": form.text("due_rule", ""),
            "horizon_basis": form.one_of("horizon_basis", HorizonBasis.values),
            "horizon_note": form.text("horizon_note", ""),
            "notes": form.text("notes", ""),
            "condition": form.text("condition", ""),
            "condition_question": form.text("condition_question", "") or None,
            "condition_answer": form.one_of("condition_answer", Side.values, ""),
            "review_every_days": form.integer("review_every_days", None),
        }
        if (row["due_at"] is None) == (row["due_rule"] == ""):
            raise form.error("due", "give either due or due_rule, not both and not neither")
        if row["condition_question"]:
            _known(form, "condition_question", row["condition_question"], seeds.questions)
        _new(form, seeds.questions, row["key"], row)


def _article(file: Form, seeds: Seeds) -> None:
    if file.has("outlet"):
        form = file.form("outlet")
        outlet = {"key": form.text("key"), "name": form.text("name")}
        form.close()
        if seeds.outlets.setdefault(outlet["key"], outlet) != outlet:
            raise form.error("name", f"{outlet['key']} has another name in another file")
    article = _article_row(file.form("article"), seeds)
    form = file.form("forecaster")
    forecaster = {
        "key": form.text("key"),
        "name": form.text("name"),
        "kind": form.one_of("kind", ForecasterKind.values),
        "note": form.text("note", ""),
    }
    _new(form, seeds.forecasters, forecaster["key"], forecaster)
    said = {"article": article["key"], "forecaster": forecaster["key"]}
    for form in file.forms("prediction"):
        row = {**said, **_said(form, article), **_prediction(form, seeds)}
        row["made_at"] = end_of(article["published_on"])
        _new(form, seeds.predictions, (article["key"], row["reference"]), row, "ref")
    for form in file.forms("statement"):
        row = {
            **said,
            **_said(form, article),
            "kind": form.one_of("kind", StatementKind.values),
            "reason": form.one_of("reason", UnscorableReason.values),
            "note": form.text("note", ""),
        }
        if (row["article"], row["reference"]) in seeds.predictions:
            raise form.error("ref", "is used twice; give each its own")
        _new(form, seeds.statements, (article["key"], row["reference"]), row, "ref")


def _article_row(form: Form, seeds: Seeds) -> Row:
    row: Row = {
        "key": form.text("key"),
        "title": form.text("title"),
        "title_basis": form.text("title_basis", ""),
        "outlet": form.text("outlet", "") or None,
        "byline": form.text("byline"),
        "published_on": form.day("published"),
        "date_basis": form.text("date_basis"),
        "url": form.text("url", ""),
        "sha256": form.text("sha256"),
        "characters": form.integer("characters"),
    }
    if row["outlet"]:
        _known(form, "outlet", row["outlet"], seeds.outlets)
    _new(form, seeds.articles, row["key"], row)
    return row


def _said(form: Form, article: Row) -> Row:
    """What a prediction and a statement share: where it stands, and its words."""
    passages = []
    for passage in form.forms("passages"):
        offset, quote = passage.integer("offset"), passage.text("quote")
        passage.close()
        if offset is None or not 0 <= offset <= article["characters"] - len(quote):
            raise passage.error("offset", f"{offset} lies outside the article's characters")
        passages.append({"offset": offset, "quote": quote})
    if not passages:
        raise form.error("passages", "is missing; quote the words that were said")
    return {"reference": form.text("ref"), "passages": passages, "hedge": form.text("hedge")}


def _prediction(form: Form, seeds: Seeds) -> Row:
    row: Row = {
        "question": _known(form, "question", form.text("question"), seeds.questions),
        "side": form.one_of("side", Side.values),
        "basis": form.one_of("basis", Basis.values),
        "phrase": _phrase(form.form("phrase"), seeds) if form.has("phrase") else None,
        "basis_note": form.text("basis_note"),
        "horizon_note": form.text("horizon_note"),
        "note": form.text("note", ""),
        **{name: form.probability(name, None) for name in ("probability", "low", "high")},
    }
    if row["probability"] is None and row["basis"] != Basis.VERBAL:
        raise form.error("probability", "is missing; only a verbal prediction takes its phrase's")
    if row["basis"] == Basis.VERBAL and row["phrase"] is None:
        raise form.error("phrase", "is missing; a verbal prediction names its row of the lexicon")
    return row


def _phrase(form: Form, seeds: Seeds) -> tuple[str, str]:
    key = (form.text("phrase"), form.text("source"))
    form.close()
    if key not in seeds.phrases:
        raise form.error("phrase", f"{key[0]!r} of {key[1]!r} is not in lexicon.toml")
    return key


def _events(file: Form, seeds: Seeds) -> None:
    for form in file.forms("event"):
        row: Row = {
            "key": form.text("key"),
            "happened_on": form.day("happened_on"),
            "title": form.text("title"),
            "text": form.text("text", ""),
            "sources": [],
            "bears_on": [],
        }
        for source in form.forms("sources"):
            row["sources"].append({"name": source.text("name"), "url": source.text("url")})
            source.close()
        for bears in form.forms("bearings"):
            question = _known(bears, "question", bears.text("question"), seeds.questions)
            bearing = bears.one_of("bearing", Weight.values)
            row["bears_on"].append((question, bearing, bears.text("note", "")))
            bears.close()
        _new(form, seeds.events, row["key"], row)


def _outcomes(file: Form, seeds: Seeds) -> None:
    forms = list(file.forms("outcome"))
    for form in forms:
        question = _known(form, "question", form.text("question"), seeds.questions)
        row: Row = {
            "answer": form.one_of("answer", Side.values, "") or None,
            "void_reason": form.one_of("void", VoidReason.values, ""),
            "settled_on": form.day("settled_on"),
            "rationale": form.text("rationale"),
            "evidence": [
                _known(form, "evidence", key, seeds.events) for key in form.keys("evidence")
            ],
        }
        if (row["answer"] is None) == (row["void_reason"] == ""):
            raise form.error("answer", "give either answer or void, not both and not neither")
        _new(form, seeds.outcomes, question, row, "question")
    for form, question in zip(forms, seeds.outcomes, strict=True):
        _check_outcome(form, question, seeds)


def _check_outcome(form: Form, question: str, seeds: Seeds) -> None:
    """Hold an outcome against those of the other questions, wherever these stand in the file."""
    row, condition = seeds.outcomes[question], seeds.questions[question]["condition_question"]
    if row["settled_on"] not in _settling_days(question, seeds):
        raise form.error(
            "settled_on",
            "is neither the day of an event that settles the question, nor the day it closes, "
            "nor the day the question it is conditional on was settled",
        )
    if row["answer"] and _failed(question, seeds):
        raise form.error(
            "answer", f"must go: the condition fails, as the answer to {condition} is another"
        )


def _failed(question: str, seeds: Seeds) -> bool:
    """Whether the file answers a question's condition otherwise than it asks for."""
    row = seeds.questions[question]
    decided = seeds.outcomes.get(row["condition_question"] or "")
    return decided is not None and decided["answer"] != row["condition_answer"]


def _settling_days(question: str, seeds: Seeds) -> set[dt.date]:
    row = seeds.questions[question]
    days = {
        event["happened_on"]
        for event in seeds.events.values()
        for key, bearing, _ in event["bears_on"]
        if key == question and bearing == Weight.SETTLES
    }
    if row["due_at"]:
        days.add(row["due_at"].date())
    if row["condition_question"] in seeds.outcomes:
        days.add(seeds.outcomes[row["condition_question"]]["settled_on"])
    return days
