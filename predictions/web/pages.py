"""The public dashboard."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from ledger import journal
from predictions.models import Outcome, Question
from predictions.scorecards import compared, scoreboard
from predictions.web.access import readable

_LATEST = 8


@require_safe
@readable
def home(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    current = Outcome.objects.current().select_related("question")
    return render(
        request,
        "web/home.html",
        {
            "board": scoreboard(),
            "compared": compared(),
            "latest": current.order_by("-settled_at", "question__key")[:_LATEST],
            "due": Question.objects.due(now)[:_LATEST],
            "due_next": Question.objects.due_next(now)[:_LATEST],
            "head": journal.head(),
        },
    )
