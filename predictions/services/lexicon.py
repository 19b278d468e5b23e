"""Reading the words of probability another way: a new version of a row, and what was read by it."""

import datetime as dt
from decimal import Decimal

from django.db import transaction
from django.db.models import QuerySet

from predictions.checks import checked_probability
from predictions.errors import Conflict, Invalid
from predictions.models import Phrase, Prediction, User
from predictions.models.choices import Basis
from predictions.services.phrases import phrase_held, phrase_newest
from predictions.services.posting import post
from predictions.services.questions import questions_locked
from predictions.services.scores import scores_settle

_RANGE = ("low", "point", "high")


def predictions_read_by(phrase: Phrase) -> QuerySet[Prediction]:
    """The verbal predictions that took their figures from this version, unaltered."""
    return Prediction.objects.filter(
        phrase=phrase,
        basis=Basis.VERBAL,
        probability=phrase.point,
        low=phrase.low,
        high=phrase.high,
    )


@transaction.atomic
def phrase_revise(
    *,
    phrase: Phrase,
    low: Decimal,
    point: Decimal,
    high: Decimal,
    reason: str,
    by: User | None,
    now: dt.datetime,
    source_title: str | None = None,
    source_detail: str | None = None,
    note: str | None = None,
) -> Phrase:
    """Record another reading of a phrase, and read anew what was read by the one before.

    low ≤ point ≤ high lie in [0, 1], at most 6 places; texts that are not given stay. Predictions
    that took their figures from `phrase` unaltered take the new ones; on settled questions their
    scores are reversed and posted in the next round. Raises Conflict if `phrase` is not the newest
    version, Invalid (naming the field) for no change, no reason, or figures that make no range.
    """
    phrase_held(phrase, alone=True)
    newest = phrase_newest(phrase)
    if newest != phrase:
        raise Conflict(f"{phrase} was revised already; revise {newest}")
    if not reason.strip():
        raise Invalid("reason", "is missing; say why the phrase is read otherwise")
    revised = _version_after(phrase, _checked(phrase, low, point, high))
    revised.reason = reason
    for name, text in (
        ("source_title", source_title),
        ("source_detail", source_detail),
        ("note", note),
    ):
        if text is not None:
            setattr(revised, name, text)
    post(kind="phrase.revised", by=by, rows=[revised])
    _read_anew(phrase, revised, by, now)
    return revised


def _checked(phrase: Phrase, *figures: Decimal) -> dict[str, Decimal]:
    read = {
        name: checked_probability(figure, name)
        for name, figure in zip(_RANGE, figures, strict=True)
    }
    if not read["low"] <= read["point"] <= read["high"]:
        raise Invalid(
            "point",
            f"{read['point']} does not lie between low {read['low']} and high {read['high']}",
        )
    if all(getattr(phrase, name) == figure for name, figure in read.items()):
        raise Invalid("point", f"{phrase} has these figures already; give others")
    return read


def _version_after(phrase: Phrase, read: dict[str, Decimal]) -> Phrase:
    return Phrase(
        phrase=phrase.phrase,
        source=phrase.source,
        source_title=phrase.source_title,
        source_detail=phrase.source_detail,
        note=phrase.note,
        version=phrase.version + 1,
        **read,
    )


def _read_anew(old: Phrase, new: Phrase, by: User | None, now: dt.datetime) -> None:
    """Hold the questions, so that no outcome is entered meanwhile, and change their predictions."""
    affected = predictions_read_by(old)
    questions_locked(affected.order_by().values_list("question", flat=True).distinct())
    read = list(affected.select_related("question").order_by("question__key", "made_at", "pk"))
    for prediction in read:
        prediction.phrase = new
        prediction.low, prediction.probability, prediction.high = new.low, new.point, new.high
        post(kind="prediction.reread", by=by, rows=[prediction])
    scores_settle(questions=sorted({row.question_id for row in read}), by=by, now=now)
