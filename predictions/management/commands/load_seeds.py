from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from ledger.commands import QuickCommand
from predictions.models import User
from seeds.forms import SeedError
from seeds.loader import FOLDER, load


class Command(QuickCommand):
    help = "Loads the seed articles' forecasts and the later events. A second run changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--folder", type=Path, default=FOLDER, help="where the data files are")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            loaded = load(
                now=timezone.now(),
                # Whoever set the service up looks after its first questions.
                reviewer=User.objects.filter(is_superuser=True).order_by("pk").first(),
                folder=options["folder"],
            )
        except SeedError as error:
            raise CommandError(str(error), returncode=2) from error
        told = ", ".join(f"{count} {table}" for table, count in loaded.recorded.items() if count)
        self.stdout.write(
            f"recorded {told}" if told else "nothing new: all of it is recorded already"
        )
        for place in loaded.differing:
            self.stderr.write(f"differs from what is recorded, which stays: {place}")
        for place in loaded.erased:
            self.stderr.write(f"{place} was erased; take it out of the files")
