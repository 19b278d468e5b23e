"""Where editors and adjudicators work. Pages show and ask; every rule is in `services`."""

from functools import partial

from django.contrib import admin

from ledger import exporting
from predictions.admin import (
    access,
    events,
    evidence,
    forecasts,
    messages,
    people,
    policies,
    questions,
    reports,
    sources,
    subscriptions,
    suspensions,
    uploads,
    verifications,
)
from predictions.admin.access import refusal
from predictions.admin.signing_in import attempts
from predictions.admin.signing_in.urls import signing_in_urls

__all__ = [
    "attempts",
    "events",
    "evidence",
    "forecasts",
    "messages",
    "people",
    "policies",
    "questions",
    "reports",
    "sources",
    "subscriptions",
    "suspensions",
    "uploads",
    "verifications",
]

exporting.refuse_with(partial(refusal, doing="Exporting", permission=exporting.PERMISSION))
admin.site.index_title = "Desk"
admin.site.index_template = "admin/desk.html"
admin.site.extra_urls = signing_in_urls  # type: ignore[attr-defined]  # unfold asks for it
admin.site.has_permission = access.may_enter  # type: ignore[method-assign]
admin.site.login_form = access.SignInForm
