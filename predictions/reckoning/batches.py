"""All questions, so many at a time."""

from collections.abc import Iterator
from uuid import UUID

from django.db.models import Count, Q

from predictions.models import Question

# At a time: what is held in memory, and for how long others wait where questions are locked.
PREDICTIONS = 20_000
_QUESTIONS = 5_000


def batches(*, after: UUID | None = None, at_once: int = PREDICTIONS) -> Iterator[list[UUID]]:
    """The questions after this one, in the order of their ids, with about so many predictions."""
    later = Q(pk__gt=after) if after else Q()
    counted = Question.objects.filter(later).annotate(count=Count("predictions"))
    batch: list[UUID] = []
    size = 0
    # All of them beforehand: transactions may come in between, which a cursor does not survive.
    for question, count in list(counted.order_by("pk").values_list("pk", "count")):
        batch.append(question)
        size += count
        if size >= at_once or len(batch) >= _QUESTIONS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
