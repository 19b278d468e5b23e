"""What the ledger's verification needs to know: the domain's tables, and how scores come about."""

import functools
from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from uuid import UUID

from ledger import parts, replay, roles
from predictions.models import FACTS, Fact, Outcome, Score
from predictions.scoring.binary import Figures, score_all

_CHUNK = 2_000
# Beside the three that every table of facts has.
_MORE_TRIGGERS = {
    "article": ("article_erased_stays",),
    "forecaster": ("forecaster_erased_stays",),
    "score": ("score_fits",),
}
# As in `ledger.guards`: what the tables of facts, and the database functions of the domain, are.
TABLES = {
    "predictions_topic": "f67f8a57052f0636",
    "predictions_outlet": "c3e98ff048bc7ba9",
    "predictions_article": "7f760326d26565dd",
    "predictions_forecaster": "ba2c2e0421b116b0",
    "predictions_phrase": "38ad8d1ba5d9b0df",
    "predictions_question": "a5cb26917c5b5cc3",
    "predictions_prediction": "d8d18cd7cd993685",
    "predictions_statement": "9ae3a8f1e90fc7c5",
    "predictions_event": "51004b48842f9a74",
    "predictions_bearing": "b1638c2ea083b72f",
    "predictions_outcome": "ac3943865d8580d2",
    "predictions_outcomeevidence": "bfc26f4697de572f",
    "predictions_review": "4ae374a121a61226",
    "predictions_score": "c436a92655f86ad2",
}
FUNCTIONS = {
    "predictions_scores_fit": "41fa59309ca4acbf",
}


def register() -> None:
    """Have `verify_ledger` replay every table of facts and recompute every score.

    And say which tables the service's role may add to but not change.
    """
    for model in FACTS:
        roles.register_facts([model._meta.db_table], final=model.final)
        name = str(model._meta.model_name)
        guards = tuple(f"{name}_{guard}" for guard in ("has_entry", "stays", "no_truncate"))
        replay.register_table(
            replay.FactTable(
                name,
                rows=functools.partial(_rows, model),
                db_table=model._meta.db_table,
                triggers=(*guards, *_MORE_TRIGGERS.get(name, ())),
                digest=TABLES[model._meta.db_table],
                later=model.later,
            )
        )
    replay.register_functions(FUNCTIONS)
    replay.register_check(_check_scores)


def _rows(model: type[Fact]) -> Iterator[replay.Row]:
    rows = model._default_manager.order_by("pk").iterator(chunk_size=_CHUNK)
    while chunk := list(islice(rows, _CHUNK)):
        known = parts.commitments_of(row.pk for row in chunk) if model.personal else {}
        for row in chunk:
            facts = parts.concealed(
                owner=row.pk, facts=row.facts(), personal=model.personal, known=known
            )
            yield replay.Row(key=str(row.pk), entry=str(row.entry), facts=facts)


def _check_scores() -> Iterator[replay.Finding]:
    """Hold the standing scores of each standing outcome against a fresh computation."""
    standing = set(Score.objects.standing().values_list("pk", flat=True))
    for outcome in Outcome.objects.current().select_related("question").iterator(chunk_size=_CHUNK):
        held = {(score.prediction_id, score.rule): score for score in outcome.scores.standing()}
        standing -= {score.pk for score in held.values()}
        yield from _check_outcome(outcome, held)
    for pk in standing:
        yield replay.Finding(f"score {pk}", "counts, but belongs to no outcome that stands")


def _check_outcome(
    outcome: Outcome, held: dict[tuple[UUID, str], Score]
) -> Iterator[replay.Finding]:
    for prediction_id, expected in _recomputed(outcome):
        score = held.pop((prediction_id, expected.rule), None)
        if score is None:
            yield replay.Finding(
                f"prediction {prediction_id}", f"has no {expected.rule} score for {outcome}"
            )
        elif (found := Figures(score.rule, score.value, score.best, score.worst)) != expected:
            yield replay.Finding(f"score {score.pk}", f"holds {found}; recomputed it is {expected}")
    for score in held.values():
        yield replay.Finding(f"score {score.pk}", f"{outcome} scores no such prediction")


def _recomputed(outcome: Outcome) -> Iterator[tuple[UUID, Figures]]:
    if outcome.is_void:
        return
    in_time = list(outcome.question.predictions.filter(made_at__lt=outcome.settled_at))
    answer = Decimal(1) if outcome.answer == "yes" else Decimal(0)
    by_prediction = score_all([prediction.probability_range for prediction in in_time], answer)
    for prediction, by_rule in zip(in_time, by_prediction, strict=True):
        for figures in by_rule:
            yield prediction.pk, figures
