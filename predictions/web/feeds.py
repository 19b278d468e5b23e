"""Feeds: calendars of what falls due, and what became of questions."""

import datetime as dt
from collections.abc import Callable
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from ledger import journal, published
from predictions.errors import NotFound
from predictions.models import Question, User
from predictions.scorecards import scope_asked
from predictions.scorecards.narrowing import check
from predictions.web import asking, calendars, news
from predictions.web.access import readable
from predictions.web.files import kept, refused_in_a_line

_CALENDAR = "text/calendar; charset=utf-8"
_ATOM = "application/atom+xml; charset=utf-8"
_NARROWED_BY = ("topic", "forecaster", "outlet")


@require_safe
@readable
@refused_in_a_line
def due(request: HttpRequest) -> HttpResponse:
    """Every open question with a date."""
    asking.only(request.GET, ())
    now = timezone.now()

    def make() -> bytes:
        questions = calendars.due_soon(Question.objects.all(), now)
        name = "Prediction Ledger: due for review"
        return calendars.calendar(name, questions, page=_public_page, now=now)

    return _dated(request, make, now)


@require_safe
@refused_in_a_line
def due_of(request: HttpRequest, key: UUID) -> HttpResponse:
    """What one person is to review; whoever has the key reads it, for no calendar signs in."""
    asking.only(request.GET, ())
    person = User.objects.filter(calendar_key=key, is_active=True).first()
    if person is None:
        raise NotFound("there is no such calendar; its owner finds its address under Your calendar")
    now = timezone.now()

    def make() -> bytes:
        theirs = Question.objects.filter(while_open__reviewer=person)
        questions = calendars.due_soon(theirs, now)
        name = "Prediction Ledger: my reviews"
        return calendars.calendar(name, questions, page=_desk_page, now=now)

    return _dated(request, make, now, public=False)


@require_safe
@readable
@refused_in_a_line
def outcomes(request: HttpRequest) -> HttpResponse:
    """The newest outcomes; of a topic, a forecaster or an outlet, if one is asked for."""
    asking.only(request.GET, _NARROWED_BY)
    scope = scope_asked(request.GET.dict())
    asking.found(lambda: check(scope))
    asked = asking.query(scope)
    address = f"{settings.SITE_URL}{reverse('feed-outcomes')}{f'?{asked}' if asked else ''}"
    return kept(
        request,
        lambda: news.feed(news.newest(scope), address=address),
        _ATOM,
        also=settings.SITE_URL,
        modified=_modified(timezone.now()),
    )


def _dated(
    request: HttpRequest, make: Callable[[], bytes], now: dt.datetime, *, public: bool = True
) -> HttpResponse:
    """A calendar: on another day other questions are overdue for too long."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    modified = _modified(now)
    response = kept(
        request,
        make,
        _CALENDAR,
        public=public,
        also=f"{settings.SITE_URL} {now.date()}",
        modified=modified and max(modified, midnight),
    )
    response["Content-Disposition"] = 'inline; filename="due.ics"'
    return response


def _modified(now: dt.datetime) -> dt.datetime | None:
    """When the ledger last grew; None in that very second, in which it may grow again."""
    grew = published.time_of(journal.head().size)
    return grew if grew and now - grew >= dt.timedelta(seconds=1) else None


def _public_page(question: Question) -> str:
    return f"{settings.SITE_URL}{reverse('api:question-detail', args=[question.key])}"


def _desk_page(question: Question) -> str:
    path = reverse("admin:predictions_question_change", args=[question.pk])
    return f"{settings.SITE_URL}{path}"
