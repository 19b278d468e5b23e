"""A report as it is printed: once for all who read the same, and then addressed to each."""

import base64
import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.template.loader import render_to_string

from predictions.charts import Width
from predictions.mail import links
from predictions.mail.drafts import Draft
from predictions.mail.periods import Span
from predictions.mail.reporting.content import Content
from predictions.mail.reporting.dates import Calendar
from predictions.mail.reporting.wording import opening, subject
from predictions.models import Forecaster, Outlet, Subscription, Topic
from predictions.models.choices import MessageKind

PICTURE = "calibration"
# Some mail programs cut off what is longer than 102 kB; what is personal comes on top of this.
MOST_BYTES = 95_000
# Of each list so many items, and if that is too long, so many.
_ROOM = (20, 10, 5, 3, 1)
# Between these stands what is one reader's alone: who shows the report to others cuts it out. In
# plain text it is what follows the line that begins a signature.
PERSONAL, END_PERSONAL = "<!-- personal -->", "<!-- /personal -->"
SIGNATURE = "\n\n-- \n"


@dataclass(frozen=True)
class Edition:
    """All of a report but for what is personal."""

    subject: str
    text: str
    html: str
    attachments: tuple[dict[str, str], ...]


def edition_of(
    content: Content,
    *,
    about: Forecaster | Outlet | Topic | None,
    calendar: Calendar,
    span: Span,
) -> Edition:
    """The report of a period, its HTML no longer than `MOST_BYTES`."""
    title = subject(content, about=about, calendar=calendar, span=span)
    context = {
        "subject": title,
        "site_url": settings.SITE_URL,
        "opening": opening(content, about=about, calendar=calendar),
        "about": about,
        "calendar": calendar,
        "span": span,
        "head": content.checkpoint.head,
        "picture": PICTURE,
        "width": int(Width.NARROW),
    }
    for most in _ROOM:
        html, text = _printed(context | {"report": content.shortened(most)})
        if len(html.encode()) <= MOST_BYTES:
            break
    return Edition(title, text, html, tuple(_attachments(content)))


def _printed(context: dict[str, Any]) -> tuple[str, str]:
    html = render_to_string("mail/report.html", context)
    text = render_to_string("mail/report.txt", context)
    # What is left out leaves empty lines.
    return _without_gaps(html, 1), _without_gaps(text, 2).strip() + SIGNATURE


def _without_gaps(text: str, most: int) -> str:
    return re.sub(r"\n[ \n]*\n(?= *)", "\n" * most, text)


def _attachments(content: Content) -> list[dict[str, str]]:
    note = {"name": "checkpoint.txt", "type": "text/plain", "text": content.checkpoint.note}
    found = [note]
    if content.sheet:
        found.append(content.sheet.attachment)
    if content.calibration:
        png = base64.b64encode(content.calibration.png(width=Width.NARROW)).decode()
        image = {"name": f"{PICTURE}.png", "type": "image/png", "base64": png, "cid": PICTURE}
        found.append(image)
    return found


def addressed(edition: Edition, *, subscription: Subscription, key: UUID) -> Draft:
    """The report to one subscription; one click in a mail program ends it (RFC 8058)."""
    unsubscribe = links.address("unsubscribe", {"subscription": subscription.pk})
    context = {
        "recipient": subscription.recipient,
        "unsubscribe": unsubscribe,
        "page": f"{settings.SITE_URL}/reports/{key}/",
        "site_url": settings.SITE_URL,
    }
    html = render_to_string("mail/report/personal.html", context).strip()
    text = render_to_string("mail/report/personal.txt", context).strip() + "\n"
    return Draft(
        kind=MessageKind.REPORT,
        recipient=subscription.recipient,
        subject=edition.subject,
        text=edition.text + text,
        html=edition.html.replace(PERSONAL, PERSONAL + html, 1),
        attachments=list(edition.attachments),
        headers={
            "List-Unsubscribe": f"<{unsubscribe}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    )
