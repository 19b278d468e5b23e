"""Domain rows for tests, made through the services. The articles are written for the tests."""

import datetime as dt
import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from typing import Any

from django.db import transaction

from ledger import journal
from predictions import services
from predictions.models import (
    Article,
    Event,
    Fact,
    Forecaster,
    Outcome,
    Phrase,
    Prediction,
    Proposal,
    Question,
    User,
)
from predictions.services.events import Bears
from predictions.services.outcomes import Verdict
from predictions.when import end_of

ARTICLE_TEXT = "The harvest will fail, said the almanac. It is almost certain to rain in May."
DAY = dt.date(2026, 1, 31)


@dataclass
class Maker:
    """Every argument may be given; what is not is valid and unlike the others."""

    now: dt.datetime
    _numbers: Any = field(default_factory=lambda: count(1))

    def article(self, **given: Any) -> Article:
        number = next(self._numbers)
        return services.article_record(
            **{
                "key": f"article-{number}",
                "title": "The almanac",
                "byline": "not stated",
                "published_on": DAY,
                "date_basis": "printed on the page",
                "sha256": hashlib.sha256(ARTICLE_TEXT.encode()).hexdigest(),
                "characters": len(ARTICLE_TEXT),
                "by": None,
                **given,
            }
        )

    def forecaster(self, **given: Any) -> Forecaster:
        number = next(self._numbers)
        return services.forecaster_record(
            **{
                "key": f"forecaster-{number}",
                "name": f"Forecaster {number}",
                "kind": "person",
                "by": None,
                **given,
            }
        )

    def question(self, **given: Any) -> Question:
        number = next(self._numbers)
        return services.question_open(
            **{
                "key": f"T{number}",
                "text": "Will the harvest fail in 2026?",
                "criteria": "Yes if the ministry says so by the end of the year. Otherwise no.",
                "opened_at": end_of(DAY),
                "due_at": end_of(dt.date(2026, 10, 31)),
                "horizon_basis": "stated",
                "by": None,
                "now": self.now,
                **given,
            }
        )

    def choice(self, *options: str, **given: Any) -> Question:
        """A question of which of these comes true."""
        options = options or ("wheat", "rye", "oats")
        return self.question(**{"kind": "choice", "options": options, **given})

    def numeric(self, **given: Any) -> Question:
        return self.question(**{"kind": "numeric", "unit": "thousand tonnes", **given})

    def dated(self, **given: Any) -> Question:
        """A question of which day it is."""
        return self.question(**{"kind": "date", **given})

    def conditional(self, on: Question, answer: str = "yes", **given: Any) -> Question:
        """A question that is void unless `on` is answered so."""
        return self.question(condition_question=on, condition_answer=answer, **given)

    def phrase(self, *read: str, **given: Any) -> Phrase:
        """A row of the lexicon with its low, point and high probabilities."""
        low, point, high = map(Decimal, read or ("0.55", "0.7", "0.8"))
        return services.phrase_record(
            **{
                "phrase": "likely",
                "low": low,
                "point": point,
                "high": high,
                "source": "test",
                "source_title": "Written for the tests",
                "by": None,
                **given,
            }
        )

    def prediction(self, probability: str | None = "0.7", **given: Any) -> Prediction:
        return services.prediction_record(
            **{
                "question": given.get("question") or self.question(),
                "forecaster": given.get("forecaster") or self.forecaster(),
                "made_at": end_of(DAY),
                "basis": "stated",
                "probability": None if probability is None else Decimal(probability),
                "by": None,
                "now": self.now,
                **given,
            }
        )

    def spread(self, question: Question, *shares: str, **given: Any) -> Prediction:
        """A prediction that gives the options of a question these probabilities, in order."""
        said = dict(zip(question.options, map(Decimal, shares), strict=True))
        return self.prediction(None, question=question, distribution=said, **given)

    def range(self, question: Question, said: dict[str, Any], **given: Any) -> Prediction:
        """A prediction of values by levels."""
        return self.prediction(None, question=question, quantiles=said, **given)

    def event(self, *questions: Question, bearing: str = "settles", **given: Any) -> Event:
        number = next(self._numbers)
        return services.event_record(
            **{
                "key": f"event-{number}",
                "happened_on": dt.date(2026, 9, 1),
                "title": "The ministry publishes the harvest",
                "sources": [{"name": "The ministry", "url": "https://example.org/harvest"}],
                "bears_on": [Bears(question, bearing) for question in questions],
                "by": None,
                "now": self.now,
                **given,
            }
        )

    def verdict(self, answer: str | None = "yes", **given: Any) -> Verdict:
        return Verdict(
            **{
                "answer": answer,
                "settled_at": end_of(dt.date(2026, 9, 1)),
                "rationale": "The ministry said so.",
                **given,
            }
        )

    def outcome(self, question: Question, answer: str | None = "yes", **given: Any) -> Outcome:
        return services.outcome_enter(
            question=question, verdict=self.verdict(answer, **given), by=None, now=self.now
        )

    def correct(self, outcome: Outcome, answer: str | None = "yes", **given: Any) -> Outcome:
        return services.outcome_correct(
            outcome=outcome,
            verdict=self.verdict(answer, **given),
            reason="Misread.",
            by=None,
            now=self.now,
        )

    def proposal(
        self, question: Question, by: User, answer: str | None = "yes", **given: Any
    ) -> Proposal:
        return services.proposal_make(
            question=question, verdict=self.verdict(answer, **given), by=by, now=self.now
        )

    def withdraw(self, outcome: Outcome) -> Outcome:
        return services.outcome_withdraw(
            outcome=outcome, reason="Too early.", by=None, now=self.now
        )

    def revise(self, phrase: Phrase, *read: str) -> Phrase:
        low, point, high = map(Decimal, read)
        return services.phrase_revise(
            phrase=phrase,
            low=low,
            point=point,
            high=high,
            reason="A later survey.",
            by=None,
            now=self.now,
        )


def write(kind: str, rows: Sequence[Fact]) -> None:
    """Write new rows of one table past the rules of the services, but with their entry."""
    entry = uuid.uuid4()
    for row in rows:
        row.entry = entry
    facts = {str(rows[0]._meta.model_name): [row.facts() for row in rows]}
    with transaction.atomic():
        journal.append(kind=kind, subject=rows[0].subject, actor="system", facts=facts, uuid=entry)
        type(rows[0])._default_manager.bulk_create(rows)
