"""Outcomes for a second pair of eyes: proposed by who may not decide, confirmed by who may."""

from collections.abc import Sequence
from typing import Any, cast

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display

from ledger.filtering import between, one_of
from predictions import services
from predictions.admin.acts import QuestionAct, url_of
from predictions.admin.base import ReadOnlyAdmin, link, moment
from predictions.admin.counting import once
from predictions.admin.filters import keyed, person
from predictions.admin.verdicts import EnterOutcome
from predictions.forms import inputs
from predictions.forms.base import ActForm
from predictions.forms.verdicts import VerdictForm
from predictions.models import Outcome, Proposal, Question
from predictions.models.choices import ProposalState

_COLOURS = {
    ProposalState.WAITING.value: "info",
    ProposalState.CONFIRMED.value: "success",
    ProposalState.DECLINED.value: "warning",
    ProposalState.OVERTAKEN.value: "default",
}


class ProposeOutcome(EnterOutcome):
    """The page of an outcome, by which somebody proposes it; its scores are seen all the same."""

    permission = "predictions.add_proposal"
    doing = "Proposing an outcome"
    title = "Propose outcome"
    confirm = "Propose outcome"

    def refuse(self) -> None:
        """Whoever may not decide may still propose."""

    def decide(self, form: ActForm) -> Sequence[Outcome]:
        """As whoever confirms it would; that this person may not is what a proposal is for."""
        verdict = cast(VerdictForm, form).verdict()
        now = timezone.now()
        return [services.outcome_enter(question=self.question, verdict=verdict, by=None, now=now)]

    def do(self, form: ActForm) -> HttpResponse:
        if self.request.POST.get("act") != "confirm":
            return self.shown(form)
        proposal = services.proposal_make(
            question=self.question,
            verdict=cast(VerdictForm, form).verdict(),
            by=self.person,
            now=timezone.now(),
        )
        text = f"Proposed for {self.question.key}: {proposal.verdict}. Somebody else confirms it."
        return self.done(text, url_of(self.question))

    def context(self) -> dict[str, Any]:
        return {**super().context(), "proposes": True}


class DeclineForm(ActForm):
    note = inputs.paragraph(
        "Why", help_text="What is wrong or missing; whoever proposed it reads it."
    )


class DeclineProposal(QuestionAct):
    """By who may decide; whoever made the proposal takes it back so."""

    permission = "predictions.add_outcome"
    doing = "Declining a proposal"
    title = "Decline proposal"
    template = "admin/question/decline.html"

    def turn_away(self) -> HttpResponse | None:
        """Which role it takes depends on whose proposal it is."""
        proposals = Proposal.objects.select_related("proposed_by", "question")
        where = {"pk": self.kwargs["proposal"], "question": self.kwargs["pk"]}
        self.proposal: Proposal = get_object_or_404(proposals, **where)
        return None if self.proposal.proposed_by == self.person else super().turn_away()

    def form(self, data: Any = None) -> ActForm:
        return DeclineForm(data)

    def do(self, form: ActForm) -> HttpResponse:
        note = form.cleaned_data["note"]
        services.proposal_decline(
            proposal=self.proposal, note=note, by=self.person, now=timezone.now()
        )
        text = f"Declined: {self.proposal.verdict} for {self.question.key}."
        return self.done(text, url_of(self.question))

    def context(self) -> dict[str, Any]:
        return {**super().context(), "proposal": self.proposal}


@admin.register(Proposal)
class ProposalAdmin(ReadOnlyAdmin):
    list_display = ["of_question", "shown_answer", "proposed", "proposed_by", "shown_state"]
    list_filter = [
        one_of("State", "state", ProposalState.choices),
        keyed("Question", "question", Question),
        person("Proposed by", "proposed_by"),
        between("Proposed", "proposed_at", "time"),
    ]
    list_select_related = ["question", "proposed_by"]
    search_fields = ["question"]
    search_through = ("question",)
    ordering = ["-proposed_at", "-id"]
    sortable_by: list[str] = []
    fields = [
        "question",
        "shown_answer",
        "settled",
        "rationale",
        "shown_evidence",
        "proposed",
        "proposed_by",
        "shown_state",
        "decided",
        "decided_by",
        "note",
        "outcome",
        "confirming",
    ]
    readonly_fields = fields
    settled = moment("settled_at", "Settled")
    proposed = moment("proposed_at", "Proposed")
    decided = moment("decided_at", "Decided")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return any(
            request.user.has_perm(f"predictions.{codename}")
            for codename in ("add_proposal", "add_outcome", "view_proposal")
        )

    @display(description="Question", ordering="question__key")
    def of_question(self, proposal: Proposal) -> str:
        return proposal.question.key

    @display(description="Answer", ordering="answer")
    def shown_answer(self, proposal: Proposal) -> str:
        return proposal.verdict

    @display(description="State", ordering="state", label=_COLOURS)
    def shown_state(self, proposal: Proposal) -> str:
        return proposal.state

    @display(description="Evidence")
    @once
    def shown_evidence(self, proposal: Proposal) -> SafeString | str:
        return SafeString(" ").join(link(event) for event in proposal.evidence.all()) or "none"

    @display(description="Confirm or decline")
    def confirming(self, proposal: Proposal) -> SafeString | str:
        if proposal.state != ProposalState.WAITING:
            return "–"
        name = "admin:predictions_question_outcome"
        url = reverse(name, args=[proposal.question_id], query={"proposal": proposal.pk})
        return format_html('<a href="{}">Look at it →</a>', url)
