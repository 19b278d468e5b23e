"""Signed checkpoints, and the keys that sign them."""

from collections.abc import Mapping
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    extend_schema,
    extend_schema_field,
    extend_schema_view,
)
from rest_framework import serializers
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from ledger import proving
from ledger.api.single import SingleView, kept
from ledger.checkpoints import Signed, verifier_keys
from ledger.encoding import parse
from ledger.errors import EncodingError, NoteError
from ledger.models import Checkpoint, Entry
from ledger.notes import Checkpoint as Said
from ledger.notes import parse_checkpoint
from ledger.published import PublicKey, public_keys

_ROOT = "a3c94c5cc5d9b2f16d3a9dcd4f1b2d7f0b2b7e1c8d6a54f3e2d1c0b9a8f7e6d5"
_KEY = "ledger.example.org/ledger+5e3c61a2+AWv3YkP0y1b8m9xwq2m2l0oCkz3l5u3o7n1v6r9t4y8A"
_NOTE = (
    "ledger.example.org/ledger\n412\no8lMXMXZsvFtOp3NTxstfwsrfhyNalTz4tHAuaj35tU=\n\n"
    "— ledger.example.org/ledger XjxhohB0…\n"
)
_SHOWN = {
    "number": 7,
    "origin": "ledger.example.org/ledger",
    "size": 412,
    "root": _ROOT,
    "time": "2026-11-23T09:00:00.000000Z",
    "note": _NOTE,
}


class PlainTextRenderer(BaseRenderer):
    """A note as it was signed, byte for byte."""

    media_type = "text/plain"
    format = "txt"
    charset = "utf-8"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return str(data).encode()


class CheckpointSerializer(serializers.ModelSerializer):
    """Size and root of the log in a note that its key has signed (C2SP tlog-checkpoint, Ed25519).

    Trust the signature, not this address: `origin`, `size` and `root` only repeat what the note
    says, and are null where the note was made unreadable.
    """

    number = serializers.IntegerField(
        read_only=True, help_text="Counted from 1 without gaps.", source="pk"
    )
    origin = serializers.SerializerMethodField(help_text="The name of the log.")
    size = serializers.SerializerMethodField(help_text="Number of entries.")
    root: Any = serializers.SerializerMethodField(help_text="RFC 6962 root hash, 64 hex digits.")
    note = serializers.CharField(read_only=True, help_text="The exact signed note.")
    time = serializers.SerializerMethodField(
        help_text="Of the last entry it covers, from that entry's bytes: the log as it was then."
    )

    class Meta:
        model = Checkpoint
        fields = ("number", "origin", "size", "root", "time", "note")
        read_only_fields = fields

    @extend_schema_field({"type": "string", "nullable": True})
    def get_origin(self, row: Checkpoint) -> str | None:
        said = _said(row)
        return said.origin if said else None

    @extend_schema_field({"type": "integer", "minimum": 0, "nullable": True})
    def get_size(self, row: Checkpoint) -> int | None:
        said = _said(row)
        return said.size if said else None

    @extend_schema_field({"type": "string", "pattern": "^[0-9a-f]{64}$", "nullable": True})
    def get_root(self, row: Checkpoint) -> str | None:
        said = _said(row)
        return said.root.hex() if said else None

    @extend_schema_field({"type": "string", "format": "date-time", "nullable": True})
    def get_time(self, row: Any) -> str | None:
        try:
            time: str = parse(bytes(row.last_body or b""))["time"]
        except (EncodingError, KeyError, TypeError):
            return None
        return time


class LatestSerializer(CheckpointSerializer):
    keys = serializers.SerializerMethodField(
        help_text="Public keys of the log, the newest first, for `verifier.py --key`."
    )

    class Meta(CheckpointSerializer.Meta):
        fields: Any = (*CheckpointSerializer.Meta.fields, "keys")
        read_only_fields = fields

    @extend_schema_field({"type": "array", "items": {"type": "string", "example": _KEY}})
    def get_keys(self, row: Checkpoint) -> list[str]:
        return [str(verifier) for verifier in verifier_keys()]


