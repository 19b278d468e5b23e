"""The public page of the ledger, where whoever holds an old report checks it."""

import re
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from ledger import checkpoints, claims, journal, proving, published, verifier
from ledger.errors import DoesNotHold, NoteError, NotSigned, OutOfRange
from predictions.web.access import readable

_A_PAGE = 20
_HEX = re.compile(r"[0-9a-fA-F]{64}")
_BASE64 = re.compile(r"[0-9A-Za-z+/]{43}=")


class CheckForm(forms.Form):
    """What the recipient holds: pasted as it came, or its size and root."""

    held = forms.CharField(
        required=False,
        max_length=claims.MOST_READ,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 7}),
        label="What stands in your report",
        error_messages={
            "max_length": f"is longer than {claims.MOST_READ:,} characters: paste only the lines "
            "with the number of entries and the root, or the attached checkpoint."
        },
    )
    size = forms.RegexField(
        r"\A[0-9]{1,19}\Z",
        required=False,
        label="Number of entries",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "size": 12, "autocomplete": "off"}),
        error_messages={"invalid": "must be a number in plain digits, such as 412."},
    )
    root = forms.CharField(
        required=False,
        label="Root",
        widget=forms.TextInput(attrs={"size": 64, "spellcheck": "false", "autocomplete": "off"}),
    )

    def clean_root(self) -> str:
        """In hex; a note has it in base64."""
        root = "".join(self.cleaned_data["root"].split())
        with suppress(verifier.Problem):
            if _BASE64.fullmatch(root):
                return verifier.unbase64(root).hex()
        if root and not _HEX.fullmatch(root):
            has = "1 character" if len(root) == 1 else f"{len(root)} characters"
            raise forms.ValidationError(
                "must be 64 digits from 0 to 9 and a to f, as in a report, or 44 characters that "
                f"end with =, as in a note; this has {has}. Copy the whole line."
            )
        return root.lower()

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if self.errors:
            return said
        if bool(said["size"]) != bool(said["root"]):
            raise forms.ValidationError("Give both the number of entries and the root.")
        if not said["size"] and not said["held"].strip():
            raise forms.ValidationError("Paste what stands in your report, then press Check.")
        said["claims"] = self._claims(said)
        return said

    @staticmethod
    def _claims(said: dict[str, Any]) -> list[claims.Claim]:
        if said["size"]:
            return [claims.Claim(int(said["size"]), said["root"])]
        found = claims.read(said["held"])
        if not found:
            raise forms.ValidationError(
                "No number of entries with its root was found in this. In a report it reads "
                "“412 entries, root” and then 64 digits; paste these lines as they are, or the "
                "whole of the attached checkpoint.txt."
            )
        if len(found) > claims.MOST_CLAIMS:
            raise forms.ValidationError(
                f"This holds {len(found)} different checkpoints; at most {claims.MOST_CLAIMS} are "
                "checked at a time."
            )
        return found


@dataclass(frozen=True)
class Answer:
    """A claim as it was judged, and where the proof is for whoever does not believe the page."""

    judged: claims.Judged
    proof_to: int | None  # size of the newest checkpoint, if it covers the claim

    @property
    def looks(self) -> str:
        """Yes, no, or neither: that a ledger begins with no entries tells nothing."""
        if self.judged.signed is False or self.judged.verdict != claims.Verdict.HOLDS:
            return "no"
        return "yes" if self.judged.claim.size else "unsure"


# A report may be longer than what servers take as an address, so it comes as a POST, which changes
# nothing here: there is nothing to protect from being sent by another site.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@readable
def ledger_page(request: HttpRequest) -> HttpResponse:
    sent = request.POST if request.method == "POST" else request.GET
    form = CheckForm(sent if {"held", "size", "root"} & sent.keys() else None)
    latest = checkpoints.latest()
    numbers = Paginator(range(latest.number if latest else 0, 0, -1), _A_PAGE)
    page = numbers.get_page(request.GET.get("page"))
    head = journal.head()
    context: dict[str, Any] = {
        "form": form,
        "head": head,
        "waiting": head.size - latest.size if latest else 0,
        "every": settings.CHECKPOINT_SECONDS,
        "latest": latest and _shown(latest),
        "keys": published.public_keys(),
        "page": page,
        "listed": published.checkpoints_of(page.object_list),
    }
    status = HTTPStatus.OK
    if form.is_bound and form.is_valid():
        try:
            context["answers"] = [_answer(claim, latest) for claim in form.cleaned_data["claims"]]
        except DoesNotHold as error:
            context["broken"], status = error, HTTPStatus.SERVICE_UNAVAILABLE
    return render(request, "web/ledger.html", context, status=status)


@require_safe
@readable
def note(request: HttpRequest, number: int) -> HttpResponse:
    """One checkpoint's note, byte for byte."""
    found = published.checkpoints_of([number])
    if not found:
        raise Http404(f"There is no checkpoint {number}.")
    [signed] = found
    response = HttpResponse(signed.note, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'inline; filename="checkpoint-{number}.txt"'
    return response


@require_safe
@readable
def growth(request: HttpRequest, first: int, second: int) -> HttpResponse:
    """The proof from one size to another, as `verifier.py --proof` takes it."""
    try:
        made = proving.consistency(first=first, second=second)
    except (OutOfRange, NotSigned) as error:
        raise Http404(str(error)) from error
    except DoesNotHold as error:
        return HttpResponse(
            str(error), status=HTTPStatus.SERVICE_UNAVAILABLE, content_type="text/plain"
        )
    response = JsonResponse(made.as_json())
    response["Content-Disposition"] = f'attachment; filename="proof-{first}-{second}.json"'
    return response


@require_safe
@readable
def verifier_file(request: HttpRequest) -> HttpResponse:
    """The offline verifier, as it stands in the source."""
    source = Path(verifier.__file__).read_bytes()
    response = HttpResponse(source, content_type="text/x-python; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="verifier.py"'
    return response


def _answer(claim: claims.Claim, latest: checkpoints.Signed | None) -> Answer:
    covers = latest is not None and latest.size >= claim.size
    return Answer(claims.judge(claim), latest.size if latest and covers else None)


def _shown(signed: checkpoints.Signed) -> dict[str, Any]:
    """For the page: what the note says, if it can be read."""
    try:
        root = signed.head.root
    except NoteError:
        root = None
    return {"signed": signed, "root": root, "time": published.time_of(signed.size)}
