from typing import Any

from django.core.management.base import CommandError, CommandParser

from ledger.commands import QuickCommand
from predictions.models import User
from predictions.services.two_factor import two_factor_lost


class Command(QuickCommand):
    help = (
        "Removes a user's two-factor sign-in, whose device is lost, and signs them out everywhere. "
        "From then on the password alone lets them in."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"there is no user {options['username']!r}", returncode=2)
        if not two_factor_lost(user=user, by=None):
            raise CommandError(f"{user} has no two-factor sign-in", returncode=1)
        self.stdout.write(f"{user} signs in with a password alone")
