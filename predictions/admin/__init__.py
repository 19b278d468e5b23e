"""Where editors and adjudicators work. Pages show and ask; every rule is in `services`."""

from django.contrib import admin

from predictions.admin import (
    events,
    evidence,
    forecasts,
    notices,
    people,
    questions,
    sources,
)
from predictions.admin.signing_in import attempts
from predictions.admin.signing_in.urls import signing_in_urls

__all__ = [
    "attempts",
    "events",
    "evidence",
    "forecasts",
    "notices",
    "people",
    "questions",
    "sources",
]

admin.site.index_title = "Desk"
admin.site.index_template = "admin/desk.html"
admin.site.extra_urls = signing_in_urls  # type: ignore[attr-defined]  # unfold asks for it
