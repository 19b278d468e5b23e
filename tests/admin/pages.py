"""The admin's pages by name, and what a person reads on them."""

import html
import re
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from predictions.models import Outcome, Question


def text_of(response: HttpResponse) -> str:
    """What a page says, without its tags."""
    page = response.content.decode()
    body = re.sub(r"<(script|style|datalist)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


@dataclass
class Pages:
    client: Client

    def get(self, name: str, *args: Any, **query: Any) -> Any:
        return self.client.get(reverse(f"admin:{name}", args=args), query)

    def post(self, name: str, *args: Any, data: dict[str, Any], query: str = "") -> Any:
        return self.client.post(reverse(f"admin:{name}", args=args) + query, data, follow=True)

    def question(self, question: Question) -> str:
        """Its page with its history, which a browser fetches into it."""
        pages = ("predictions_question_change", "predictions_question_history")
        return " ".join(text_of(self.get(page, question.pk)) for page in pages)

    def enter(self, question: Question, **given: Any) -> Any:
        return self.confirm("predictions_question_outcome", question.pk, data=verdict(**given))

    def preview(self, name: str, *args: Any, data: dict[str, Any], query: str = "") -> Any:
        return self.post(name, *args, data={**data, "act": "preview"}, query=query)

    def confirm(self, name: str, *args: Any, data: dict[str, Any], query: str = "") -> Any:
        """See what it would do, and confirm that; or what stands in the way of seeing it."""
        shown = self.preview(name, *args, data=data, query=query)
        if shown.context is None or not shown.context.get("seen"):
            return shown
        confirmed = {**data, "act": "confirm", "seen": shown.context["seen"]}
        return self.post(name, *args, data=confirmed, query=query)

    def correct(self, outcome: Outcome, **given: Any) -> Any:
        data = {"correction_reason": "The paper was misread.", **verdict(**given)}
        name = "predictions_question_correct"
        return self.confirm(name, outcome.question.pk, outcome.pk, data=data)

    def withdraw(self, outcome: Outcome, reason: str = "It was too early.") -> Any:
        name = "predictions_question_withdraw"
        data = {"correction_reason": reason}
        return self.confirm(name, outcome.question.pk, outcome.pk, data=data)


def verdict(**given: Any) -> dict[str, Any]:
    return {
        "answer": "yes",
        "settled_on": "2026-09-01",
        "rationale": "The ministry said so.",
        **given,
    }
