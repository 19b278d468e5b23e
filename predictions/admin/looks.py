"""Colours, style sheet and navigation: what the `UNFOLD` settings point to."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse

_BLUE = {
    "50": "oklch(97% .014 254.604)",
    "100": "oklch(93.2% .032 255.585)",
    "200": "oklch(88.2% .059 254.128)",
    "300": "oklch(80.9% .105 251.813)",
    "400": "oklch(70.7% .165 254.624)",
    "500": "oklch(62.3% .214 259.815)",
    "600": "oklch(54.6% .245 262.881)",
    "700": "oklch(48.8% .243 264.376)",
    "800": "oklch(42.4% .199 265.638)",
    "900": "oklch(37.9% .146 265.522)",
    "950": "oklch(28.2% .091 267.935)",
}

# Heading of a group → its items: words, icon, model, and whether only its viewers see it.
_GROUPS: dict[str, list[tuple[str, str, str, bool]]] = {
    "Forecasts": [
        ("Questions", "help", "predictions_question", False),
        ("Predictions", "psychology", "predictions_prediction", False),
        ("Not scored", "speaker_notes_off", "predictions_statement", False),
    ],
    "What happened": [
        ("Events", "event", "predictions_event", False),
        ("Outcomes", "gavel", "predictions_outcome", False),
        ("Proposals", "visibility", "predictions_proposal", True),
        ("Reviews", "schedule", "predictions_review", False),
        ("Scores", "scoreboard", "predictions_score", False),
    ],
    "Sources": [
        ("Articles", "article", "predictions_article", False),
        ("Outlets", "newspaper", "predictions_outlet", False),
        ("Forecasters", "record_voice_over", "predictions_forecaster", False),
        ("Topics", "sell", "predictions_topic", False),
        ("Lexicon", "menu_book", "predictions_phrase", False),
    ],
    "Mail": [
        ("Messages", "mail", "predictions_message", True),
        ("Reports", "summarize", "predictions_report", True),
        ("Subscriptions", "notifications", "predictions_subscription", True),
    ],
    "People": [
        ("Users", "person", "predictions_user", True),
        ("Groups", "group", "auth_group", True),
        ("API tokens", "key", "predictions_apitoken", True),
    ],
}


def primary(request: HttpRequest) -> dict[str, str]:
    return dict(_BLUE)


def stylesheet(request: HttpRequest) -> str:
    return static("admin/ledger.css")


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The side bar: what this person may look at, in the order of the work."""
    desk = {"title": "Desk", "icon": "space_dashboard", "link": reverse("admin:index")}
    ledger = _items(
        request,
        [
            ("Ledger", "receipt_long", "ledger_entry", False),
            ("Checkpoints", "verified", "ledger_checkpoint", False),
        ],
    )
    groups = [{"title": title, "items": _items(request, items)} for title, items in _GROUPS.items()]
    return [{"items": [desk, *ledger]}, *(group for group in groups if group["items"])]


def _items(request: HttpRequest, items: list[tuple[str, str, str, bool]]) -> list[dict[str, str]]:
    return [
        {"title": title, "icon": icon, "link": reverse(f"admin:{model}_changelist")}
        for title, icon, model, viewers_only in items
        if not viewers_only or _may_view(request, model)
    ]


def _may_view(request: HttpRequest, model: str) -> bool:
    app, name = model.split("_")
    return request.user.has_perm(f"{app}.view_{name}")
