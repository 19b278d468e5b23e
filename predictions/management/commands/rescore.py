from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from predictions.models import Rescoring
from predictions.services.rescoring import rescore

_WIDTH = 30


class Command(BaseCommand):
    help = (
        "Scores all predictions anew and recounts all totals. What stands rightly is left alone; "
        "what does not is reversed and posted, with its entries. Stopped, it goes on where it was."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--anew", action="store_true", help="begin anew, even if one was broken off"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        done = rescore(by=None, now=timezone.now(), anew=options["anew"], progress=self._progress)
        self._write("\r\033[K")
        self.stdout.write(
            f"{done.predictions:,} predictions: {done.posted:,} scores posted, "
            f"{done.reversed:,} reversed; all totals recounted"
        )

    def _progress(self, done: Rescoring, total: int) -> None:
        """A bar on a terminal; nothing where the output goes elsewhere."""
        part = min(done.predictions / max(total, 1), 1)
        bar = ("#" * round(part * _WIDTH)).ljust(_WIDTH)
        self._write(f"\rscoring [{bar}] {part:4.0%}  {done.predictions:,} of {total:,} predictions")

    def _write(self, text: str) -> None:
        if self.stderr.isatty():
            # Not in the style of an error, which is red.
            self.stderr.write(text, style_func=str, ending="")
            self.stderr.flush()
