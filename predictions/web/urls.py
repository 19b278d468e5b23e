from django.urls import path

from predictions.web import health, ledger, lexicon, pages, pictures, replies, scorecards

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
    path("mail/snooze/<str:token>/", replies.SnoozeReply.as_view(), name="reply-snooze"),
    path("mail/propose/<str:token>/", replies.ProposeReply.as_view(), name="reply-propose"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
