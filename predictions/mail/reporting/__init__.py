"""The scored report: what it tells, read once, and the message that tells it."""

from predictions.mail.reporting.content import Content, content_of
from predictions.mail.reporting.dates import Calendar
from predictions.mail.reporting.edition import Edition, addressed, edition_of
from predictions.mail.reporting.stretch import Stretch

__all__ = [
    "Calendar",
    "Content",
    "Edition",
    "Stretch",
    "addressed",
    "content_of",
    "edition_of",
]
