"""Pages that record one outlet, topic or forecaster."""

from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.utils.text import slugify

from predictions import finding, services
from predictions.admin.acts import Act
from predictions.admin.recording.forms import ForecasterForm
from predictions.forms import inputs
from predictions.forms.base import ActForm
from predictions.models import Forecaster, Outlet, Topic


class NamedForm(ActForm):
    name = inputs.text("Name", max_length=200)
    key = inputs.text("Key", required=False, help_text="Leave it empty for one made of the name.")


class AddNamed(Act):
    """Record something that has a key and a name."""

    template = "admin/recording/named.html"
    model: ClassVar[Any]

    def form(self, data: Any = None) -> ActForm:
        return NamedForm(data)

    def record(self, **given: Any) -> Any:
        raise NotImplementedError

    def do(self, form: ActForm) -> HttpResponse:
        given = form.cleaned_data
        given["key"] = given["key"] or slugify(given["name"]) or str(self.model._meta.model_name)
        made = self.record(**given, by=self.person)
        name = f"admin:predictions_{self.model._meta.model_name}_change"
        return self.done(f"Recorded: {made}.", reverse(name, args=[made.pk]))

    def context(self) -> dict[str, Any]:
        meta = self.model._meta
        back = reverse(f"admin:predictions_{meta.model_name}_changelist")
        return {"back": back, "plural": str(meta.verbose_name_plural).capitalize()}


class AddTopic(AddNamed):
    permission = "predictions.add_topic"
    doing = "Recording a topic"
    title = "Record a topic"
    model = Topic

    def record(self, **given: Any) -> Any:
        return services.topic_record(**given)


class AddOutlet(AddNamed):
    permission = "predictions.add_outlet"
    doing = "Recording an outlet"
    title = "Record an outlet"
    model = Outlet

    def record(self, **given: Any) -> Any:
        return services.outlet_record(**given)


class AddForecaster(AddNamed):
    permission = "predictions.add_forecaster"
    doing = "Recording a forecaster"
    title = "Record a forecaster"
    model = Forecaster

    def form(self, data: Any = None) -> ActForm:
        return ForecasterForm(data)

    def record(self, **given: Any) -> Any:
        alike = finding.forecasters_like(given["name"])
        made = services.forecaster_record(**given)
        for known, _ in alike:
            messages.warning(self.request, f"{made} may be {known} ({known.key}); compare them.")
        return made
