"""People with questions due for review: `python -m tests.faults.people FILE`.

FILE is a JSON list of their addresses, in the order in which their questions fell due. Every
eighth person has two. All that is due is committed at once.
"""

import datetime as dt
import json
import sys
from pathlib import Path

import django
from django.db import transaction

TWO_EACH = 8


def main(addresses: list[str]) -> None:
    from django.utils import timezone

    from predictions.models import Question, User
    from predictions.services.questions import questions_open

    now = timezone.now()
    people = [
        User(username=address.partition("@")[0], email=address, password="!")
        for address in addresses
    ]
    reviewers = [*people, *people[::TWO_EACH]]
    with transaction.atomic():
        User.objects.bulk_create(people)
        questions = [
            Question(
                key=f"Mail-{place}",
                text=f"Does the mail about question {place} arrive?",
                criteria="Yes if it does.",
                opened_at=now - dt.timedelta(days=9),
                due_at=now - dt.timedelta(days=3) + dt.timedelta(seconds=place),
                horizon_basis="editorial",
                reviewer=reviewer,
            )
            for place, reviewer in enumerate(reviewers)
        ]
        questions_open(questions=questions, by=None, now=now)


if __name__ == "__main__":
    django.setup()
    main(json.loads(Path(sys.argv[1]).read_text()))
