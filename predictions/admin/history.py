"""The history of an object on its page, and the proofs of its entries in one file."""

import datetime as dt
import io
import json
import zipfile
import zoneinfo
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from ledger import proving
from ledger.errors import DoesNotHold
from predictions.history.lines import History, Line, history
from predictions.models import Fact, User

_READ_ME = """\
A file for each entry: its bytes, and the proof that a signed checkpoint of the ledger covers them.

    python verifier.py --receipt entry-1.receipt.json --key KEY

verifier.py (one file, no other needed) and the KEY are on the page /ledger/ of the service; keep
the key from another day or another place than the proofs, or it proves nothing.
"""


@dataclass(frozen=True)
class Shown:
    """A line with its time in UTC and, if that is another, in the reader's zone."""

    line: Line
    utc: str
    local: str


def history_context(request: HttpRequest, row: Fact) -> dict[str, Any]:
    """What `admin/parts/history.html` shows."""
    page = _page(request, row)
    zone = _zone(request.user)
    name = f"admin:predictions_{row._meta.model_name}_proofs"
    return {
        "history": [_shown(line, zone) for line in page.lines],
        "history_older": page.older,
        "history_newer": _until(request) is not None,
        "history_proofs": reverse(name, args=[row.pk]),
        "history_until": _until(request),
    }


def _page(request: HttpRequest, row: Fact) -> History:
    return history(row, until=_until(request))


def _until(request: HttpRequest) -> int | None:
    given = request.GET.get("until", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 19 else None


def _zone(user: Any) -> dt.tzinfo | None:
    name = user.time_zone if isinstance(user, User) else "UTC"
    try:
        return None if name == "UTC" else zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return None


def _shown(line: Line, zone: dt.tzinfo | None) -> Shown:
    local = f"{line.time.astimezone(zone):%Y-%m-%d %H:%M} {zone}" if zone else ""
    return Shown(line, f"{line.time:%Y-%m-%d %H:%M:%S} UTC", local)


def proofs(request: HttpRequest, row: Fact) -> HttpResponse:
    """The receipts of the entries that the page shows, as far as a checkpoint covers them."""
    try:
        receipts = proving.receipts(line.sequence for line in _page(request, row).lines)
    except DoesNotHold as error:
        return _back(request, row, str(error))
    if not receipts:
        return _back(request, row, "No checkpoint covers these entries yet; come back in a minute.")
    response = HttpResponse(_packed(receipts), content_type="application/zip")
    name = f"{row._meta.model_name}-{row.pk}.proofs.zip"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _packed(receipts: list[proving.Receipt]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("README.txt", _READ_ME)
        for receipt in receipts:
            name = f"entry-{receipt.inclusion.sequence}.receipt.json"
            packed.writestr(name, json.dumps(receipt.as_json()))
    return made.getvalue()


def _back(request: HttpRequest, row: Fact, problem: str) -> HttpResponse:
    messages.error(request, problem)
    name = f"admin:predictions_{row._meta.model_name}_change"
    return HttpResponseRedirect(reverse(name, args=[row.pk]))
