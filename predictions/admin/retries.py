"""Mail that was given up, tried again: one message, or all of them."""

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.views import View

from predictions.admin.access import refusal
from predictions.mail.deliver import message_retry
from predictions.models import Message
from predictions.models.choices import MessageState

# At a time; whoever has more presses again.
_MOST = 1_000


class Retry(View):
    """Posted to from the desk, for all, and from the page of a message, which it names."""

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        doing, permission = "Trying messages again", "predictions.change_message"
        refused = refusal(request, doing=doing, permission=permission)
        return refused or super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        dead = {"state": MessageState.DEAD.value}
        return HttpResponseRedirect(reverse("admin:predictions_message_changelist", query=dead))

    def post(self, request: HttpRequest) -> HttpResponse:
        given_up = Message.objects.filter(state=MessageState.DEAD).order_by("created_at", "pk")
        if named := request.POST.get("message"):
            given_up = given_up.filter(message_id=named)
        again = retry(given_up)
        said = f"{again} message{'' if again == 1 else 's'} will be tried again."
        messages.success(request, said if again else "Nothing is given up. There is no need.")
        return HttpResponseRedirect(reverse("admin:index"))


def retry(given_up: QuerySet[Message]) -> int:
    """Try these again, the first of them if there are many; returns how many."""
    found = list(given_up.filter(state=MessageState.DEAD)[:_MOST])
    for message in found:
        message_retry(message=message, now=timezone.now())
    return len(found)
