from typing import Any

from django.utils import timezone

from ledger.commands import QuickCommand
from predictions.mail.deliver import deliver
from predictions.mail.queue import reminders_queue


class Command(QuickCommand):
    help = "One pass, now: sends the reminders that are due and were not sent yet."

    def handle(self, *args: Any, **options: Any) -> None:
        queued = reminders_queue(now=timezone.now())
        done = deliver(clock=timezone.now)
        self.stdout.write(
            f"queued {queued}, sent {done.sent}, put off {done.put_off}, given up {done.dead}"
        )
