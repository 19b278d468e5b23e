"""Recording what was forecast, and what only looks like a forecast."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import transaction
from django.db.models import Max

from predictions.errors import Invalid
from predictions.models import Article, Forecaster, Phrase, Prediction, Question, Statement, User
from predictions.models.choices import Basis
from predictions.services.phrases import phrase_held, phrase_newest
from predictions.services.posting import clean_text, post
from predictions.services.questions import question_locked
from predictions.services.scores import scores_settle

_SIX_PLACES = Decimal("0.000001")
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
    """Record a probability of yes; one by the same forecaster on the question revises the earlier.

    `probability`, `low` and `high` lie in [0, 1], at most 6 places; a verbal prediction takes them
    from its `phrase`, of the newest version, where they are not given. On a question that has an
    outcome it needs its article, and is scored at once. Raises Invalid, naming the field.
    """
    if phrase is not None:
        _check_newest(phrase)
    if phrase is not None and probability is None:
        probability, low, high = phrase.point, phrase.low, phrase.high
    if basis == Basis.VERBAL and phrase is None:
        raise Invalid("phrase", "is missing; a verbal prediction names its row of the lexicon")
    if made_at.date() > now.date():
        raise Invalid(
            "made_at", f"{made_at:%Y-%m-%d} is in the future; give today or an earlier day"
        )
    locked = question_locked(question)
    if article is None and locked.outcome is not None:
        raise Invalid(
            "article",
            f"is missing; {locked.key} has an outcome: only what stands in a source can be added",
        )
    probability, low, high = _checked_range(probability, low, high)
    prediction = Prediction(
        reference=reference,
        question=locked,
        forecaster=forecaster,
        article=article,
        revision=_next_revision(locked, forecaster),
        made_at=made_at,
        passages=_checked_passages(passages, article),
        hedge=hedge,
        side=side,
        probability=probability,
        low=low,
        high=high,
        basis=basis,
        phrase=phrase,
        basis_note=basis_note,
        horizon_note=horizon_note,
        note=note,
        recorded_at=now,
        recorded_by=by,
    )
    post(kind="prediction.recorded", by=by, rows=[prediction])
    scores_settle(questions=[locked.pk], forecaster=forecaster.pk, by=by, now=now)
    return prediction


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
        passages=_checked_passages(passages, article),
        hedge=hedge,
        kind=kind,
        reason=reason,
        note=note,
        recorded_at=now,
    )
    post(kind="statement.recorded", by=by, rows=[statement])
    return statement


def checked_probability(value: object, field: str) -> Decimal:
    """A probability as it is stored: a Decimal in [0, 1] with at most 6 places."""
    try:
        given = Decimal(str(value))
        # Of one scale, and without the minus that a zero may carry: as the database gives it back.
        probability = abs(given.quantize(_SIX_PLACES))
    except InvalidOperation:
        probability = given = Decimal("NaN")
    if given.is_nan() or probability != given or probability > 1:
        raise Invalid(field, f"{value} is not a probability: give 0 to 1, at most 6 places")
    return probability


def _check_newest(phrase: Phrase) -> None:
    phrase_held(phrase)
    newest = phrase_newest(phrase)
    if newest != phrase:
        raise Invalid("phrase", f"{phrase} is read otherwise since; name {newest}")


def _checked_range(
    probability: Decimal | None, low: Decimal | None, high: Decimal | None
) -> tuple[Decimal, Decimal | None, Decimal | None]:
    point = checked_probability(probability, "probability")
    if low is None and high is None:
        return point, None, None
    low, high = checked_probability(low, "low"), checked_probability(high, "high")
    if not low <= point <= high:
        raise Invalid("probability", f"{point} does not lie between low {low} and high {high}")
    return point, low, high


def _next_revision(question: Question, forecaster: Forecaster) -> int:
    earlier = Prediction.objects.filter(question=question, forecaster=forecaster)
    return (earlier.aggregate(last=Max("revision"))["last"] or 0) + 1


def _checked_passages(passages: Passages, article: Article | None) -> list[dict[str, Any]]:
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
