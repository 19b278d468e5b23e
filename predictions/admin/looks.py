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

# Heading of a group → its items: words, icon and model; shown to whoever may look at these.
_GROUPS: dict[str, list[tuple[str, str, str]]] = {
    "Forecasts": [
        ("Questions", "help", "predictions_question"),
        ("Predictions", "psychology", "predictions_prediction"),
        ("Not scored", "speaker_notes_off", "predictions_statement"),
        ("Imports", "upload_file", "predictions_upload"),
    ],
    "What happened": [
        ("Events", "event", "predictions_event"),
        ("Outcomes", "gavel", "predictions_outcome"),
        ("Proposals", "visibility", "predictions_proposal"),
        ("Reviews", "schedule", "predictions_review"),
        ("Scores", "scoreboard", "predictions_score"),
    ],
    "Sources": [
        ("Articles", "article", "predictions_article"),
        ("Outlets", "newspaper", "predictions_outlet"),
        ("Forecasters", "record_voice_over", "predictions_forecaster"),
        ("Topics", "sell", "predictions_topic"),
        ("Lexicon", "menu_book", "predictions_phrase"),
    ],
    "Mail": [
        ("Messages", "mail", "predictions_message"),
        ("Reminder policies", "alarm", "predictions_reminderpolicy"),
        ("Reports", "summarize", "predictions_report"),
        ("Subscriptions", "notifications", "predictions_subscription"),
        ("Suspended addresses", "block", "predictions_suspension"),
    ],
    "People": [
        ("Users", "person", "predictions_user"),
        ("Groups", "group", "auth_group"),
        ("API tokens", "key", "predictions_apitoken"),
        ("Sign-ins", "login", "axes_accesslog"),
        ("Failed sign-ins", "no_accounts", "axes_accessfailurelog"),
        ("Sign-in attempts", "lock_clock", "axes_accessattempt"),
    ],
}


# Everybody's own pages: words, icon, address.
_ACCOUNT = [
    ("Your calendar", "calendar_month", "admin:calendar"),
    ("Two-factor sign-in", "phonelink_lock", "admin:two_factor"),
    ("Where you are signed in", "devices", "admin:sign_ins"),
    ("Change password", "password", "admin:password_change"),
]


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
            ("Ledger", "receipt_long", "ledger_entry"),
            ("Checkpoints", "approval", "ledger_checkpoint"),
        ],
    )
    if request.user.has_perm("predictions.verify_ledger"):
        page = reverse("admin:predictions_verification_ask")
        ledger.append({"title": "Verify", "icon": "verified", "link": page})
    groups = [{"title": title, "items": _items(request, items)} for title, items in _GROUPS.items()]
    account = {"title": "Your account", "items": _account()}
    return [{"items": [desk, *ledger]}, *(group for group in groups if group["items"]), account]


def account_links(request: HttpRequest) -> list[dict[str, str]]:
    """The user's menu."""
    return _account()


def _account() -> list[dict[str, str]]:
    return [{"title": title, "icon": icon, "link": reverse(page)} for title, icon, page in _ACCOUNT]


def _items(request: HttpRequest, items: list[tuple[str, str, str]]) -> list[dict[str, str]]:
    return [
        {"title": title, "icon": icon, "link": reverse(f"admin:{model}_changelist")}
        for title, icon, model in items
        if _may_view(request, model)
    ]


def _may_view(request: HttpRequest, model: str) -> bool:
    app, name = model.split("_")
    return any(request.user.has_perm(f"{app}.{may}_{name}") for may in ("view", "add"))
