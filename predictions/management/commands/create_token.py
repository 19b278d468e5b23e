from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from ledger.commands import QuickCommand
from predictions.errors import Invalid
from predictions.models import User
from predictions.models.choices import Scope
from predictions.services.tokens import token_create


class Command(QuickCommand):
    help = "Makes an API token and prints its secret, once: it is kept as a digest."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="by which the token is told from others")
        parser.add_argument(
            "--scope",
            action="append",
            required=True,
            choices=Scope.values,
            help="what it is for; may be given more than once",
        )
        parser.add_argument("--user", help="for whom it acts (default: the only superuser)")

    def handle(self, *args: Any, **options: Any) -> None:
        user = _named(options["user"]) if options["user"] else _only_superuser()
        try:
            token = token_create(
                name=options["name"], scopes=options["scope"], user=user, now=timezone.now()
            )
        except Invalid as error:
            raise CommandError(str(error), returncode=2) from error
        self.stdout.write(token.secret)


def _named(username: str) -> User:
    user = User.objects.filter(username=username).first()
    if user is None:
        raise CommandError(f"there is no user {username!r}", returncode=2)
    return user


def _only_superuser() -> User:
    found = list(User.objects.filter(is_superuser=True, is_active=True)[:2])
    if len(found) != 1:
        how_many = "more than one" if found else "no"
        raise CommandError(f"there is {how_many} superuser; say --user USERNAME", returncode=2)
    return found[0]
