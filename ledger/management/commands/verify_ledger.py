import dataclasses
import json
import sys
from typing import Any

from django.core.management.base import CommandError, CommandParser

from ledger import journal, replay, verified
from ledger.commands import QuickCommand
from ledger.errors import CannotResume, SignerBusy
from ledger.progress import Bar


class Command(QuickCommand):
    help = (
        "Verifies the ledger: every entry's bytes, sequence and hash, the tree and what is stored "
        "of it, the checkpoints, the guards, and every row of every table by replay. Exit code 0: "
        "intact; 1: something was changed, each place is listed; 2: could not run."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the findings as JSON")
        parser.add_argument(
            "--since",
            metavar="SIZE",
            help="go on from a checkpoint that was verified before: its size, or `last`. Only "
            "later entries are read, and only the rows that they set are compared",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        bar = Bar(self.stderr, "verifying", "entries")
        try:
            since = verified.resolve(options["since"]) if options["since"] else None
            first, last = (since.size if since else 0), journal.head().size
            result = replay.verify(
                since=since, progress=lambda done: bar.show(done - first, last - first)
            )
        except CannotResume as error:
            raise CommandError(f"--since: {error}", returncode=2) from error
        except SignerBusy as error:
            raise CommandError(f"could not run: {error}", returncode=2) from error
        bar.clear()
        if result.intact:
            self._remember(result)
        if options["json"]:
            self.stdout.write(json.dumps({**dataclasses.asdict(result), "intact": result.intact}))
        else:
            self._print(result)
        if not result.intact:
            sys.exit(1)

    def _remember(self, result: replay.Verification) -> None:
        try:
            verified.remember(result)
        except OSError as error:
            result.notes.append(f"this cannot be gone on from, for it could not be noted: {error}")

    def _print(self, result: replay.Verification) -> None:
        if result.intact:
            after = f" after entry {result.since}" if result.since else ""
            self.stdout.write(
                f"intact{after}: {result.size} entries, root {result.root}, "
                f"{result.rows} rows replayed"
            )
        else:
            self.stdout.write(f"NOT intact: {len(result.findings)} finding(s)")
            for finding in result.findings:
                self.stdout.write(f"  {finding.place}: {finding.problem}")
        for note in result.notes:
            self.stdout.write(f"note: {note}")
