"""Who subscribes to what."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse, reverse_lazy
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from ledger.filtering import one_of, text, yes_or_no
from predictions.admin.base import ListAdmin, link, moment, needs
from predictions.admin.filters import KeyedField
from predictions.admin.mail_previews import PreviewReport
from predictions.errors import Invalid
from predictions.forms.base import sentence
from predictions.mail.subscribing import confirmation_queue, described, subscription_ask
from predictions.models import Forecaster, Outlet, Subscription, Topic, User
from predictions.models.choices import Period, ReportScope
from predictions.services.subscriptions import (
    SUBJECTS,
    Wish,
    subscription_end,
    subscription_standing,
    wish_check,
)


class AccountField(forms.CharField):
    """An account, by the name that it signs in with."""

    def clean(self, value: Any) -> User | None:
        name = super().clean(value)
        found = User.objects.filter(username=name).first() if name else None
        if name and found is None:
            raise forms.ValidationError(f"There is no account with the user name “{name}”.")
        return found


def _keyed(model: type[Model], help_text: str = "") -> KeyedField:
    """A key, offered as one types: Django's own search box has no name for screen readers."""
    address = reverse_lazy(f"admin:predictions_{model._meta.model_name}_suggest")
    widget = UnfoldAdminTextInputWidget({"data-suggest": address, "autocomplete": "off"})
    return KeyedField(model, required=False, widget=widget, help_text=help_text)


class SubscriptionForm(forms.ModelForm):
    """What the report is about follows from which subject is named."""

    user = AccountField(
        required=False,
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off"}),
        help_text="The user name of somebody who signs in; or else give an address.",
    )
    forecaster = _keyed(Forecaster, "The key of one of the three; without, it is on everything.")
    outlet = _keyed(Outlet)
    topic = _keyed(Topic)
    period = forms.ChoiceField(choices=Period.choices, widget=UnfoldAdminSelectWidget)
    time_zone = forms.CharField(
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="Such as Europe/Vienna. Empty: that of the account, or UTC.",
    )
    language = forms.ChoiceField(
        choices=settings.LANGUAGES,
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text="As in which dates and numbers are written.",
    )

    class Meta:
        model = Subscription
        fields = ("user", "email", *SUBJECTS, "period", "time_zone", "language")

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        chosen = [name for name in SUBJECTS if given.get(name)]
        if given.get("user") and given.get("email"):
            self.add_error("email", "Is given beside an account; leave one of them empty.")
        if len(chosen) > 1:
            self.add_error(chosen[1], f"Is given beside a {chosen[0]}; leave one of them empty.")
        if not self.errors:
            self.wish = _wish(given, *chosen)
            self._ask_the_service()
        return given

    def _ask_the_service(self) -> None:
        try:
            wish_check(wish=self.wish)
        except Invalid as error:
            self.add_error(error.field, sentence(error.problem))
        else:
            if standing := subscription_standing(wish=self.wish):
                told = f"{standing.user or standing.email} has a {described(standing)} already."
                self.add_error(None, told)

    def _post_clean(self) -> None:
        """The service makes the row, by its own rules."""


def _wish(given: dict[str, Any], about: str = ReportScope.ALL) -> Wish:
    return Wish(
        email=given["email"],
        user=given["user"],
        about=about,
        subject=given[about].key if about in SUBJECTS else "",
        period=given["period"],
        time_zone=given["time_zone"],
        language=given["language"] or settings.LANGUAGE_CODE,
    )


@admin.register(Subscription)
class SubscriptionAdmin(ListAdmin):
    form = SubscriptionForm
    change_form_outer_before_template = "admin/mail/preview_link.html"
    list_display = ["shown_to", "shown_about", "period", "created", "confirmed", "ended"]
    list_filter = [
        one_of("Period", "period", Period.choices),
        one_of("About", "about", ReportScope.choices),
        text("User", "user__username"),
        text("Address", "email"),
        yes_or_no("Confirmed", "confirmed", Q(confirmed_at__isnull=False)),
        yes_or_no("Ended", "ended", Q(ended_at__isnull=False)),
    ]
    list_select_related = ["user", *SUBJECTS]
    search_fields = ["user__username", "user__email", "email"]
    ordering = ["-created_at", "-pk"]
    actions = ["ask_again", "end"]
    created = moment("created_at", "Created")
    asked = moment("asked_at", "Last asked")
    confirmed = moment("confirmed_at", "Confirmed")
    ended = moment("ended_at", "Ended")
    readonly_fields = ["shown_about", "created", "asked", "confirmed", "ended"]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(PreviewReport.as_view())
        return [path("<int:pk>/preview/", view, name=PreviewReport.page_name), *super().get_urls()]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    has_run_permission = needs("predictions.change_subscription")

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        if obj is None:
            return list(SubscriptionForm.Meta.fields)
        moments = ["created", "asked", "confirmed", "ended"]
        return ["user", "email", "shown_about", "period", "time_zone", "language", *moments]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **given: Any
    ) -> HttpResponse:
        if (row := context.get("original")) is not None:
            url = reverse(f"admin:{PreviewReport.page_name}", args=[row.pk])
            context |= {"preview_url": url, "preview_label": "Preview the report"}
        return super().render_change_form(request, context, *args, **given)  # type: ignore[no-any-return]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        obj.pk = subscription_ask(wish=form.wish, now=timezone.now()).pk
        obj.refresh_from_db()

    @display(description="Goes to", ordering="user__username")
    def shown_to(self, subscription: Subscription) -> str:
        return str(subscription.user or subscription.email)

    @display(description="About", ordering="about")
    def shown_about(self, subscription: Subscription) -> SafeString | str:
        subject = subscription.subject
        return link(subject, f"{subscription.about}: {subject}") if subject else "everything"

    @action(description="Ask again: does its recipient want it?", permissions=["run"])
    def ask_again(self, request: HttpRequest, queryset: QuerySet[Subscription]) -> None:
        rows, now = list(queryset.select_related("user")), timezone.now()
        asked = sum(confirmation_queue(subscription=row, now=now) for row in rows)
        _tell(request, asked, "asked again")
        if asked < len(rows):
            messages.warning(
                request,
                f"{len(rows) - asked} not asked: it has been answered, was asked within the hour "
                "or often enough today, or nothing is sent to that address.",
            )

    @action(description="End: nothing is sent any more", permissions=["run"])
    def end(self, request: HttpRequest, queryset: QuerySet[Subscription]) -> None:
        now = timezone.now()
        ended = sum(subscription_end(subscription=row, now=now) for row in queryset)
        _tell(request, ended, "ended")


def _tell(request: HttpRequest, count: int, done: str) -> None:
    messages.success(request, f"{count} subscription{'' if count == 1 else 's'} {done}.")
