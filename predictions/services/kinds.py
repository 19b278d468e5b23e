"""What goes with which kind of question: its options, its answers, and what is forecast on it."""

from collections.abc import Mapping, Sequence
from typing import Any

from predictions.checks import checked_probability, clean_text
from predictions.errors import Invalid
from predictions.models import Prediction, Question
from predictions.models.choices import Basis, QuestionKind
from predictions.scoring.partial import WHOLE, written_answer
from predictions.scoring.written import (
    MOST_OPTIONS,
    Pairs,
    written_date,
    written_distribution,
    written_number,
    written_quantiles,
)

_LONGEST_OPTION = 100
# What a prediction says, by the kind of its question.
_SAYS = {
    QuestionKind.BINARY: "probability",
    QuestionKind.CHOICE: "distribution",
    QuestionKind.NUMERIC: "quantiles",
    QuestionKind.DATE: "quantiles",
}
_EXAMPLES = {
    "distribution": 'give the probability of each option, such as {"rye": 0.4, "wheat": 0.6}',
    "quantiles": 'give levels and their values, such as {"0.1": …, "0.5": …, "0.9": …}',
}


def kind_check(question: Question) -> None:
    """Refuse what does not go with the question's kind; sets its options to how they are stored."""
    kind = question.kind
    if kind not in QuestionKind.values:
        known = ", ".join(QuestionKind.values)
        raise Invalid("kind", f"{str(kind)[:120]!r} is not known; give one of {known}")
    if question.partial and kind != QuestionKind.BINARY:
        raise Invalid("partial", f"does not go with {kind}; only binary questions do")
    if question.unit and kind != QuestionKind.NUMERIC:
        raise Invalid("unit", f"does not go with {kind}; only numeric questions do")
    if kind == QuestionKind.NUMERIC and not question.unit.strip():
        raise Invalid("unit", "is missing; say what is counted, such as thousands of tonnes")
    if kind == QuestionKind.CHOICE:
        question.options = _checked_options(question.options)
    elif question.options:
        raise Invalid("options", f"do not go with {kind}; only choice questions have them")
    elif question.ordered:
        raise Invalid("ordered", f"does not go with {kind}; only choice questions do")


def condition_check(question: Question) -> None:
    """Refuse a condition that could not be met; sets its answer to how it is stored."""
    condition = question.condition_question
    if condition is None:
        return
    if condition.kind in (QuestionKind.NUMERIC, QuestionKind.DATE):
        raise Invalid(
            "condition_question",
            f"{condition.key} is answered by a {condition.get_kind_display()}, which hardly any "
            "forecast meets exactly; name a question of yes or no, or of options",
        )
    wanted = clean_text(question.condition_answer, "condition_answer")
    if condition.kind == QuestionKind.CHOICE:
        question.condition_answer = _option(condition, wanted, "condition_answer")
    elif wanted not in WHOLE:
        raise Invalid("condition_answer", "must be yes or no, the answer the condition asks for")


def checked_answer(question: Question, answer: str) -> str:
    """The answer as it is written: yes, no or a fraction; an option; a number; or a date."""
    match question.kind:
        case QuestionKind.CHOICE:
            return _option(question, clean_text(answer, "answer"), "answer")
        case QuestionKind.NUMERIC | QuestionKind.DATE as kind:
            try:
                return (written_date if kind == QuestionKind.DATE else written_number)(answer)
            except ValueError as error:
                problem = f"does not answer {question.key}: {error}"
                raise Invalid("answer", problem) from None
    return _answer_of_yes_or_no(question, answer)


def said_check(prediction: Prediction) -> None:
    """Refuse what does not go with the kind of its question; sets it to how it is stored."""
    kind = QuestionKind(prediction.question.kind)
    says = _SAYS[kind]
    if kind == QuestionKind.BINARY:
        _refuse_others(prediction, says)
        _read_words(prediction)
        _check_range(prediction)
        return
    _refuse_words(prediction)
    _refuse_others(prediction, says)
    given = getattr(prediction, says)
    if not isinstance(given, Mapping) or not given:
        raise Invalid(says, f"is missing; {_EXAMPLES[says]}")
    try:
        setattr(prediction, says, _written(prediction.question, given))
    except ValueError as error:
        raise Invalid(says, str(error)) from None


