"""Proofs, made from the stored tree and held against a signed root before they are given out."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ledger import proving
from ledger.api.single import Query, SingleView, Whole, kept
from ledger.errors import OutOfRange

_NODE = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"


class InclusionQuery(Query):
    sequence = Whole(help_text="The entry, counted from 1.")
    size = Whole(
        required=False,
        help_text="Number of entries that the proof is in, up to the log's present size. Default: "
        "those of the newest checkpoint.",
    )


class ConsistencyQuery(Query):
    """`from` is a word of Python, so the fields are made by name."""

    def get_fields(self) -> dict[str, serializers.Field]:
        return {
            "from": Whole(help_text="The size that you hold: a number of entries."),
            "to": Whole(
                required=False,
                help_text="The later size, up to the log's present one. Default: the newest "
                "checkpoint's.",
            ),
        }


class ReceiptQuery(Query):
    size = Whole(
        required=False,
        help_text="The size of a checkpoint. Default: that of the newest.",
    )


class Hash(serializers.CharField):
    """SHA-256 in hex."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_length=64, max_length=64, **kwargs)


class InclusionSerializer(serializers.Serializer):
    sequence = serializers.IntegerField(help_text="The entry, counted from 1.")
    size = serializers.IntegerField(help_text="Number of entries of the tree.")
    leaf_hash = Hash(help_text="SHA-256(0x00 ‖ body) of the entry's bytes.")
    root: Any = Hash(help_text="Root of the tree; compare it with a signed checkpoint.")
    proof = serializers.ListField(
        child=Hash(), help_text="Sibling hashes from the leaf upward (RFC 9162, section 2.1.3)."
    )


class ConsistencySerializer(serializers.Serializer):
    """Exactly what `verifier.py --proof` takes."""

    format = serializers.CharField(help_text=f"`{proving.CONSISTENCY}`")

    def get_fields(self) -> dict[str, serializers.Field]:
        return {
            **super().get_fields(),
            "from": serializers.IntegerField(help_text="The earlier number of entries."),
            "to": serializers.IntegerField(help_text="The later number of entries."),
            "proof": serializers.ListField(
                child=Hash(), help_text="RFC 9162, section 2.1.4; empty where there is no need."
            ),
        }


class ReceiptSerializer(serializers.Serializer):
    """Exactly what `verifier.py --receipt` takes."""

    format = serializers.CharField(help_text=f"`{proving.RECEIPT}`")
    sequence = serializers.IntegerField(help_text="The entry, counted from 1.")
    body_base64 = serializers.CharField(help_text="The entry's exact bytes.")
    checkpoint = serializers.CharField(help_text="The exact signed note that covers it.")
    proof = serializers.ListField(child=Hash(), help_text="Sibling hashes from the leaf upward.")


_PROBLEMS = {
    409: "No checkpoint covers it yet; says how often one is signed",
    503: "The stored ledger contradicts itself: nothing is proved from it",
}


class InclusionView(SingleView):
    """Proves that an entry is among the first `size`.

    A proof does not say for which size it is: take size and root from a checkpoint whose signature
    you have verified.
    """

    query = InclusionQuery
    problems = _PROBLEMS

    @extend_schema(
        parameters=[InclusionQuery],
        responses=InclusionSerializer,
        operation_id="ledger_proof_inclusion",
        examples=[
            OpenApiExample(
                "Entry 3 of 5",
                response_only=True,
                value={
                    "sequence": 3,
                    "size": 5,
                    "leaf_hash": _NODE,
                    "root": _NODE[::-1],
                    "proof": [_NODE] * 3,
                },
            )
        ],
    )
    def get(self, request: Request) -> Response:
        asked = self.asked(request)
        made = proving.inclusion(**asked)
        shown = {
            "sequence": made.sequence,
            "size": made.size,
            "leaf_hash": made.leaf_hash.hex(),
            "root": made.root.hex(),
            "proof": [node.hex() for node in made.proof],
        }
        return kept(Response(shown), always="size" in asked)


class ConsistencyView(SingleView):
    """Proves that the log has only grown: the first `from` entries are the same in both.

    Save the answer, the newest note and what you hold (an old note, or a report's mail), then:

        python verifier.py --checkpoint new.txt --proof proof.json --against old.txt --key …

    `to` must be the size of the note that you give as `--checkpoint`, which it is by default.
    """

    query = ConsistencyQuery
    problems = _PROBLEMS

    @extend_schema(
        parameters=[ConsistencyQuery],
        responses=ConsistencySerializer,
        operation_id="ledger_proof_consistency",
        examples=[
            OpenApiExample(
                "From 4 to 5",
                response_only=True,
                value={"format": proving.CONSISTENCY, "from": 4, "to": 5, "proof": [_NODE]},
            )
        ],
    )
    def get(self, request: Request) -> Response:
        asked = self.asked(request)
        made = proving.consistency(first=asked["from"], second=asked.get("to"))
        return kept(Response(made.as_json()), always="to" in asked)


class ReceiptView(SingleView):
    """An entry's exact bytes with the proof that it is in the log of a signed checkpoint.

    The file is evidence of its own, as long as somebody keeps the public key:

        python verifier.py --receipt entry-7.receipt.json --key …

    verifies it on any machine with Python 3.9, without a network. `/ledger/verifier.py` serves that
    file; compare it with the published source.
    """

    query = ReceiptQuery
    problems = _PROBLEMS

    @extend_schema(
        parameters=[ReceiptQuery],
        responses=ReceiptSerializer,
        operation_id="ledger_receipt",
        examples=[
            OpenApiExample(
                "Of entry 3",
                response_only=True,
                value={
                    "format": proving.RECEIPT,
                    "sequence": 3,
                    "body_base64": "eyJhY3RvciI6…",
                    "checkpoint": "ledger.example.org/ledger\n5\n…",
                    "proof": [_NODE] * 3,
                },
            )
        ],
    )
    def get(self, request: Request, sequence: int) -> Response:
        asked = self.asked(request)
        try:
            made = proving.receipt(sequence=sequence, **asked)
        except OutOfRange as error:
            if error.field == "sequence":
                raise Http404(f"There is no entry {sequence}.") from error
            raise
        response = Response(made.as_json())
        name = f"entry-{sequence}.receipt.json"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return kept(response, always="size" in asked)
