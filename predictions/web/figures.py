"""The figures of a scorecard in words: what each is, and how it is to be read."""

from collections.abc import Sequence
from dataclasses import dataclass

from predictions.charts.words import interval, plural, score, signed
from predictions.scorecards import Card
from predictions.scorecards.card import Mean
from predictions.templatetags.figures import percent


@dataclass(frozen=True)
class Row:
    """One figure. `interval` is 95 %, empty for figures that have none."""

    name: str
    value: str
    interval: str
    told: str


@dataclass(frozen=True)
class Group:
    title: str
    rows: Sequence[Row]


_EVEN = 0.25  # what always saying 50 % earns


def lede(card: Card) -> str:
    """The mean Brier score against an even chance's, in a sentence or two; empty of nothing."""
    mean = card.means.brier
    if mean is None:
        return ""
    scored = plural(sum(card.distribution.counts), "scored prediction")
    told = f"Mean Brier score {score(mean.value)} over {scored}; always saying one half earns 0.25."
    if mean.interval is None:
        return f"{told} One question is too few for an interval."
    low, high = mean.interval
    verdict = (
        "better than that"
        if high < _EVEN
        else "worse than that"
        if low > _EVEN
        else "so it may be either better or worse than that"
    )
    return f"{told} The 95\N{NO-BREAK SPACE}% interval is {interval(mean.interval, 3)}, {verdict}."


def counted(card: Card) -> tuple[Row, ...]:
    """How many, by state; `interval` is always empty."""
    counts = card.counts
    rows = [
        ("Predictions", counts.predictions, f"on {plural(counts.questions, 'question')}"),
        ("Scored", counts.scored, "made before their question was settled"),
        ("Open", counts.open, "their question has no outcome yet"),
        ("Late", counts.late, "made when their question was settled already"),
        ("Void", counts.void, "their question could not be answered as it was put"),
        ("Vague", counts.unscorable, "statements like a forecast that nothing could score"),
        ("Abstained", counts.abstained, "statements that decline to forecast"),
    ]
    return tuple(Row(name, _count(count), "", told) for name, count, told in rows)


def groups(card: Card) -> tuple[Group, ...]:
    return (
        Group("How good the forecasts were", (*_losses(card), *_points(card))),
        Group("Why the score is what it is", _parts(card)),
        Group("How they forecast", _habits(card)),
    )


def _losses(card: Card) -> tuple[Row, ...]:
    means, over_time = card.means, card.over_time
    return (
        _mean(
            "Brier score",
            means.brier,
            "The squared distance between what was said and what came: 0 is perfect, 0.25 is what "
            f"always saying 50 % earns, 1 is sure and wrong.{_words(card)}",
        ),
        _mean(
            "Log score",
            means.log,
            "Punishes being sure and wrong harder: 0 is perfect, 0.69 an even chance. Probabilities"
            " are clipped to 1–99 %, so no forecast costs more than 4.61.",
        ),
        _mean(
            "Spherical score", means.spherical, "A third rule: 0 is perfect, 0.29 an even chance."
        ),
        Row(
            "Brier score over time",
            score(over_time.time_weighted),
            "",
            "Each revision weighed by how long it stood, which was "
            f"{percent(over_time.coverage)} of the time in all.",
        ),
        Row("Last Brier score", score(over_time.last), "", "Of the last word before the close."),
    )


def _words(card: Card) -> str:
    best, worst = card.means.brier_best, card.means.brier_worst
    if not best or not worst or best.value == worst.value:
        return ""
    return (
        f" Words leave room: {score(best.value)} at the best reading of them, {score(worst.value)} "
        "at the worst."
    )


def _points(card: Card) -> tuple[Row, ...]:
    against = card.against_others
    return (
        _mean(
            "Baseline score",
            card.means.baseline,
            "Points, more is better: 0 is knowing nothing, 100 perfect.",
            points=True,
        ),
        _mean(
            "Peer score",
            card.means.peer,
            "Points against the others on the same questions: above 0 is better than they were.",
            points=True,
        ),
        Row(
            "Skill",
            _skill(card.skill),
            "",
            "Against always saying the share that came true, which nobody knew beforehand: 1 is "
            "perfect, 0 no better than that.",
        ),
        Row(
            "Skill against others",
            _skill(against.skill),
            "",
            f"On {plural(against.questions, 'question')} that others forecast too: above 0 is "
            "better than they were.",
        ),
        Row("Rank", *_rank(card)),
    )


def _rank(card: Card) -> tuple[str, str, str]:
    if card.rank is None:
        return "–", "", "Given to a single forecaster with enough questions, and to nobody else."
    told = "Of those with enough questions, by Brier score. They did not forecast the same things."
    return f"{card.rank.place} of {card.rank.of}", "", told


def _parts(card: Card) -> tuple[Row, ...]:
    murphy, corp = card.murphy, card.corp
    rows = [
        (
            "Miscalibration",
            corp.miscalibration if corp else None,
            "What saying better-fitting numbers would have saved; lower is better.",
        ),
        (
            "Discrimination",
            corp.discrimination if corp else None,
            "What telling likely from unlikely saved; higher is better.",
        ),
        (
            "Uncertainty",
            corp.uncertainty if corp else None,
            "How hard it was: the Brier score of always saying the share that came true. "
            "Miscalibration − discrimination + uncertainty is the Brier score.",
        ),
        (
            "Reliability",
            murphy.reliability if murphy else None,
            "Murphy’s miscalibration, one probability at a time; too high with few predictions.",
        ),
        ("Resolution", murphy.resolution if murphy else None, "Murphy’s discrimination, likewise."),
    ]
    return tuple(Row(name, score(value), "", told) for name, value, told in rows)


def _habits(card: Card) -> tuple[Row, ...]:
    return (
        Row("Came true", percent(card.base_rate), "", "The share of yes among what was scored."),
        Row(
            "Right side of 50 %",
            percent(card.hit_rate),
            "",
            "The hit rate: a coin earns 50 %. It does not tell 51 % from 99 %.",
        ),
        Row(
            "Sharpness",
            score(card.sharpness),
            "",
            "How far from 50 % they dared to go: 0 is always sure, 0.25 never. Good only together "
            "with good calibration.",
        ),
        Row(
            "Vagueness rate",
            percent(card.vagueness_rate),
            "",
            "The share of forecast-like statements that nothing could score. Whoever is vague "
            "cannot be wrong; this says how often they were.",
        ),
    )


def _mean(name: str, mean: Mean | None, told: str, *, points: bool = False) -> Row:
    if mean is None:
        return Row(name, "–", "", told)
    places = 1 if points else 3
    value = signed(mean.value, places) if points else score(mean.value)
    return Row(name, value, interval(mean.interval, places) if mean.interval else "–", told)


def _skill(value: float | None) -> str:
    return "–" if value is None else signed(value)


def _count(number: int | None) -> str:
    return "–" if number is None else f"{number:,}"
