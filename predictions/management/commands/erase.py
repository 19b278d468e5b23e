import sys
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from ledger.commands import QuickCommand
from predictions.errors import Conflict, Invalid
from predictions.models import Article, Forecaster, Prediction, Statement, User
from predictions.models.choices import ErasureReason
from predictions.services.erasure import (
    Erasure,
    article_byline_erase,
    erasure_preview,
    forecaster_erase,
    user_erase,
    user_erasure_preview,
)


class Command(QuickCommand):
    help = (
        "Erases who a forecaster, the byline of an article, or a user is. It cannot be undone. "
        "Predictions, scores and the ledger's entries stay, and verify as before."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        whom = parser.add_mutually_exclusive_group(required=True)
        whom.add_argument("--forecaster", metavar="KEY", help="key, name and note of a forecaster")
        whom.add_argument("--article", metavar="KEY", help="the byline of an article")
        whom.add_argument("--user", metavar="USERNAME", help="name, address and access of a user")
        parser.add_argument(
            "--reason",
            choices=ErasureReason.values,
            help="what the ledger's entry gives as the reason; a user has no entry, and needs none",
        )
        parser.add_argument("--yes", action="store_true", help="do not ask for confirmation")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["user"] and not options["reason"]:
            raise CommandError(f"say why: --reason {'|'.join(ErasureReason.values)}", returncode=2)
        try:
            if options["user"]:
                done = self._user(options)
            elif options["forecaster"]:
                done = self._forecaster(options)
            else:
                done = self._article(options)
        except (Conflict, Invalid) as error:
            raise CommandError(str(error), returncode=2) from error
        self.stdout.write(f"erased: {_counted(done)}")
        told = f"entry {done.entry}" if done.entry else "no entry: the ledger names no user"
        self.stdout.write(told)

    def _forecaster(self, options: dict[str, Any]) -> Erasure:
        row = _found(Forecaster, key=options["forecaster"])
        stays = [
            _plural(model._default_manager.filter(forecaster=row).count(), noun)
            for model, noun in ((Prediction, "prediction"), (Statement, "statement"))
        ]
        self._announce(
            f"forecaster {row.key} ({row.name}): key, name, note",
            erasure_preview(row=row, now=timezone.now()),
            f"{', '.join(stays)} and their scores stay, under the name (erased); so do free texts, "
            "quotes and the bylines of articles that may name them",
        )
        self._confirm(options)
        return forecaster_erase(
            forecaster=row, reason=options["reason"], by=None, now=timezone.now()
        )

    def _article(self, options: dict[str, Any]) -> Erasure:
        row = _found(Article, key=options["article"])
        self._announce(
            f"article {row.key}: its byline ({row.byline})",
            erasure_preview(row=row, now=timezone.now()),
            "title, address, free texts and quotes stay; so do the forecasters that it may name",
        )
        self._confirm(options)
        return article_byline_erase(
            article=row, reason=options["reason"], by=None, now=timezone.now()
        )

    def _user(self, options: dict[str, Any]) -> Erasure:
        user = _found(User, username=options["user"])
        self._announce(
            f"user {user.username} ({user.email or 'no address'}): name, address, password, "
            "tokens, subscriptions, sessions",
            user_erasure_preview(user=user, now=timezone.now()),
            f"what they did stays, as done by user:{user.pk}",
        )
        self._confirm(options)
        return user_erase(user=user, by=None, now=timezone.now())

    def _announce(self, what: str, preview: Erasure, stays: str) -> None:
        self.stdout.write(f"to erase: {what}")
        self.stdout.write(f"  {_counted(preview)}")
        self.stdout.write(f"  {stays}")
        if preview.in_clear:
            self.stdout.write(
                "  CANNOT be erased from the ledger, where it stands in clear, recorded before "
                f"such parts were kept apart: {', '.join(preview.in_clear)}"
            )
        if preview.in_delivery:
            going = _plural(preview.in_delivery, "message")
            self.stdout.write(f"  may be going out as it is, at this moment: {going}")

    def _confirm(self, options: dict[str, Any]) -> None:
        if options["yes"]:
            return
        if not sys.stdin.isatty():
            raise CommandError("nobody is there to be asked; give --yes", returncode=2)
        self.stdout.write("This cannot be undone. Type yes to erase: ", ending="")
        self.stdout.flush()
        try:
            answer = sys.stdin.readline().strip()
        except KeyboardInterrupt:
            self.stdout.write("")
            raise CommandError("nothing was erased", returncode=130) from None
        if answer != "yes":
            raise CommandError("nothing was erased", returncode=2)


def _found(model: Any, **named: str) -> Any:
    row = model._default_manager.filter(**named).first()
    if row is None:
        [name] = named.values()
        raise CommandError(f"there is no {model._meta.verbose_name} {name!r}", returncode=2)
    return row


def _counted(erasure: Erasure) -> str:
    return (
        f"{_plural(erasure.parts, 'part')} that the ledger commits to, "
        f"{_plural(erasure.copies, 'copy', 'copies')} in mail, kept answers and the admin's log"
    )


def _plural(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or f'{one}s'}"
