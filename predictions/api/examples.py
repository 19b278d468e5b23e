"""Requests that readers of the documentation can start from."""

from drf_spectacular.utils import OpenApiExample

OUTCOMES = [
    OpenApiExample(
        "An answer",
        request_only=True,
        value={
            "question": "Q2",
            "answer": "yes",
            "settled_at": "2024-02-17",
            "rationale": "Avdiivka was taken, a city that was not held when the question opened.",
            "evidence": ["2024-02-17-avdiivka-taken"],
        },
    ),
    OpenApiExample(
        "Void",
        request_only=True,
        value={
            "question": "Q9",
            "void_reason": "condition_not_met",
            "settled_at": "2024-06-25T12:00:00Z",
            "rationale": "The condition was that the talks begin; they did not.",
        },
    ),
    OpenApiExample(
        "A correction",
        request_only=True,
        value={
            "question": "Q2",
            "answer": "no",
            "settled_at": "2024-06-25",
            "rationale": "The city does not meet the criteria.",
            "corrects": "4f2f3c0a-6f0e-4a53-9a53-0d5a3f1c9e11",
            "correction_reason": "The census puts it below the bar.",
        },
    ),
    OpenApiExample(
        "A withdrawal",
        request_only=True,
        value={
            "question": "Q2",
            "reopens": True,
            "corrects": "4f2f3c0a-6f0e-4a53-9a53-0d5a3f1c9e11",
            "correction_reason": "The report was of another city; nothing is decided yet.",
        },
    ),
    OpenApiExample(
        "A partial answer, where the question allows it",
        request_only=True,
        value={
            "question": "Q2",
            "answer": "0.4",
            "settled_at": "2024-06-25",
            "rationale": "Two of the five cities were taken.",
        },
    ),
    OpenApiExample(
        "A number, on a numeric question",
        request_only=True,
        value={
            "question": "HARVEST-2026",
            "answer": "12.5",
            "settled_at": "2026-09-01",
            "rationale": "The ministry's figure, in the question's unit.",
        },
    ),
]

QUESTIONS = [
    OpenApiExample(
        "Yes or no",
        request_only=True,
        value={
            "key": "RAIN-MAY",
            "text": "Will it rain on 1 May 2026?",
            "criteria": "Yes if the gauge in the town shows a millimetre or more.",
            "opened_at": "2026-01-31",
            "due_at": "2026-05-01",
            "horizon_basis": "stated",
        },
    ),
    OpenApiExample(
        "Options in order",
        request_only=True,
        value={
            "key": "HARVEST-CLASS",
            "kind": "choice",
            "options": ["poor", "fair", "good"],
            "ordered": True,
            "text": "How will the ministry rate the harvest of 2026?",
            "criteria": "The rating in its report of September.",
            "opened_at": "2026-01-31",
            "due_at": "2026-09-30",
            "horizon_basis": "stated",
        },
    ),
    OpenApiExample(
        "A number",
        request_only=True,
        value={
            "key": "HARVEST-2026",
            "kind": "numeric",
            "unit": "million tonnes",
            "text": "How large will the harvest of 2026 be?",
            "criteria": "The total in the ministry's report of September.",
            "opened_at": "2026-01-31",
            "due_at": "2026-09-30",
            "horizon_basis": "stated",
        },
    ),
]

_SAID = {"forecaster": "almanac", "made_at": "2026-01-31", "basis": "stated"}
PREDICTIONS = [
    OpenApiExample(
        "On yes or no",
        request_only=True,
        value={**_SAID, "question": "RAIN-MAY", "probability": 0.7},
    ),
    OpenApiExample(
        "On options",
        request_only=True,
        value={
            **_SAID,
            "question": "HARVEST-CLASS",
            "distribution": {"poor": 0.5, "fair": 0.3, "good": 0.2},
        },
    ),
    OpenApiExample(
        "On a number",
        request_only=True,
        value={
            **_SAID,
            "question": "HARVEST-2026",
            "quantiles": {"0.1": 8, "0.5": 12.5, "0.9": 30},
        },
    ),
    OpenApiExample(
        "On a date",
        request_only=True,
        value={
            **_SAID,
            "question": "FIRST-FROST",
            "quantiles": {"0.25": "2026-10-01", "0.75": "2026-11-15"},
        },
    ),
]
