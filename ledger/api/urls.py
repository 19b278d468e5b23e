"""Addresses below `/api/v1/ledger/`."""

from django.urls import path

from ledger.api import checkpoints, entries, proofs

app_name = "ledger"
urlpatterns = [
    path(
        "entries/", entries.EntryViewSet.as_view({"get": "list"}, detail=False), name="entry-list"
    ),
    path(
        "entries/<int:pk>/",
        entries.EntryViewSet.as_view({"get": "retrieve"}, detail=True),
        name="entry-detail",
    ),
    path("checkpoint/", checkpoints.LatestView.as_view(), name="checkpoint-latest"),
    path("checkpoint/note/", checkpoints.LatestNoteView.as_view(), name="checkpoint-latest-note"),
    path(
        "checkpoints/",
        checkpoints.CheckpointViewSet.as_view({"get": "list"}, detail=False),
        name="checkpoint-list",
    ),
    path(
        "checkpoints/<int:pk>/",
        checkpoints.CheckpointViewSet.as_view({"get": "retrieve"}, detail=True),
        name="checkpoint-detail",
    ),
    path("checkpoints/<int:pk>/note/", checkpoints.NoteView.as_view(), name="checkpoint-note"),
    path("keys/", checkpoints.KeysView.as_view(), name="key-list"),
    path("proofs/inclusion/", proofs.InclusionView.as_view(), name="inclusion"),
    path("proofs/consistency/", proofs.ConsistencyView.as_view(), name="consistency"),
    path("receipts/<int:sequence>/", proofs.ReceiptView.as_view(), name="receipt"),
]
