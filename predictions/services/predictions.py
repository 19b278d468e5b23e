"""Recording what was forecast, and what only looks like a forecast."""

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Max

from predictions.checks import clean_text
from predictions.errors import Invalid
from predictions.models import (
    Article,
    Forecaster,
    Outcome,
    Phrase,
    Prediction,
    Question,
    Statement,
    User,
)
from predictions.services.eyes import refuse_judge
from predictions.services.kinds import said_check
from predictions.services.phrases import phrase_held, phrase_newest
from predictions.services.posting import post, post_each
from predictions.services.questions import outcomes_of, question_locked, questions_locked
from predictions.services.scores import scores_settle

_RECORDED = "prediction.recorded"
Passages = Sequence[dict[str, Any]]


@transaction.atomic
def prediction_record(
    *,
    question: Question,
    forecaster: Forecaster,
    made_at: dt.datetime,
    basis: str,
    by: User | None,
    now: dt.datetime,
    probability: Decimal | None = None,
    low: Decimal | None = None,
    high: Decimal | None = None,
    distribution: Mapping[str, Any] | None = None,
    quantiles: Mapping[str, Any] | None = None,
    phrase: Phrase | None = None,
    article: Article | None = None,
    reference: str = "",
    passages: Passages = (),
    hedge: str = "",
    side: str = "",
    basis_note: str = "",
    horizon_note: str = "",
    note: str = "",
) -> Prediction:
    """Record what was forecast; one by the same forecaster on the question revises the earlier.

    On yes or no it is a `probability` of yes in [0, 1], at most 6 places, between `low` and `high`;
    a verbal prediction takes them from its `phrase`, of the newest version, where they are not
    given. On options it is a `distribution`, the probability of each; on a number or a date,
    `quantiles`, values by levels such as "0.1", not falling. On a question that has an outcome it
    needs its article, and is scored at once. Raises Invalid, naming the field; Denied by the
    four-eyes rule (`eyes`).
    """
    if phrase is not None:
        check_newest(phrase)
    locked = question_locked(question)
    standing = locked.outcome
    refuse_judge(question=locked, standing=standing, by=by)
    prediction = Prediction(
        reference=reference,
        question=locked,
        forecaster=forecaster,
        article=article,
        revision=_next_revision(locked, forecaster),
        made_at=made_at,
        passages=passages,
        hedge=hedge,
        side=side,
        probability=probability,
        low=low,
        high=high,
        distribution=distribution,
        quantiles=quantiles,
        basis=basis,
        phrase=phrase,
        basis_note=basis_note,
        horizon_note=horizon_note,
        note=note,
        recorded_at=now,
        recorded_by=by,
    )
    _check(prediction, standing, now)
    post(kind=_RECORDED, by=by, rows=[prediction])
    scores_settle(questions=[locked.pk], forecaster=forecaster.pk, by=by, now=now)
    return prediction


@transaction.atomic
def predictions_record(
    *,
    predictions: Sequence[Prediction],
    by: User | None,
    now: dt.datetime,
    as_found: bool = False,
) -> None:
    """`prediction_record` for many, given as rows that are not saved yet, in their order.

    Gives each its revision. `as_found` takes, without an article, what a source says was predicted
    on a question that has an outcome by now.
    """
    if not predictions:
        return
    for phrase in sorted({row.phrase for row in predictions if row.phrase}, key=lambda p: p.pk):
        check_newest(phrase)
    questions = questions_locked(prediction.question_id for prediction in predictions)
    standing = outcomes_of(questions)
    for key, outcome in standing.items():
        refuse_judge(question=questions[key], standing=outcome, by=by)
    revisions = _last_revisions(questions)
    for prediction in predictions:
        series = prediction.question_id, prediction.forecaster_id
        revisions[series] += 1
        prediction.revision = revisions[series]
        _check(prediction, standing.get(prediction.question_id), now, as_found=as_found)
        prediction.recorded_at, prediction.recorded_by = now, by
    post_each(kind=_RECORDED, by=by, rows=predictions)
    scores_settle(questions=list(questions), by=by, now=now)


@transaction.atomic
def statement_record(
    *,
    article: Article,
    forecaster: Forecaster,
    kind: str,
    reason: str,
    by: User | None,
    now: dt.datetime,
    reference: str = "",
    passages: Passages = (),
    hedge: str = "",
    note: str = "",
) -> Statement:
    """Keep a forecast-like statement that cannot be scored, or that abstains, with its reason."""
    statement = Statement(
        reference=reference,
        article=article,
        forecaster=forecaster,
        passages=checked_passages(passages, article),
        hedge=hedge,
        kind=kind,
        reason=reason,
        note=note,
        recorded_at=now,
    )
    post(kind="statement.recorded", by=by, rows=[statement])
    return statement


def _check(
    prediction: Prediction,
    standing: Outcome | None,
    now: dt.datetime,
    *,
    as_found: bool = False,
) -> None:
    """What a prediction must fulfil; sets what it says to how that is stored."""
    article = prediction.article
    said_check(prediction)
    check_made(prediction.made_at, now)
    if article is None and standing is not None and not as_found:
        raise Invalid(
            "article",
            f"is missing; {prediction.question.key} has an outcome: only what stands in a source "
            "can be added",
        )
    prediction.passages = checked_passages(prediction.passages, article)


def check_made(made_at: dt.datetime, now: dt.datetime) -> None:
    """By the day, as a bare date stands for its end."""
    if made_at.date() > now.date():
        raise Invalid(
            "made_at", f"{made_at:%Y-%m-%d} is in the future; give today or an earlier day"
        )


def check_newest(phrase: Phrase) -> None:
    """Refuse to read anything by a version that was revised; hold the phrase, before questions."""
    phrase_held(phrase)
    newest = phrase_newest(phrase)
    if newest != phrase:
        raise Invalid("phrase", f"{phrase} is read otherwise since; name {newest}")


def _next_revision(question: Question, forecaster: Forecaster) -> int:
    earlier = Prediction.objects.filter(question=question, forecaster=forecaster)
    return (earlier.aggregate(last=Max("revision"))["last"] or 0) + 1


def _last_revisions(questions: Iterable[uuid.UUID]) -> Counter[tuple[uuid.UUID, uuid.UUID]]:
    """The last revision of each forecaster on each of these questions; 0 where there is none."""
    series = Prediction.objects.filter(question__in=list(questions)).order_by()
    rows = series.values_list("question", "forecaster").annotate(Max("revision"))
    return Counter({(question, forecaster): last for question, forecaster, last in rows})


def checked_passages(passages: Passages, article: Article | None) -> list[dict[str, Any]]:
    """Passages as [{"offset": characters, "quote": text}] that fit within the article."""
    checked = []
    for passage in passages:
        offset, quote = passage.get("offset"), passage.get("quote")
        if type(offset) is not int or not isinstance(quote, str) or not quote.strip():
            raise Invalid("passages", f"{passage} needs an offset (a number) and a quote (text)")
        quote = clean_text(quote, "passages")
        if article and not 0 <= offset <= article.characters - len(quote):
            raise Invalid(
                "passages",
                f"{quote!r} at {offset} lies outside the article's {article.characters} characters",
            )
        checked.append({"offset": offset, "quote": quote})
    return checked
