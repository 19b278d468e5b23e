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
]
