"""Words of probability, read by the lexicon where a row does not say how."""

from typing import Any

from predictions.finding import phrases_in
from predictions.models import Phrase
from predictions.models.choices import Basis
from predictions.templatetags.figures import percent


class Lexicon:
    """The newest reading of every phrase; read once a page, and only if a row asks."""

    def __init__(self) -> None:
        self._rows: list[Phrase] | None = None

    @property
    def rows(self) -> list[Phrase]:
        if self._rows is None:
            self._rows = list(Phrase.objects.current())
        return self._rows

    def read(self, form: Any, row: dict[str, Any]) -> None:
        """Put the phrase that is named, or that the hedge words hold, in place of its name."""
        named = row["phrase"].strip()
        row["phrase"] = None
        if named:
            row["phrase"] = self._named(named)
            if row["phrase"] is None:
                form.add_error("phrase", f"“{named}” is not in the lexicon; write likely (icd203).")
        elif row["basis"] == Basis.VERBAL:
            row["phrase"] = self._heard(form, row["hedge"])

    def _named(self, named: str) -> Phrase | None:
        names = {f"{row.phrase} ({row.source})".lower(): row for row in self.rows}
        return names.get(named.lower())

    def _heard(self, form: Any, hedge: str) -> Phrase | None:
        found = phrases_in(hedge, self.rows)
        if len(found) == 1:
            return found[0]
        if found:
            told = "; ".join(map(reading, found))
            form.add_error("phrase", f"Is missing; it is read by several: {told}. Write one.")
        else:
            form.add_error("hedge", "Holds no words of the lexicon; write them, or name a phrase.")
        return None


def reading(phrase: Phrase) -> str:
    """`likely (icd203) 70 %, 55 % to 80 %`."""
    return (
        f"{phrase.phrase} ({phrase.source}) {percent(phrase.point)}, "
        f"{percent(phrase.low)} to {percent(phrase.high)}"
    )
