import dataclasses
import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from ledger import replay


class Command(BaseCommand):
    help = (
        "Verifies the ledger: every entry's bytes, sequence and hash, the tree's root, and every "
        "row of every table by replay. Exit code 0: intact; 1: something was changed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the findings as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        result = replay.verify()
        if options["json"]:
            self.stdout.write(json.dumps({**dataclasses.asdict(result), "intact": result.intact}))
        else:
            self._print(result)
        if not result.intact:
            sys.exit(1)

    def _print(self, result: replay.Verification) -> None:
        if result.intact:
            self.stdout.write(
                f"intact: {result.size} entries, root {result.root}, {result.rows} rows replayed"
            )
            return
        self.stdout.write(f"NOT intact: {len(result.findings)} finding(s)")
        for finding in result.findings:
            self.stdout.write(f"  {finding.place}: {finding.problem}")