def _written(question: Question, given: Mapping[str, Any]) -> Pairs:
    if question.kind == QuestionKind.CHOICE:
        cleaned = {clean_text(str(option), "distribution"): given[option] for option in given}
        if len(cleaned) < len(given):
            raise ValueError("names an option twice; give each once")
        return written_distribution(cleaned, question.options)
    return written_quantiles(given, dates=question.kind == QuestionKind.DATE)


def _refuse_others(prediction: Prediction, says: str) -> None:
    asked = f"a question of the kind {prediction.question.kind}"
    for other in dict.fromkeys(_SAYS.values()):
        if other != says and getattr(prediction, other) is not None:
            fix = _EXAMPLES.get(says, "give the probability of yes")
            raise Invalid(other, f"does not go with {asked}; {fix} in {says}")


def _refuse_words(prediction: Prediction) -> None:
    """Words of probability, and their ranges, are read as chances of yes alone."""
    only = "is for questions of yes or no only; leave it out"
    for name in ("phrase", "low", "high"):
        if getattr(prediction, name) is not None:
            raise Invalid(name, only)
    if prediction.side:
        raise Invalid("side", only)
    if prediction.basis == Basis.VERBAL:
        raise Invalid("basis", "verbal is for questions of yes or no only; give another basis")


def _read_words(prediction: Prediction) -> None:
    phrase = prediction.phrase
    if phrase is not None and prediction.probability is None:
        prediction.probability = phrase.point
        prediction.low, prediction.high = phrase.low, phrase.high
    if prediction.basis == Basis.VERBAL and phrase is None:
        raise Invalid("phrase", "is missing; a verbal prediction names its row of the lexicon")


def _check_range(prediction: Prediction) -> None:
    point = checked_probability(prediction.probability, "probability")
    low, high = prediction.low, prediction.high
    if low is not None or high is not None:
        low, high = checked_probability(low, "low"), checked_probability(high, "high")
        if not low <= point <= high:
            raise Invalid("probability", f"{point} does not lie between low {low} and high {high}")
    prediction.probability, prediction.low, prediction.high = point, low, high


def _checked_options(options: Sequence[str]) -> list[str]:
    if not isinstance(options, list | tuple) or not all(isinstance(one, str) for one in options):
        raise Invalid("options", "must be a list of texts")
    cleaned = [clean_text(option, "options") for option in options]
    if not 2 <= len(cleaned) <= MOST_OPTIONS:
        raise Invalid("options", f"are {len(cleaned)}; give 2 to {MOST_OPTIONS}")
    for option in cleaned:
        if not option or len(option) > _LONGEST_OPTION:
            problem = f"hold {option[:120]!r}; each has 1 to {_LONGEST_OPTION} characters"
            raise Invalid("options", problem)
        if cleaned.count(option) > 1:
            raise Invalid("options", f"hold {option!r} twice; give each once")
    return cleaned


def _option(question: Question, given: str, field: str) -> str:
    if given not in question.options:
        known = ", ".join(question.options[:10]) + (", …" if len(question.options) > 10 else "")
        problem = f"{given[:120]!r} is no option of {question.key}; give one of: {known}"
        raise Invalid(field, problem)
    return given


def _answer_of_yes_or_no(question: Question, answer: str) -> str:
    if not question.partial:
        if answer not in WHOLE:
            raise Invalid("answer", f"{answer!r} does not answer {question.key}; give yes or no")
        return answer
    try:
        return written_answer(answer)
    except ValueError:
        raise Invalid(
            "answer",
            f"{answer!r} does not answer {question.key}; give yes, no, or a fraction from 0 to 1 "
            "with at most 6 places, such as 0.4",
        ) from None
