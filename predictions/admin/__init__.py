"""Where editors and adjudicators work. Pages show and ask; every rule is in `services`."""

from django.contrib import admin

from predictions.admin import (
    access,
    events,
    evidence,
    forecasts,
    notices,
    people,
    questions,
    sources,
    verifications,
)

__all__ = [
    "events",
    "evidence",
    "forecasts",
    "notices",
    "people",
    "questions",
    "sources",
    "verifications",
]

admin.site.index_title = "Desk"
admin.site.index_template = "admin/desk.html"
admin.site.has_permission = access.may_enter  # type: ignore[method-assign]
admin.site.login_form = access.SignInForm
