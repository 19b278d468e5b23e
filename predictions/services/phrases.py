"""Which version of a phrase is the newest, and keeping it so while something is read by it."""

from django.db import connection

from predictions.models import Phrase


def phrase_held(phrase: Phrase, *, alone: bool = False) -> None:
    """Let nobody revise a phrase until the transaction ends; `alone`, nor read anything by it.

    To be taken before any question is locked. Rows of the lexicon cannot be locked themselves, as
    the service may never change them.
    """
    shared = "" if alone else "_shared"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT pg_advisory_xact_lock{shared}(hashtext(%s))", [f"read {phrase.subject}"]
        )


def phrase_newest(phrase: Phrase) -> Phrase:
    """The newest version of the same phrase of the same source."""
    return Phrase.objects.current().get(phrase=phrase.phrase, source=phrase.source)
