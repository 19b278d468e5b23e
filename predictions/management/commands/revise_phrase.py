from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from ledger.commands import QuickCommand
from predictions import services
from predictions.errors import Conflict, Invalid
from predictions.models import Outcome, Phrase
from predictions.services.lexicon import predictions_read_by


class Command(QuickCommand):
    help = (
        "Reads a phrase of the lexicon otherwise from now on: a new version of its row. Verbal "
        "predictions that took their figures from the one before take the new ones, and are scored "
        "anew where they were scored. Exit code 1 if it is read so already, 2 if it is refused."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("phrase", metavar="PHRASE", help="the words, as in the lexicon")
        parser.add_argument("--source", required=True, help="which table reads them: icd203")
        for name, which in (("low", "lowest"), ("point", "likeliest"), ("high", "highest")):
            parser.add_argument(
                f"--{name}", required=True, metavar="P", help=f"{which} probability, 0 to 1"
            )
        parser.add_argument("--reason", required=True, help="why, for the ledger")
        parser.add_argument("--note", help="in place of the note of the version before")
        parser.add_argument("--dry-run", action="store_true", help="say what it would change")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with transaction.atomic():
                phrase = _newest(options["phrase"], options["source"])
                self._revise(phrase, options)
                transaction.set_rollback(options["dry_run"])
        except (Conflict, Invalid) as error:
            raise CommandError(str(error), returncode=2) from error
        if options["dry_run"]:
            self.stdout.write("nothing was changed: a dry run")

    def _revise(self, phrase: Phrase, options: dict[str, Any]) -> None:
        figures = {name: _figure(options[name], name) for name in ("low", "point", "high")}
        if all(getattr(phrase, name) == figure for name, figure in figures.items()):
            raise CommandError(f"{phrase} is read so already: {_range(phrase)}", returncode=1)
        read = predictions_read_by(phrase)
        settled = Outcome.objects.current().filter(answer__isnull=False).values("question")
        told = [read.count(), read.filter(question__in=settled).count()]
        stay = phrase.prediction_set.count() - told[0]
        revised = services.phrase_revise(
            phrase=phrase,
            low=figures["low"],
            point=figures["point"],
            high=figures["high"],
            reason=options["reason"],
            note=options["note"],
            by=None,
            now=timezone.now(),
        )
        self.stdout.write(f"{revised}: {_range(revised)}; it was {_range(phrase)}")
        self.stdout.write(
            f"  predictions read anew: {told[0]}, on questions that are answered: {told[1]}"
        )
        self.stdout.write(f"  predictions with figures of their own, which stay: {stay}")


def _newest(words: str, source: str) -> Phrase:
    found = Phrase.objects.current().filter(phrase=words, source=source).first()
    if found is None:
        raise CommandError(f"the lexicon has no {words!r} from {source!r}", returncode=2)
    return found


def _figure(text: str, name: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise Invalid(name, f"{text} is not a probability: give 0 to 1, at most 6 places") from None


def _range(phrase: Phrase) -> str:
    low, point, high = (f"{float(p):g}" for p in (phrase.low, phrase.point, phrase.high))
    return f"{low} to {high}, at {point}"
