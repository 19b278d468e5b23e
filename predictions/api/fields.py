"""The types of the wire. Each takes one JSON type and no other, and says what it needs."""

import datetime as dt
import re
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from predictions.checks import KEY_PATTERN
from predictions.models import User
from predictions.services.posting import actor
from predictions.when import instant

# A moment outside of these years cannot be told in every zone, nor have days added to it.
FIRST_YEAR, LAST_YEAR = 1000, 8999
MAX_INTEGER = 2**31 - 1


class Text(serializers.CharField):
    """A JSON string; a number in its place is a mistake, not text."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Choice(serializers.ChoiceField):
    """One of a closed set of words."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str) or data not in self.choices:
            known = ", ".join(str(choice) for choice in self.choices)
            raise serializers.ValidationError(f"must be one of {known}")
        return data


class Integer(serializers.IntegerField):
    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        return data


class Flag(serializers.BooleanField):
    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


@extend_schema_field({"type": "number", "minimum": 0, "maximum": 1, "multipleOf": 0.000001})
class Probability(serializers.Field):
    """A JSON number, taken exactly. Whether it is a probability, the service says."""

    def to_internal_value(self, data: Any) -> Decimal:
        if isinstance(data, bool) or not isinstance(data, int | Decimal):
            raise serializers.ValidationError("must be a number from 0 to 1")
        # There is one zero, however it is written: -0.0, 0e-7.
        return Decimal(data) if data else Decimal(0)

    def to_representation(self, value: Decimal) -> float:
        # At most 15 digits, so the shortest text of the double is the decimal itself.
        return float(value)


class Figure(serializers.FloatField):
    """A score as a JSON number: nine places, and below 9,007,199, so that its text is exact."""


@extend_schema_field(
    {
        "type": "object",
        "additionalProperties": {"type": "number", "minimum": 0, "maximum": 1},
        "example": {"rye": 0.25, "wheat": 0.75},
    }
)
class Distribution(serializers.Field):
    """The probability of each option. Whether they fit the question, the service says."""

    def to_internal_value(self, data: Any) -> dict[str, Decimal]:
        if not isinstance(data, dict) or not all(map(_is_number, data.values())):
            raise serializers.ValidationError(
                'must be an object of numbers by option, such as {"rye": 0.25, "wheat": 0.75}'
            )
        return data

    def to_representation(self, value: list[list[str]]) -> dict[str, float]:
        return {option: float(share) for option, share in value}


@extend_schema_field(
    {
        "type": "object",
        "additionalProperties": {"oneOf": [{"type": "number"}, {"type": "string"}]},
        "example": {"0.1": 8, "0.5": 12.5, "0.9": 30},
    }
)
class Quantiles(serializers.Field):
    """Values by levels: numbers, or dates. Whether they fit the question, the service says."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict) or not all(
            isinstance(value, str) or _is_number(value) for value in data.values()
        ):
            raise serializers.ValidationError(
                'must be an object of numbers or dates by level, such as {"0.1": 8, "0.9": 30}'
            )
        return data

    def to_representation(self, value: list[list[str]]) -> dict[str, Any]:
        return {level.rstrip("0"): _number_or_date(text) for level, text in value}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _number_or_date(text: str) -> float | str:
    return float(text) if "." in text else text


@extend_schema_field(
    {
        "type": "string",
        "description": "A time with a zone, or a date, which means its end in UTC.",
        "example": "2024-02-17",
    }
)
class Instant(serializers.Field):
    def to_internal_value(self, data: Any) -> dt.datetime:
        if not isinstance(data, str):
            raise serializers.ValidationError("must be text: 2023-06-25 or 2023-06-25T14:30:00Z")
        try:
            moment = instant(data)
        except (ValueError, OverflowError) as error:
            raise serializers.ValidationError(str(error)) from error
        if not FIRST_YEAR <= moment.year <= LAST_YEAR:
            raise serializers.ValidationError(
                f"must lie in the years {FIRST_YEAR} to {LAST_YEAR}, not in {moment.year}"
            )
        return moment

    def to_representation(self, value: dt.datetime) -> Any:
        return value  # only ever taken in


class Day(serializers.DateField):
    def to_internal_value(self, value: Any) -> dt.date:
        if not isinstance(value, str):
            raise serializers.ValidationError("must be text: 2023-06-25")
        return super().to_internal_value(value)


class Key(serializers.SlugRelatedField):
    """Another row by its key."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(slug_field="key", **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        rows: Any = self.get_queryset()
        if isinstance(data, str) and re.fullmatch(KEY_PATTERN.strip("^$"), data):
            found = rows.filter(key=data).first()
            if found is not None:
                return found
        name = rows.model._meta.verbose_name
        told = data if isinstance(data, str) else type(data).__name__
        raise serializers.ValidationError(f"there is no {name} {told[:120]!r}")


@extend_schema_field({"type": "string", "example": "user:1"})
class Actor(serializers.Field):
    """Who acted, as the ledger names them: `user:1`, or `system`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)

    def get_attribute(self, instance: Any) -> str:
        return actor(super().get_attribute(instance))

    def to_representation(self, value: str) -> str:
        return value


@extend_schema_field({"type": "string", "nullable": True, "example": "user:1"})
class Person(serializers.Field):
    """A person, named as the ledger does."""

    def to_internal_value(self, data: Any) -> User:
        if isinstance(data, str) and re.fullmatch(r"user:[1-9][0-9]{0,8}", data, re.ASCII):
            found = User.objects.filter(pk=int(data.removeprefix("user:")), is_active=True).first()
            if found is not None:
                return found
        raise serializers.ValidationError("names no active user; give one as user:1")

    def to_representation(self, value: User) -> str:
        return actor(value)
