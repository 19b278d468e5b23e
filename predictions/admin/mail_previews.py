"""A report or a reminder as it would be sent now, shown; or sent to whoever looks, as a test."""

from typing import Any, ClassVar

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from predictions.admin.access import refusal
from predictions.admin.acts import Act
from predictions.errors import Conflict, Invalid
from predictions.forms.base import ActForm, sentence
from predictions.mail.archived import with_pictures
from predictions.mail.drafts import Draft
from predictions.mail.previews import preview_send, reminder_preview, report_preview
from predictions.models import Subscription, User


class Preview(Act):
    """Shown to who may look at `model`, sent by who may change it. Nothing else is written."""

    doing = "Sending a test"
    template = "admin/mail/preview.html"
    looks: ClassVar[str]  # the permission to look
    page_name: ClassVar[str]
    row: Any

    def turn_away(self) -> HttpResponse | None:
        if self.request.method == "POST":
            return super().turn_away()
        return refusal(self.request, doing="Looking at mail of others", permission=self.looks)

    def begin(self, **kwargs: Any) -> HttpResponse | None:
        self.row = self.find(kwargs["pk"])
        if self.row is None:
            raise Http404("there is no such row")
        self.problem, self.draft = "", None
        try:
            self.draft = self.made()
        except Conflict as error:
            self.problem = sentence(str(error))
        return None

    def find(self, pk: int) -> Any:
        raise NotImplementedError

    def made(self) -> Draft:
        """The message; raises Conflict where there is none."""
        raise NotImplementedError

    def form(self, data: Any = None) -> ActForm:
        return ActForm(data)

    def do(self, form: ActForm) -> HttpResponse:
        if self.draft is None:
            return self._not_sent(self.problem)
        try:
            preview_send(draft=self.draft, person=self.person, now=timezone.now())
        except Invalid as error:
            return self._not_sent(sentence(error.problem))
        return self.done(f"A test is on its way to {self.person.email}.", self.request.path)

    def _not_sent(self, problem: str) -> HttpResponse:
        messages.warning(self.request, problem)
        return HttpResponseRedirect(self.request.path)

    def context(self) -> dict[str, Any]:
        return {
            "row": self.row,
            "row_url": reverse(
                f"admin:predictions_{self.row._meta.model_name}_change", args=[self.row.pk]
            ),
            "draft": self.draft,
            "problem": self.problem,
            "html": self.draft and with_pictures(self.draft.html, self.draft.attachments),
            "as_text": self.request.GET.get("as") == "text",
            "may_send": self.request.user.has_perm(self.permission),
        }


class PreviewReport(Preview):
    permission = "predictions.change_subscription"
    looks = "predictions.view_subscription"
    page_name = "predictions_subscription_preview"
    title = "The report as it would be sent now"

    def find(self, pk: int) -> Subscription | None:
        related = Subscription.objects.select_related("user", "forecaster", "outlet", "topic")
        return related.filter(pk=pk).first()

    def made(self) -> Draft:
        return report_preview(subscription=self.row, now=timezone.now())


class PreviewReminder(Preview):
    permission = "predictions.change_user"
    looks = "predictions.view_user"
    page_name = "predictions_user_reminder"
    title = "The reminder as it would be sent now"

    def find(self, pk: int) -> User | None:
        return User.objects.filter(pk=pk).first()

    def made(self) -> Draft:
        draft = reminder_preview(person=self.row, now=timezone.now())
        if draft is None:
            raise Conflict(f"{self.row} would be reminded of nothing now")
        return draft
