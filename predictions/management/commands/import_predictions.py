import dataclasses
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from ledger.commands import QuickCommand
from ledger.progress import Bar
from predictions.errors import PredictionsError
from predictions.importing import Finding, read
from predictions.services.imports import Imported, ImportRefused, predictions_import

_TABLES = ("topics", "forecasters", "questions", "predictions", "outcomes")


class Command(QuickCommand):
    help = (
        "Records the predictions of a CSV file, with their questions and outcomes: all rows or "
        "none, and of a file imported before only what is new. docs/importing.md has the columns. "
        "Exit code 0: recorded; 1: nothing was, each bad cell is listed; 2: could not run."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="F.csv")
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would be recorded, and record nothing"
        )
        parser.add_argument("--json", action="store_true", help="print the figures as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            data = options["file"].read_bytes()
        except OSError as error:
            problem = f"{options['file']} cannot be read: {error.strerror}"
            raise CommandError(problem, returncode=2) from error
        dry_run = options["dry_run"]
        bar = Bar(self.stderr, "recording", "predictions")
        try:
            imported = predictions_import(
                read=read(data),
                by=None,
                now=timezone.now(),
                dry_run=dry_run,
                progress=bar.show,
            )
        except ImportRefused as refusal:
            bar.clear()
            self._refuse(refusal.problems, as_json=options["json"])
        except PredictionsError as error:
            raise CommandError(f"nothing was recorded: {error}", returncode=1) from error
        bar.clear()
        for warning in imported.warnings:
            self.stderr.write(f"warning: {warning}", style_func=str)
        if options["json"]:
            self.stdout.write(json.dumps({"dry_run": dry_run, **dataclasses.asdict(imported)}))
        else:
            self.stdout.write(_told(imported, dry_run=dry_run))

    def _refuse(self, problems: Sequence[Finding], *, as_json: bool) -> NoReturn:
        for problem in problems:
            self.stderr.write(str(problem))
        if as_json:
            self.stdout.write(json.dumps({"problems": [dataclasses.asdict(p) for p in problems]}))
        else:
            self.stderr.write(f"nothing was recorded: {len(problems)} problem(s)")
        sys.exit(1)


def _told(imported: Imported, *, dry_run: bool) -> str:
    counts = {table: getattr(imported, table) for table in _TABLES}
    new = ", ".join(f"{count:,} {table}" for table, count in counts.items() if count)
    known = f"{imported.known:,} predictions were recorded already" if imported.known else ""
    if not new:
        return f"nothing new: {known or 'the file holds no predictions'}"
    lines = [f"{'would record' if dry_run else 'recorded'} {new}", known]
    if imported.late:
        lines.append(f"{imported.late:,} of the predictions came after the fact: kept as late")
    if imported.early:
        lines.append(f"{imported.early:,} of the predictions are older than their questions")
    return "\n".join(line for line in lines if line)
