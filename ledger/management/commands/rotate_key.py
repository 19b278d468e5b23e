from typing import Any

from django.core.management.base import CommandError, CommandParser

from ledger.commands import QuickCommand
from ledger.errors import WillNotSign
from ledger.rotation import key_rotate


class Command(QuickCommand):
    help = (
        "Has a new signing key take over, and records that in the ledger. The next checkpoint is "
        "signed with both. If it is interrupted, run it again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--reason", required=True, help="why; it stands in the ledger")
        parser.add_argument(
            "--lost", action="store_true", help="the old key is lost, so it does not sign any more"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = key_rotate(reason=options["reason"], lost=options["lost"])
        except (WillNotSign, OSError) as error:
            raise CommandError(str(error), returncode=2) from error
        self.stdout.write(f"The new key signs from checkpoint {done.checkpoint} on. Publish it:")
        self.stdout.write(f"  {done.verifier}")
        if done.left_to_do:
            self.stdout.write(done.left_to_do)
