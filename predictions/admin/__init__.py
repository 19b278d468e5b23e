"""Where editors and adjudicators work. Pages show and ask; every rule is in `services`."""

from functools import partial

from django.contrib import admin

from ledger import exporting
from predictions.admin import (
    events,
    evidence,
    forecasts,
    notices,
    people,
    questions,
    sources,
    uploads,
)
from predictions.admin.access import refusal

__all__ = [
    "events",
    "evidence",
    "forecasts",
    "notices",
    "people",
    "questions",
    "sources",
    "uploads",
]

exporting.refuse_with(partial(refusal, doing="Exporting", permission=exporting.PERMISSION))
admin.site.index_title = "Desk"
admin.site.index_template = "admin/desk.html"
