from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from ledger.commands import QuickCommand
from ledger.errors import WillNotSign
from predictions.mail.deliver import deliver
from predictions.mail.queue import reports_queue


class Command(QuickCommand):
    help = "One pass, now: sends the reports that are due and were not sent yet."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            queued = reports_queue(now=timezone.now())
        except WillNotSign as error:
            raise CommandError(str(error), returncode=2) from error
        done = deliver(clock=timezone.now)
        self.stdout.write(
            f"queued {queued}, sent {done.sent}, put off {done.put_off}, given up {done.dead}"
        )
