from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from ledger.commands import QuickCommand
from ledger.progress import Bar
from predictions.services.rescoring import rescore


class Command(QuickCommand):
    help = (
        "Scores all predictions anew and recounts all totals. What stands rightly is left alone; "
        "what does not is reversed and posted, with its entries. Stopped, it goes on where it was."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--anew", action="store_true", help="begin anew, even if one was broken off"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        bar = Bar(self.stderr, "scoring", "predictions")
        done = rescore(
            by=None,
            now=timezone.now(),
            anew=options["anew"],
            progress=lambda done, total: bar.show(done.predictions, total),
        )
        bar.clear()
        self.stdout.write(
            f"{done.predictions:,} predictions: {done.posted:,} scores posted, "
            f"{done.reversed:,} reversed; all totals recounted"
        )
