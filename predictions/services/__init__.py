"""The only writers of facts: each call is one transaction of rows and their ledger entry.

Named `entity_verb`, keyword-only. `now` is passed in by the edge; `by` is who acts, None for the
service itself. Every refusal is an `Invalid` that names the field, a `Conflict`, or a `Denied`.
"""

from predictions.services.amending import (
    article_amend,
    bearing_amend,
    event_amend,
    forecaster_amend,
    outlet_amend,
    prediction_amend,
    question_amend,
    statement_amend,
    topic_amend,
)
from predictions.services.amending_several import questions_extend, questions_reassign
from predictions.services.events import bearing_record, event_record
from predictions.services.lexicon import phrase_revise
from predictions.services.outcomes import (
    condition_apply,
    outcome_correct,
    outcome_enter,
    outcome_withdraw,
    outcomes_enter,
)
from predictions.services.predictions import (
    prediction_record,
    predictions_record,
    statement_record,
)
from predictions.services.proposals import proposal_decline, proposal_make
from predictions.services.questions import question_open, questions_open
from predictions.services.reviews import review_record, reviews_record
from predictions.services.several import outcomes_decide
from predictions.services.sheets import sheet_record
from predictions.services.snoozes import question_snooze, questions_snooze
from predictions.services.sources import (
    article_record,
    forecaster_record,
    outlet_record,
    phrase_record,
    topic_record,
)
from predictions.services.texts import article_text_keep

__all__ = [
    "article_amend",
    "article_record",
    "article_text_keep",
    "bearing_amend",
    "bearing_record",
    "condition_apply",
    "event_amend",
    "event_record",
    "forecaster_amend",
    "forecaster_record",
    "outcome_correct",
    "outcome_enter",
    "outcome_withdraw",
    "outcomes_decide",
    "outcomes_enter",
    "outlet_amend",
    "outlet_record",
    "phrase_record",
    "phrase_revise",
    "prediction_amend",
    "prediction_record",
    "predictions_record",
    "proposal_decline",
    "proposal_make",
    "question_amend",
    "question_open",
    "question_snooze",
    "questions_extend",
    "questions_open",
    "questions_reassign",
    "questions_snooze",
    "review_record",
    "reviews_record",
    "sheet_record",
    "statement_amend",
    "statement_record",
    "topic_amend",
    "topic_record",
]
