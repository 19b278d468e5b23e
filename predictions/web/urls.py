from django.urls import path

from predictions.web import health, ledger, pages

urlpatterns = [
    path("", pages.home, name="home"),
    path("ledger/", ledger.ledger_page, name="ledger"),
    path("ledger/checkpoints/<int:number>.txt", ledger.note, name="ledger-note"),
    path("ledger/proofs/<int:first>-<int:second>.json", ledger.growth, name="ledger-growth"),
    path("ledger/verifier.py", ledger.verifier_file, name="ledger-verifier"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
