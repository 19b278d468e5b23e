"""How a form asks for the answer to a question, by the question's kind."""

from collections.abc import Mapping
from typing import Any

from django import forms

from predictions.forms import inputs
from predictions.models import Outcome, Proposal, Question
from predictions.models.choices import QuestionKind, VoidReason
from predictions.scoring.partial import is_partial

_VOID, _IS = "void:", "is:"
_VOIDS = [(f"{_VOID}{reason.value}", f"Void: {reason.label.lower()}") for reason in VoidReason]
_YES_OR_NO = [("yes", "Yes"), ("no", "No")]
_VOID_HELP = "Void scores no prediction; say why in the rationale."
# What is chosen where the answer is written in a field of its own, and that field.
WRITTEN = {"partial": "share", "number": "number", "day": "day"}
_EXAMPLES = {
    "share": "a fraction such as 0.4",
    "number": "a number such as 12.5",
    "day": "a date",
}


def fields_of(question: Question) -> dict[str, forms.Field]:
    """`answer`, which is what came out or that the question is void; and where to write it."""
    match question.kind:
        case QuestionKind.CHOICE:
            options = [(f"{_IS}{option}", option) for option in question.options]
            choices = [("", "Choose one"), *options, *_VOIDS]
            return {"answer": inputs.choice("What came true?", choices, help_text=_VOID_HELP)}
        case QuestionKind.NUMERIC:
            return {
                "answer": _radios("What came out?", [("number", "A number")]),
                "number": _number(question.unit),
            }
        case QuestionKind.DATE:
            return {
                "answer": _radios("What came out?", [("day", "A day")]),
                "day": inputs.day("Which day", required=False),
            }
    if not question.partial:
        return {"answer": _radios("Did it happen?", _YES_OR_NO)}
    return {
        "answer": _radios("Did it happen?", [*_YES_OR_NO, ("partial", "In part")]),
        "share": inputs.text(
            "In part: which fraction of yes",
            help_text="From 0 to 1 with at most 6 places, such as 0.4.",
            required=False,
        ),
    }


def missing(given: Mapping[str, Any]) -> tuple[str, str] | None:
    """The field where the answer should be written but is not, and what to say."""
    field = WRITTEN.get(given.get("answer", ""))
    # One that was refused is not among what is given.
    if field is None or field not in given or given[field]:
        return None
    return field, f"Is missing; give {_EXAMPLES[field]}."


def answer_of(given: Mapping[str, Any]) -> tuple[str | None, str]:
    """The answer, and for which reason the question is void: one of the two."""
    chosen: str = given["answer"]
    if chosen in WRITTEN:
        return str(given[WRITTEN[chosen]]), ""
    if chosen.startswith(_VOID):
        return None, chosen.removeprefix(_VOID)
    return chosen.removeprefix(_IS), ""


def initial_of(outcome: Outcome | Proposal) -> dict[str, str]:
    """What the fields hold for an outcome that was entered, or proposed."""
    answer = outcome.answer
    if answer is None:
        return {"answer": f"{_VOID}{outcome.void_reason}"}
    match outcome.question.kind:
        case QuestionKind.CHOICE:
            return {"answer": f"{_IS}{answer}"}
        case QuestionKind.NUMERIC:
            return {"answer": "number", "number": answer}
        case QuestionKind.DATE:
            return {"answer": "day", "day": answer}
    return {"answer": "partial", "share": answer} if is_partial(answer) else {"answer": answer}


def _radios(label: str, answers: list[tuple[str, str]]) -> forms.ChoiceField:
    return inputs.one_of(label, [*answers, *_VOIDS], help_text=_VOID_HELP)


def _number(unit: str) -> forms.CharField:
    return inputs.text(
        f"Which number, in {unit}",
        help_text="With at most 6 places, such as 12.5; from -1,000,000 to 1,000,000.",
        required=False,
    )
