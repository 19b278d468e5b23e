"""Reminders of what is due for review: who is told what, and what the message says.

Each pass holds an advisory lock, so that two beats, or a beat and a person at the command line,
take turns; the unique constraints of the tables are the last word.
"""

import datetime as dt
from collections.abc import Sequence

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from predictions.mail.drafts import Draft, drafted, message_queue, reachable
from predictions.models import Question, Reminder, User
from predictions.models.choices import MessageKind
from predictions.services.sweeps import take_turns


@transaction.atomic
def reminders_queue(*, now: dt.datetime) -> int:
    """Queue one message a person with everything due that they were not told; returns how many.

    A review missed many times is due once. A question that has no reviewer is told to every
    administrator, so that nothing falls due in silence.
    """
    take_turns("reminders")
    administrators = list(reachable().filter(is_superuser=True))
    questions = list(Question.objects.due(now).select_related("reviewer"))
    told = set(
        Reminder.objects.filter(question__in=questions).values_list(
            "question_id", "recipient_id", "due_version"
        )
    )
    due: dict[User, list[Question]] = {}
    for question in questions:
        for person in _recipients(question, administrators):
            if (question.pk, person.pk, question.due_version) not in told:
                due.setdefault(person, []).append(question)
    for person, theirs in due.items():
        _queue_reminder(person, theirs, now)
    return len(due)


def _queue_reminder(person: User, questions: list[Question], now: dt.datetime) -> None:
    message = message_queue(reminder(recipient=person.email, questions=questions, now=now), now=now)
    Reminder.objects.bulk_create(
        Reminder(
            question=question,
            recipient=person,
            due_version=question.due_version,
            stage=0,
            message=message,
        )
        for question in questions
    )


def _recipients(question: Question, administrators: list[User]) -> list[User]:
    reviewer = question.reviewer
    if reviewer and reviewer.is_active and reviewer.email:
        return [reviewer]
    return administrators


def reminder(*, recipient: str, questions: Sequence[Question], now: dt.datetime) -> Draft:
    """One message that lists everything a person has to review."""
    keys = ", ".join(question.key for question in questions)
    noun = "question is" if len(questions) == 1 else "questions are"
    context = {
        "now": now,
        "questions": [
            {"question": question, "days": (now - question.review_at).days, "url": _page(question)}
            for question in questions
            if question.review_at
        ],
    }
    return drafted(
        MessageKind.REMINDER,
        recipient,
        f"{len(questions)} {noun} due for review: {keys}",
        context,
    )


def _page(question: Question) -> str:
    path = reverse("admin:predictions_question_change", args=[question.pk])
    return f"{settings.SITE_URL}{path}"
