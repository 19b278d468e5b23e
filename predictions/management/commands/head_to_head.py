import json
from typing import Any

from django.core.management.base import CommandError, CommandParser

from ledger.commands import QuickCommand
from predictions.errors import Invalid, NotFound
from predictions.management import scoping
from predictions.management.tables import aligned, counted, figure, interval, short
from predictions.scorecards import MIN_QUESTIONS, HeadToHead, head_to_head, scope_asked


class Command(QuickCommand):
    help = "Compares two forecasters on the questions on which both were scored."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("first", metavar="A", help="key of a forecaster")
        parser.add_argument("second", metavar="B", help="key of another")
        scoping.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made = head_to_head(options["first"], options["second"], scope_asked(options))
        except (Invalid, NotFound) as error:
            raise CommandError(str(error), returncode=2) from error
        told = json.dumps(made.as_json(), indent=2) if options["json"] else as_text(made)
        self.stdout.write(told)


def as_text(made: HeadToHead) -> str:
    title = f"{made.first_name} against {made.second_name}"
    if not made.shared:
        return f"{title}\n\nThere is no question on which both were scored."
    rows = [["Brier scores: lower is better", made.first, made.second]]
    rows += [
        [short(f"{each.question}: {each.text}", 60), figure(each.first), figure(each.second)]
        for each in made.shared
    ]
    return "\n".join([title, "", *aligned(rows), "", *_verdict(made)])


def _verdict(made: HeadToHead) -> list[str]:
    shared = counted(len(made.shared), "shared question")
    lines = [
        f"{made.first_name} won {made.wins}, tied {made.ties} and lost {made.losses} of {shared}.",
        f"Mean difference {figure(made.difference)}, 95 % interval {interval(made.interval)}; "
        f"below 0 {made.first_name} did better.",
    ]
    if len(made.shared) < MIN_QUESTIONS:
        lines.append(f"SMALL SAMPLE: fewer than {MIN_QUESTIONS} shared questions decide little.")
    return lines
