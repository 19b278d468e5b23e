"""An act that is seen before it is done: first what it would do, then, confirmed, that alone."""

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from typing import Any, ClassVar

from django.core import signing
from django.http import HttpResponse

from predictions.admin.acts import Act
from predictions.admin.preview import Preview, Seal, preview, seal
from predictions.forms.base import ActForm
from predictions.models import Outcome
from predictions.services.rehearsal import Heard, performed, rehearsed

_SAID_OTHERWISE = (
    "You changed what you entered after you saw the scores. Nothing was recorded: these are the "
    "scores that it gives now."
)
_OTHERS_MEANWHILE = (
    "Something was recorded on the question since you saw the scores, such as another prediction. "
    "Nothing was recorded yet: these are the scores now."
)


class _Changed(Exception):
    """What is about to be done is not what was seen; the message says why."""


class Previewed(Act):
    """Subclasses say in `decide` which service writes the outcomes, and in `finished` what next."""

    # The most predictions of a question that are shown.
    rows: ClassVar[int] = 50
    confirm: ClassVar[str]
    preview: Preview | None = None
    notice = ""

    def decide(self, form: ActForm) -> Sequence[Outcome]:
        raise NotImplementedError

    def finished(self, outcomes: Sequence[Outcome]) -> HttpResponse:
        raise NotImplementedError

    def do(self, form: ActForm) -> HttpResponse:
        if self.request.POST.get("act") != "confirm":
            return self.shown(form)
        try:
            return self.finished(performed(partial(self.decide, form), self._as_seen))
        except _Changed as changed:
            self.notice = str(changed)
            return self.shown(form, status=409)

    def shown(self, form: ActForm, status: int = 200) -> HttpResponse:
        """The page with what the act would do; nothing is written."""
        see = partial(preview, rows=self.rows)
        self.preview = rehearsed(partial(self.decide, form), see)
        return self.page(form, status=status)

    def context(self) -> dict[str, Any]:
        shown = self.preview
        return {
            **super().context(),
            "preview": shown,
            "seen": signing.dumps(asdict(shown.seal), salt=self._salt) if shown else "",
            "notice": self.notice,
            "confirm": self.confirm,
        }

    def _as_seen(self, outcomes: Sequence[Outcome], heard: Sequence[Heard]) -> None:
        now, seen = seal(outcomes, heard), self._seen()
        if now.said != seen.said:
            raise _Changed(_SAID_OTHERWISE)
        if now != seen:
            raise _Changed(_OTHERS_MEANWHILE)

    def _seen(self) -> Seal:
        try:
            return Seal(**signing.loads(self.request.POST.get("seen", ""), salt=self._salt))
        except signing.BadSignature:
            return Seal("", "")

    @property
    def _salt(self) -> str:
        """What one person saw, nobody else has seen."""
        return f"predictions.seen.{self.person.pk}"
