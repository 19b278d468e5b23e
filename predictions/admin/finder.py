"""What is found while somebody types, as JSON: few rows, each with what to write and what it is."""

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, JsonResponse
from django.utils.text import Truncator

from predictions import finding
from predictions.admin.recording.wording import reading
from predictions.models import Phrase, Question, User

_LONGEST = 1_000
_WORDS = 110
_Row = dict[str, str]


def find(request: HttpRequest, what: str) -> JsonResponse:
    """Rows of what the address names that fit `q`. Facts are open to all who may sign in here."""
    if what not in _FINDERS:
        raise Http404
    if what == "user" and not request.user.has_perm("predictions.add_question"):
        return JsonResponse({"results": []}, status=403)
    asked = request.GET.get("q", "")[:_LONGEST].replace("\x00", "")
    return JsonResponse({"results": _FINDERS[what](asked) if asked.strip() else []})


def _question(row: Question) -> _Row:
    return {"value": row.key, "text": Truncator(row.text).chars(_WORDS)}


def _alike(asked: str) -> list[_Row]:
    try:
        rows = finding.questions_like(asked)
    except finding.TooManyAlike:  # the preview says so
        rows = []
    return [{**_question(row), "text": row.text, "note": f"{near:.0%} alike"} for row, near in rows]


def _hedge(asked: str) -> list[_Row]:
    return [_phrase(row) for row in finding.phrases_in(asked, Phrase.objects.current())]


def _phrase(row: Phrase) -> _Row:
    return {"value": f"{row.phrase} ({row.source})", "text": reading(row)}


def _user(row: User) -> _Row:
    return {"value": row.username, "text": row.get_full_name()}


def _each(find_rows: Callable[[str], Any], shown: Callable[[Any], _Row]) -> Callable[[str], Any]:
    return lambda asked: [shown(row) for row in find_rows(asked)]


def _named(row: Any) -> _Row:
    return {"value": row.key, "text": str(row)}


_FINDERS: dict[str, Callable[[str], list[_Row]]] = {
    "question": _each(finding.find_questions, _question),
    "forecaster": _each(finding.find_forecasters, _named),
    "outlet": _each(finding.find_outlets, _named),
    "topic": _each(finding.find_topics, _named),
    "article": _each(finding.find_articles, _named),
    "phrase": _each(finding.find_phrases, _phrase),
    "user": _each(finding.find_users, _user),
    "hedge": _hedge,
    "alike": _alike,
}
