"""From what a message says to the row that is delivered. Sends nothing."""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.template.loader import render_to_string

from predictions.models import Message, User
from predictions.models.choices import MessageKind, MessageState
from predictions.querysets import suspended


@dataclass(frozen=True)
class Draft:
    """A message to one recipient, not yet a row."""

    kind: MessageKind
    recipient: str
    subject: str
    text: str
    html: str
    attachments: list[dict[str, str]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)


def drafted(
    kind: MessageKind,
    recipient: str,
    subject: str,
    context: dict[str, Any],
    attachments: Sequence[dict[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> Draft:
    """A message from its two templates, `mail/<kind>.txt` and `.html`."""
    context = {"subject": subject, "site_url": settings.SITE_URL, **context}
    # A subject is one line, whatever a question's key or title holds.
    return Draft(
        kind=kind,
        recipient=recipient,
        subject=" ".join(subject.split())[:300],
        text=render_to_string(f"mail/{kind}.txt", context).strip() + "\n",
        html=render_to_string(f"mail/{kind}.html", context),
        attachments=list(attachments),
        headers=dict(headers or {}),
    )


def message_queue(draft: Draft, *, now: dt.datetime) -> Message:
    """The row that delivery finds."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return Message.objects.create(
        kind=draft.kind,
        recipient=draft.recipient,
        subject=draft.subject,
        text=draft.text,
        html=draft.html,
        attachments=draft.attachments,
        headers=draft.headers,
        message_id=f"<{uuid.uuid4()}@{domain}>",
        state=MessageState.WAITING,
        due_at=now,
        created_at=now,
    )


def reachable() -> QuerySet[User]:
    """People who can be written to."""
    return User.objects.filter(is_active=True).exclude(email="").exclude(suspended("email"))
