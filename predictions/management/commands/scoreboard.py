import json
from typing import Any

from django.core.management.base import CommandParser

from ledger.commands import QuickCommand
from predictions.scorecards import MIN_QUESTIONS, Scoreboard, Totals, scoreboard

_COUNTS = ("predictions", "scored", "late", "void", "open", "unscorable", "abstained")


class Command(QuickCommand):
    help = "Prints the totals, and a row a forecaster. Brier and log scores: lower is better."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the figures as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        board = scoreboard()
        text = json.dumps(board.as_json(), indent=2) if options["json"] else as_table(board)
        self.stdout.write(text)


def as_table(board: Scoreboard) -> str:
    head = ["", "made", "scored", "late", "void", "open", "unscor.", "abst."]
    head += ["Brier", "best-worst", "95 %", "log", "skill"]
    rows = [head, *(_cells(row.name, row.totals) for row in board.forecasters)]
    rows.append(_cells(f"All, on {board.total.questions} questions", board.total))
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = [
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    rule = "-" * len(lines[0])
    return "\n".join(
        [
            lines[0],
            rule,
            *lines[1:-1],
            rule,
            lines[-1],
            "",
            "Brier and log scores are losses: lower is better; an even chance earns 0.25 and 0.69.",
            "Log: probabilities are clipped to [0.01, 0.99]. Skill: above 0 beats the base rate.",
            "Best-worst: over the range of the words. Unscor.: statements that cannot be scored.",
            "Means are of questions of yes or no. Their order is no rank: with fewer than",
            f"{MIN_QUESTIONS} scored questions chance alone could explain it.",
        ]
    )


def _cells(name: str, totals: Totals) -> list[str]:
    interval = totals.mean_brier_interval
    return [
        name,
        *(str(getattr(totals, count)) for count in _COUNTS),
        _figure(totals.mean_brier),
        f"{_figure(totals.mean_brier_low)}-{_figure(totals.mean_brier_high)}"
        if totals.scored
        else "-",
        f"{interval[0]:.2f} to {interval[1]:.2f}" if interval else "-",
        _figure(totals.mean_log),
        _figure(totals.skill, 2),
    ]


def _figure(value: float | None, places: int = 3) -> str:
    return "-" if value is None else f"{value:.{places}f}"
