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

__all__ = ["events", "evidence", "forecasts", "notices", "people", "questions", "sources"]

admin.site.index_title = "Desk"
admin.site.index_template = "admin/desk.html"
