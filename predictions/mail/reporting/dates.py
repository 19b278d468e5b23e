"""Dates as a reader writes them, by the clocks of where they live."""

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import formats, translation

from predictions.mail.periods import zone_of
from predictions.when import is_bare_date

# Django writes English dates as Americans do; the rest of a report is no American either.
_FORMATS = {"en": "j F Y"}


@dataclass(frozen=True)
class Calendar:
    """A language for dates, one of LANGUAGES, and a time zone for moments."""

    language: str
    zone: ZoneInfo

    @classmethod
    def of(cls, *, language: str, time_zone: str) -> "Calendar":
        """English for a language that there is not, UTC for a zone: a report is sent all the same.

        Where somebody chooses them, they are checked.
        """
        known = language in dict(settings.LANGUAGES)
        return cls(language if known else settings.LANGUAGE_CODE, zone_of(time_zone))

    def day(self, moment: dt.datetime | None) -> str:
        """`23 November 2026`; of a bare date that day, wherever its reader is. A dash for none."""
        if moment is None:
            return "–"
        here = moment.astimezone(dt.UTC if is_bare_date(moment) else self.zone)
        return self.date(here.date())

    def date(self, day: dt.date) -> str:
        """A date that is no moment, such as that of an article."""
        with translation.override(self.language):
            return formats.date_format(day, _FORMATS.get(self.language, "DATE_FORMAT"), True)
