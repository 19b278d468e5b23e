"""Rows of mail in any state."""

import datetime as dt
import uuid
from typing import Any

from predictions.models import Message


def message(*, now: dt.datetime, **given: Any) -> Message:
    """A message that waits since now, if nothing else is said."""
    return Message.objects.create(
        **{
            "kind": "reminder",
            "recipient": "bo@example.org",
            "subject": "Due",
            "message_id": f"<{uuid.uuid4()}@example.org>",
            "due_at": now,
            "created_at": now,
            **given,
        }
    )
