from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from ledger.commands import QuickCommand
from predictions.services.accounts import administrator_ensure


class Command(QuickCommand):
    help = (
        "Makes the first administrator, subscribed to the weekly report, where there is none. "
        "The password is made at random and shown this once."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email", default="admin@localhost", help="where mail reaches them")

    def handle(self, *args: Any, **options: Any) -> None:
        account = administrator_ensure(email=options["email"], now=timezone.now())
        if account is None:
            self.stdout.write("there is an administrator already")
        else:
            self.stdout.write(f"{account[0]} / {account[1]}  (shown this once)")
