"""Outcomes of several questions that one event settles: all of them, or none."""

import datetime as dt
from collections.abc import Mapping

from django.db import transaction

from predictions.errors import Conflict, Denied, Invalid, PredictionsError, Several
from predictions.models import Event, Outcome, Question, User
from predictions.models.choices import Weight
from predictions.services.events import Bears, bearing_record
from predictions.services.outcomes import Verdict, outcome_enter
from predictions.services.questions import families_locked


@transaction.atomic
def outcomes_decide(
    *,
    verdicts: Mapping[Question, Verdict],
    event: Event | None,
    by: User | None,
    now: dt.datetime,
) -> list[Outcome]:
    """`outcome_enter` for several open questions, with one `event` among the evidence of each.

    The event is linked, as settling it, to a question that it is not linked to yet. Raises Several
    with what is wrong with each, and then enters none.
    """
    families_locked([question.key for question in verdicts])
    linked = set(event.bearings.values_list("question", flat=True)) if event else set()
    outcomes: list[Outcome] = []
    refused: dict[str, PredictionsError] = {}
    for question, verdict in verdicts.items():
        try:
            with transaction.atomic():
                if event and question.pk not in linked:
                    bears = Bears(question, Weight.SETTLES)
                    bearing_record(event=event, bears=bears, by=by)
                outcomes.append(outcome_enter(question=question, verdict=verdict, by=by, now=now))
        except (Conflict, Denied, Invalid) as error:
            refused[question.key] = error
    if refused:
        raise Several(refused)
    return outcomes
