"""The archive: each report at an address that nobody guesses, as it was sent."""

import base64
import re
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from predictions.mail.archived import public_attachments, public_html, public_text
from predictions.models import Report
from predictions.models.choices import MessageState
from predictions.web.access import readable
from predictions.web.quiet import quiet

# Of a page that is mail: nothing is fetched, run or sent from it, whatever a quote may hold.
_POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
_BODY = re.compile(r"<body\b[^>]*>", re.IGNORECASE)


@require_safe
@quiet
@readable
def report_page(request: HttpRequest, key: UUID) -> HttpResponse:
    report = _report(key)
    bar = render_to_string("web/_archived.html", {"report": report, "files": _files(report)})
    html = public_html(report.message)
    begins = _BODY.search(html)
    at = begins.end() if begins else 0
    response = HttpResponse(html[:at] + bar + html[at:])
    response["Content-Security-Policy"] = _POLICY
    return response


@require_safe
@quiet
@readable
def report_text(request: HttpRequest, key: UUID) -> HttpResponse:
    text = public_text(_report(key).message)
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


@require_safe
@quiet
@readable
def report_attachment(request: HttpRequest, key: UUID, name: str) -> HttpResponse:
    """What came with it, byte for byte."""
    found = [each for each in _files(_report(key)) if each["name"] == name]
    if not found:
        raise Http404("no such file came with this report")
    kind = found[0]["type"]
    charset = "; charset=utf-8" if kind.startswith("text/") else ""
    response = HttpResponse(_bytes(found[0]), content_type=f"{kind}{charset}")
    # Quotes and line ends are in no name that passed the address.
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Content-Security-Policy"] = _POLICY
    return response


def _report(key: UUID) -> Report:
    sent = Report.objects.exclude(message__state=MessageState.WITHDRAWN)
    report = sent.select_related("message").filter(key=key).first()
    if report is None:
        raise Http404("there is no such report")
    return report


def _files(report: Report) -> list[dict[str, str]]:
    return public_attachments(report.message)


def _bytes(attachment: dict[str, Any]) -> bytes:
    if "base64" in attachment:
        return base64.b64decode(attachment["base64"])
    return str(attachment["text"]).encode()
