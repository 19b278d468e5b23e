from django.urls import path

from predictions.web import feeds, health, hooks, ledger, lexicon, pages, pictures, scorecards

urlpatterns = [
    path("", pages.home, name="home"),
    path("scorecard/", scorecards.scorecard_page, name="scorecard"),
    path("head-to-head/", scorecards.head_to_head_page, name="head-to-head"),
    path("lexicon/", lexicon.lexicon_page, name="lexicon"),
    path("charts/<slug:name>.<slug:kind>", pictures.picture, name="picture"),
    path("feeds/due.ics", feeds.due, name="feed-due"),
    path("feeds/due/<uuid:key>.ics", feeds.due_of, name="feed-due-of"),
    path("feeds/outcomes.atom", feeds.outcomes, name="feed-outcomes"),
    path("ledger/", ledger.ledger_page, name="ledger"),
    path("ledger/checkpoints/<int:number>.txt", ledger.note, name="ledger-note"),
    path("ledger/proofs/<int:first>-<int:second>.json", ledger.growth, name="ledger-growth"),
    path("ledger/verifier.py", ledger.verifier_file, name="ledger-verifier"),
    path("mail/hooks/<slug:provider>/tracking/", hooks.hook, name="mail-hook"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
