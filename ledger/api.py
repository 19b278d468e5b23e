"""The log over HTTP: each entry with its exact bytes, so that anyone can hash them again."""

import base64
import dataclasses
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import django_filters
from django import forms
from django.urls import path
from django_filters.fields import IsoDateTimeField
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.viewsets import ReadOnlyModelViewSet

from ledger import journal, parts
from ledger.encoding import timestamp
from ledger.errors import EncodingError
from ledger.models import Entry


class OpeningSerializer(serializers.Serializer):
    """`hmac` at `path` in the body is HMAC-SHA256 of the part's UTF-8 with the salt as its key."""

    path = serializers.CharField()
    hmac = serializers.CharField()
    salt = serializers.CharField()
    part = serializers.CharField()


class _EntryList(serializers.ListSerializer):
    child: "EntrySerializer"

    def to_representation(self, data: Any) -> Any:
        """With one query for the openings of all entries."""
        entries = list(data)
        opened = parts.openings([_facts_of(entry) for entry in entries])
        sequences = [entry.sequence for entry in entries]
        self.child.opened = dict(zip(sequences, opened, strict=True))
        return super().to_representation(entries)


class EntrySerializer(serializers.ModelSerializer):
    """`leaf_hash` is SHA-256(0x00 ‖ body), computed from the bytes that are shown."""

    # By sequence, where a list has asked for all of its entries at once.
    opened: Mapping[int, list[parts.Opening]] = MappingProxyType({})

    uuid = serializers.UUIDField(read_only=True)
    leaf_hash = serializers.SerializerMethodField()
    body = serializers.SerializerMethodField(
        help_text="What the bytes say; null where they are not canonical: they were changed."
    )
    body_base64 = serializers.SerializerMethodField(help_text="The exact bytes that are hashed.")
    openings = serializers.SerializerMethodField(
        help_text="What the commitments to personal parts hide; not there for what was erased."
    )

    class Meta:
        model = Entry
        list_serializer_class = _EntryList
        fields = (
            "sequence",
            "kind",
            "subject",
            "actor",
            "time",
            "uuid",
            "leaf_hash",
            "body",
            "body_base64",
            "openings",
        )
        read_only_fields = fields

    def get_leaf_hash(self, entry: Entry) -> str:
        return journal.leaf_hash_of(entry)

    @extend_schema_field({"type": "object", "additionalProperties": True, "nullable": True})
    def get_body(self, entry: Entry) -> dict[str, Any] | None:
        try:
            return journal.body_of(entry)
        except EncodingError:
            return None

    @extend_schema_field({"type": "string", "format": "byte"})
    def get_body_base64(self, entry: Entry) -> str:
        return base64.b64encode(bytes(entry.body)).decode()

    @extend_schema_field(OpeningSerializer(many=True))
    def get_openings(self, entry: Entry) -> list[dict[str, str]]:
        opened = self.opened.get(entry.sequence)
        if opened is None:
            [opened] = parts.openings([_facts_of(entry)])
        return [dataclasses.asdict(opening) for opening in opened]


def _facts_of(entry: Entry) -> object:
    """What an entry says of rows; nothing where its bytes are not canonical."""
    try:
        body: object = journal.body_of(entry)
    except EncodingError:
        return {}
    return body.get("facts") if isinstance(body, dict) else {}


class _Sequence(django_filters.Filter):
    field_class = forms.IntegerField

    def __init__(self, lookup_expr: str) -> None:
        super().__init__("sequence", lookup_expr, min_value=0, max_value=2**63 - 1)


class _MomentField(IsoDateTimeField):
    """A moment in the form of an entry's `time`: a text that sorts as time does."""

    def clean(self, value: Any) -> str | None:
        moment = super().clean(value)
        try:
            return moment and timestamp(moment)
        except OverflowError as error:
            raise forms.ValidationError("is out of range") from error


class _Moment(django_filters.IsoDateTimeFilter):
    field_class = _MomentField


class EntryFilters(django_filters.FilterSet):
    kind = django_filters.CharFilter(help_text="What happened, such as `outcome.entered`.")
    subject = django_filters.CharFilter(help_text="To what, such as `question:Q9`.")
    actor = django_filters.CharFilter(help_text="Who did it: `user:1` or `system`.")
    uuid = django_filters.UUIDFilter()
    sequence_after = _Sequence("gt")
    sequence_until = _Sequence("lte")
    time_after = _Moment("time", "gt")
    time_until = _Moment("time", "lte")


class EntryViewSet(ReadOnlyModelViewSet):
    """The entries of the log, by sequence."""

    queryset = Entry.objects.all()
    serializer_class = EntrySerializer
    filterset_class = EntryFilters
    orderings = {"sequence": "sequence"}
    ordering = "sequence"


app_name = "ledger"
urlpatterns = [
    path("entries/", EntryViewSet.as_view({"get": "list"}, detail=False), name="entry-list"),
    path(
        "entries/<int:pk>/",
        EntryViewSet.as_view({"get": "retrieve"}, detail=True),
        name="entry-detail",
    ),
]
