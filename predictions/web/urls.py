from django.urls import path

from predictions.web import (
    health,
    ledger,
    lexicon,
    mail_links,
    pages,
    pictures,
    reports,
    scorecards,
    subscribing,
)

urlpatterns = [
    path("", pages.home, name="home"),
    path("scorecard/", scorecards.scorecard_page, name="scorecard"),
    path("head-to-head/", scorecards.head_to_head_page, name="head-to-head"),
    path("lexicon/", lexicon.lexicon_page, name="lexicon"),
    path("charts/<slug:name>.<slug:kind>", pictures.picture, name="picture"),
    path("ledger/", ledger.ledger_page, name="ledger"),
    path("ledger/checkpoints/<int:number>.txt", ledger.note, name="ledger-note"),
    path("ledger/proofs/<int:first>-<int:second>.json", ledger.growth, name="ledger-growth"),
    path("ledger/verifier.py", ledger.verifier_file, name="ledger-verifier"),
    path("subscribe/", subscribing.subscribe, name="subscribe"),
    path("subscribe/asked/", subscribing.asked, name="subscribe-asked"),
    path("mail/confirm/<token>/", mail_links.confirm, name="mail-confirm"),
    path("mail/unsubscribe/<token>/", mail_links.unsubscribe, name="mail-unsubscribe"),
    path("reports/<uuid:key>/", reports.report_page, name="report"),
    path("reports/<uuid:key>.txt", reports.report_text, name="report-text"),
    path("reports/<uuid:key>/<str:name>", reports.report_attachment, name="report-attachment"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
