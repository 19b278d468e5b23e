import json
from typing import Any

from django.core.management.base import CommandError, CommandParser

from ledger.commands import QuickCommand
from predictions.errors import Invalid
from predictions.management import scoping
from predictions.management.tables import (
    WIDTH,
    aligned,
    counted,
    figure,
    interval,
    percent,
    short,
)
from predictions.scorecards import MIN_QUESTIONS, Call, Card, Scope, scope_asked, scorecard

_MEANS = {
    "brier": "Brier",
    "brier_best": "  at the best end of words",
    "brier_worst": "  at the worst end",
    "log": "Log",
    "spherical": "Spherical",
}
_POINTS = {"baseline": "Baseline", "peer": "Peer"}


class Command(QuickCommand):
    help = (
        "Prints the scorecard of a forecaster, an outlet, a topic, a horizon or a period: of the "
        "predictions that fit every option given."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--forecaster", metavar="KEY", default="", help="made by them")
        scoping.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            card = scorecard(scope_asked(options))
        except Invalid as error:
            raise CommandError(str(error), returncode=2) from error
        told = json.dumps(card.as_json(), indent=2) if options["json"] else as_text(card)
        self.stdout.write(told)


def as_text(card: Card) -> str:
    parts = [_counts(card)]
    if card.counts.scored_questions:
        parts += [_means(card), _comparisons(card), _calibration(card), _distribution(card)]
    parts += [_calls(name, calls) for name, calls in (("Best", card.best), ("Worst", card.worst))]
    if card.other_kinds:
        parts.append(_other_kinds(card))
    return "\n\n".join("\n".join(part) for part in parts if part)


def _counts(card: Card) -> list[str]:
    counts = card.counts
    lines = [
        f"Scorecard: {_scope(card.scope)}",
        "",
        f"{counted(counts.predictions, 'prediction')} on {counted(counts.questions, 'question')}: "
        f"{counts.scored} scored, {counts.late} late, {counts.void} void, {counts.open} open",
    ]
    if counts.unscorable is not None:
        lines.append(
            f"{counted(counts.unscorable, 'statement')} too vague to score, {counts.abstained} "
            f"abstained; vagueness rate {percent(card.vagueness_rate)}"
        )
    if not counts.scored_questions:
        lines += ["", "Nothing was scored, so there are no figures."]
    elif card.small_sample:
        lines += [
            "",
            f"SMALL SAMPLE: scored on {counted(counts.scored_questions, 'question')} of yes or no, "
            f"fewer than {MIN_QUESTIONS}.",
            "No rank is given, and chance alone could explain most of what is said here.",
        ]
    return lines


def _scope(scope: Scope) -> str:
    named = {
        "forecaster": scope.forecaster,
        "outlet": scope.outlet,
        "topic": scope.topic,
        "horizon": scope.horizon,
        "since": scope.since,
        "until": scope.until,
    }
    return (
        ", ".join(f"{name} {value}" for name, value in named.items() if value) or "all predictions"
    )


def _means(card: Card) -> list[str]:
    rows = [["Losses: lower is better", "mean", "95 % interval"]]
    rows += [_mean(card, name, words, 3) for name, words in _MEANS.items()]
    rows += [["Points: more is better", "", ""]]
    rows += [_mean(card, name, words, 1) for name, words in _POINTS.items()]
    return [
        *aligned(rows),
        "Intervals by bootstrap over questions. Log and points: probabilities clipped to "
        "[0.01, 0.99].",
    ]


def _mean(card: Card, name: str, words: str, places: int) -> list[str]:
    mean = getattr(card.means, name)
    if mean is None:
        return [words, "-", "-"]
    return [words, figure(mean.value, places), interval(mean.interval, places)]


def _comparisons(card: Card) -> list[str]:
    over, against, rank = card.over_time, card.against_others, card.rank
    shared = counted(against.questions, "shared question")
    rows = {
        "Base rate of yes": percent(card.base_rate),
        "Skill against the base rate": f"{figure(card.skill, 2)} (above 0 is better than it)",
        "Skill against the others": f"{figure(against.skill, 2)} on {shared}",
        "Rank by mean Brier": f"{rank.place} of {rank.of}" if rank else "not given",
        "Brier over time": f"{figure(over.time_weighted)}, coverage {percent(over.coverage)}",
        "Brier, last before the close": figure(over.last),
        "Right side of 50 %": percent(card.hit_rate),
        "Sharpness": f"{figure(card.sharpness)} (0 is sharpest, 0.25 says nothing)",
    }
    if card.murphy and card.corp:
        murphy, corp = card.murphy, card.corp
        rows["Brier, by Murphy"] = (
            f"{murphy.reliability:.3f} reliability - {murphy.resolution:.3f} resolution "
            f"+ {murphy.uncertainty:.3f} uncertainty"
        )
        rows["Brier, by CORP"] = (
            f"{corp.miscalibration:.3f} miscalibration - {corp.discrimination:.3f} discrimination "
            f"+ {corp.uncertainty:.3f} uncertainty"
        )
    width = max(map(len, rows))
    return [f"{words.ljust(width)}  {told}" for words, told in rows.items()]


def _calibration(card: Card) -> list[str]:
    if card.calibration is None:
        return []
    rows = [["Calibration", "said on average", "came out yes", "predictions"]]
    rows += [
        [
            f"{percent(each.low)[:-2]} to {percent(each.high)}",
            percent(each.mean_probability),
            percent(each.share),
            str(each.count),
        ]
        for each in card.calibration.bins
    ]
    return aligned(rows)


def _distribution(card: Card) -> list[str]:
    edges, counts = card.distribution.edges, card.distribution.counts
    most = max(counts)
    return [
        "Brier scores",
        *(
            f"{low:.1f} to {high:.1f}  {count:>6}  {'#' * round(40 * count / most)}".rstrip()
            for low, high, count in zip(edges, edges[1:], counts, strict=False)
        ),
    ]


def _calls(name: str, calls: tuple[Call, ...]) -> list[str]:
    lines = []
    for call in calls:
        head = f"  {call.score:.3f}  {call.question}: "
        came = {0.0: "no", 1.0: "yes"}.get(call.o, percent(call.o))
        said = f"{call.forecaster} said {percent(call.p)} yes, it came out {came}"
        lines.append(head + short(call.text, WIDTH - len(head)))
        lines.append("         " + short(f"{said}: “{call.quote}”" if call.quote else said, 91))
    return [f"{name} calls", *lines] if lines else []


def _other_kinds(card: Card) -> list[str]:
    rows = [["Other kinds of questions", "predictions", "mean", "95 % interval"]]
    rows += [
        [
            f"{each.rule} {each.unit}".strip(),
            str(each.scored),
            figure(each.mean.value),
            interval(each.mean.interval),
        ]
        for each in card.other_kinds
    ]
    return aligned(rows)
