"""A form that ends in a call of a service, and shows what that refuses."""

from collections.abc import Callable
from http import HTTPStatus
from typing import ClassVar, TypeVar

from django import forms
from django.db import OperationalError
from django.utils.text import slugify

from ledger.retries import PASSING, retried
from predictions.errors import Conflict, Denied, Invalid, Several

T = TypeVar("T")

BUSY = "Others were writing at the same time, and nothing was recorded; try again."
_KEY_LENGTH = 100


class ActForm(forms.Form):
    """A form whose errors may also come from a service, under the service's names."""

    # The service's name of a field → the form's, where they differ.
    NAMES: ClassVar[dict[str, str]] = {}

    def refuse(self, error: Invalid) -> None:
        """Show a refusal of the service at the field that it names, or above the form."""
        field = self.NAMES.get(error.field, error.field)
        if field in self.fields:
            self.add_error(field, sentence(error.problem))
        else:
            self.add_error(None, sentence(str(error)))


class NotDone(Exception):
    """Nothing was done, and the form says why; `status` is that of the page that shows it."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status)
        self.status = status


def carried_out(form: ActForm, act: Callable[[], T]) -> T:
    """What an act returns, done in one transaction; again, where another's work was in its way.

    Raises NotDone, with the refusal of the service put on the form.
    """
    try:
        return retried(act)
    except Invalid as error:
        form.refuse(error)
        raise NotDone(HTTPStatus.OK) from error
    except (Conflict, Denied) as error:
        form.add_error(None, sentence(str(error)))
        conflict = isinstance(error, Conflict)
        raise NotDone(HTTPStatus.CONFLICT if conflict else HTTPStatus.FORBIDDEN) from error
    except Several as error:
        for key, refused in error.refused.items():
            problem = str(refused)
            form.add_error(None, sentence(problem if key in problem else f"{key}, {problem}"))
        raise NotDone(HTTPStatus.CONFLICT) from error
    except OperationalError as error:
        if not is_passing(error):
            raise
        form.add_error(None, BUSY)
        raise NotDone(HTTPStatus.SERVICE_UNAVAILABLE) from error


def is_passing(error: OperationalError) -> bool:
    """Whether the database could not do it just now, for others were in the way."""
    return getattr(error.__cause__, "sqlstate", "") in PASSING


def sentence(problem: str) -> str:
    """A problem as people read it: `is missing; say why` → `Is missing; say why.`"""
    text = problem[:1].upper() + problem[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."


def suggested_key(text: str) -> str:
    """`2026-09-01-ministry-publishes-the-harvest`, cut between words."""
    key = slugify(text)
    return key if len(key) <= _KEY_LENGTH else key[: _KEY_LENGTH + 1].rpartition("-")[0]
