"""What every fact has in common, and how a row reads in the ledger."""

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any, ClassVar

from django.core.validators import RegexValidator
from django.db import models

from ledger.encoding import timestamp
from predictions.checks import KEY_PATTERN, KEY_RULE

# What an entry says beside rows: which entries said them before, and why they changed.
BEFORE, WHY = "before", "why"

valid_key = RegexValidator(KEY_PATTERN, KEY_RULE)


class Fact(models.Model):
    """A row that is written together with a ledger entry and replayed from it."""

    # Columns that say who somebody is: the ledger holds commitments to them, which can be erased.
    personal: ClassVar[tuple[str, ...]] = ()
    # Whether a row never changes: a later one corrects, reverses or follows it.
    final: ClassVar[bool] = False
    # Columns that came later, with what entries say that were written before.
    later: ClassVar[dict[str, Any]] = {}

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # The ledger entry that last set this row; the database demands one of the same transaction.
    entry = models.UUIDField(editable=False)

    class Meta:
        abstract = True

    @property
    def subject(self) -> str:
        """What an entry about this row is about, as `question:Q9`."""
        raise NotImplementedError

    @property
    def person(self) -> "Fact | None":
        """The row whose erasure takes with it why this one was changed, if there is one."""
        return self if self.personal else None

    @property
    def is_erased(self) -> bool:
        """Whether placeholders stand where the row's personal columns were."""
        return False

    def facts(self) -> dict[str, Any]:
        """Every column but `entry`, in canonical form: what the ledger says of this row.

        In an entry, commitments stand for the personal columns.
        """
        return {
            field.attname: _canonical(getattr(self, field.attname), field)
            for field in self._meta.concrete_fields
            if field.attname != "entry"
        }


class KeyedFact(Fact):
    """A fact that people, files and addresses know by its key, which changes by erasure alone."""

    key = models.CharField(max_length=100, unique=True, validators=[valid_key])

    class Meta:
        abstract = True

    @property
    def subject(self) -> str:
        return f"{self._meta.model_name}:{self.key}"


def _canonical(value: Any, field: Any) -> Any:
    match value:
        case Decimal():
            written = f"{value:.{field.decimal_places}f}"
            # Digits beyond the column's scale were not written by us: rounding would hide them.
            return written if Decimal(written) == value else str(value)
        case dt.datetime():
            return timestamp(value)
        case dt.date():
            return value.isoformat()
        case uuid.UUID():
            return str(value)
        case _:
            return value


def one_of(name: str, choices: type[models.TextChoices]) -> models.CheckConstraint:
    """A database check that the column `name` holds one of the choices."""
    return models.CheckConstraint(
        condition=models.Q(**{f"{name}__in": choices.values}), name=f"%(class)s_{name}_known"
    )


def not_empty(name: str) -> models.CheckConstraint:
    """A database check that the text column `name` is not empty."""
    return models.CheckConstraint(
        condition=~models.Q(**{name: ""}), name=f"%(class)s_{name}_not_empty"
    )


def between(name: str, low: int, high: int) -> models.CheckConstraint:
    """A database check that a number, where there is one, lies in [low, high]."""
    return models.CheckConstraint(
        condition=models.Q(**{f"{name}__isnull": True})
        | models.Q(**{f"{name}__gte": low, f"{name}__lte": high}),
        name=f"%(class)s_{name}_between",
    )


def is_list(name: str) -> models.CheckConstraint:
    """A database check that a JSON column holds a list (only a list contains the empty one)."""
    return models.CheckConstraint(
        condition=models.Q(**{f"{name}__contains": []}), name=f"%(class)s_{name}_is_list"
    )