class KeySerializer(serializers.Serializer):
    """What the log says of a key is null where no entry has introduced it yet."""

    id = serializers.CharField(source="label", help_text="`<name>+<8 hex digits>`.")
    public = serializers.CharField(
        source="verifier", help_text="In the form that `verifier.py --key` takes."
    )
    sequence = serializers.IntegerField(
        allow_null=True, help_text="The entry that introduced the key."
    )
    time = serializers.CharField(allow_null=True, help_text="When that entry was appended.")
    replaces = serializers.CharField(allow_null=True, help_text="The `id` of the key before it.")
    reason = serializers.CharField(allow_null=True, help_text="Why that one was replaced.")


def _said(row: Checkpoint) -> Said | None:
    try:
        return parse_checkpoint(row.note.partition("\n\n")[0] + "\n")
    except NoteError:
        return None


def rows() -> QuerySet[Checkpoint]:
    """Each with the bytes of the last entry it covers."""
    last = Entry.objects.filter(sequence=OuterRef("size")).values("body")
    return Checkpoint.objects.annotate(last_body=Subquery(last))


def _latest() -> Signed:
    signed = proving.latest()
    if signed is None:
        raise Http404("No checkpoint is signed yet; the first one is when the ledger has an entry.")
    return signed


@extend_schema_view(
    retrieve=extend_schema(
        examples=[OpenApiExample("A checkpoint", response_only=True, value=_SHOWN)]
    )
)
class CheckpointViewSet(ReadOnlyModelViewSet):
    """Every checkpoint that was signed, by its number. Sizes never become smaller."""

    queryset = rows()
    serializer_class = CheckpointSerializer
    orderings = {"number": "number"}
    ordering = "number"


class LatestView(SingleView):
    """The newest checkpoint, and the public keys of the log.

    Keep it: from then on no entry it covers can be changed or taken away without your noticing. Ask
    later for `proofs/consistency/?from=<its size>`, and have `verifier.py` hold the two together.
    """

    @extend_schema(
        responses=LatestSerializer,
        operation_id="ledger_checkpoint_latest",
        examples=[
            OpenApiExample("The newest", response_only=True, value={**_SHOWN, "keys": [_KEY]})
        ],
    )
    def get(self, request: Request) -> Response:
        self.asked(request)
        row = rows().get(pk=_latest().number)
        return kept(Response(LatestSerializer(row).data), always=False)


class LatestNoteView(SingleView):
    """The newest checkpoint's note as text, exactly as it was signed, for `verifier.py`."""

    renderer_classes = [PlainTextRenderer]

    @extend_schema(
        responses={(200, "text/plain"): OpenApiTypes.STR},
        operation_id="ledger_checkpoint_latest_note",
        examples=[OpenApiExample("A note", response_only=True, value=_NOTE)],
    )
    def get(self, request: Request) -> Response:
        self.asked(request)
        return kept(Response(_latest().note), always=False)


class NoteView(SingleView):
    """One checkpoint's note as text, exactly as it was signed."""

    renderer_classes = [PlainTextRenderer]

    @extend_schema(
        responses={(200, "text/plain"): OpenApiTypes.STR},
        operation_id="ledger_checkpoint_note",
        examples=[OpenApiExample("A note", response_only=True, value=_NOTE)],
    )
    def get(self, request: Request, pk: int) -> Response:
        self.asked(request)
        row = Checkpoint.objects.filter(pk=pk).first()
        if row is None:
            raise Http404(f"There is no checkpoint {pk}.")
        return kept(Response(row.note), always=True)


class KeysView(SingleView):
    """The public keys of the log, the newest first, each with the entry that introduced it.

    A page cannot vouch for its own keys: compare them with those that were published elsewhere, or
    with one that you hold, from which `verifier.py` follows every change of key in an export.
    """

    @extend_schema(responses=KeySerializer(many=True), operation_id="ledger_keys")
    def get(self, request: Request) -> Response:
        self.asked(request)
        found: list[PublicKey] = public_keys()
        return kept(Response(KeySerializer(found, many=True).data), always=False)
