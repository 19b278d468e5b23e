"""Reading the data files: every mistake is one line that names the file, the key and the fix."""

import datetime as dt
import difflib
import tomllib
import unicodedata
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from predictions.when import instant

_REQUIRED: Any = object()


class SeedError(Exception):
    """A data file is not acceptable: `file: key: problem`."""

    def __init__(self, file: str, key: str, problem: str) -> None:
        super().__init__(f"{file}: {key}: {problem}")


class Form:
    """One table of a file. Each key is taken once; `close` refuses what nobody took."""

    def __init__(self, file: str, path: str, values: dict[str, Any]) -> None:
        self.file, self.path = file, path
        self._left = dict(values)

    def error(self, key: str, problem: str) -> SeedError:
        return SeedError(self.file, f"{self.path}.{key}" if self.path else key, problem)

    def names(self) -> list[str]:
        """The keys that nobody has taken yet."""
        return list(self._left)

    def has(self, key: str) -> bool:
        return key in self._left

    def text(self, key: str, default: str = _REQUIRED) -> str:
        value = self._take(key, str, "text in quotes", default)
        if default is _REQUIRED and not value.strip():
            raise self.error(key, "is empty")
        if not unicodedata.is_normalized("NFC", value):
            raise self.error(key, "is not in Unicode normal form C; write its letters composed")
        return str(value).strip()

    def one_of(self, key: str, choices: Sequence[str], default: str = _REQUIRED) -> str:
        value = self.text(key, default)
        if value not in choices and value != default:
            raise self.error(key, f"{value!r} is not one of {', '.join(choices)}")
        return value

    def integer(self, key: str, default: int | None = _REQUIRED) -> int | None:
        value: int | None = self._take(key, int, "a whole number", default)
        return value

    def probability(self, key: str, default: Decimal | None = _REQUIRED) -> Decimal | None:
        value: Decimal | None = self._take(key, (Decimal, int), "a number from 0 to 1", default)
        if value is None:
            return None
        value = Decimal(value)
        if not 0 <= value <= 1 or value != round(value, 6):
            raise self.error(key, f"{value} is not between 0 and 1 with at most six decimal places")
        return value

    def day(self, key: str) -> dt.date:
        value = self._take(key, dt.date, "a date such as 2023-06-25", _REQUIRED)
        if isinstance(value, dt.datetime):
            raise self.error(key, "is a time; write the date alone, such as 2023-06-25")
        return value  # type: ignore[no-any-return]

    def moment(self, key: str, default: None = _REQUIRED) -> dt.datetime | None:
        value = self._take(key, dt.date, "a date such as 2023-06-25", default)
        try:
            return None if value is None else instant(value)
        except ValueError as error:
            raise self.error(key, str(error)) from error

    def keys(self, key: str) -> list[str]:
        """A list of keys of other forms."""
        values = self._take(key, list, "a list of keys in quotes", _REQUIRED)
        if not all(isinstance(value, str) for value in values):
            raise self.error(key, "must be a list of keys in quotes")
        return list(values)

    def form(self, key: str) -> "Form":
        path = f"{self.path}.{key}" if self.path else key
        return Form(self.file, path, self._take(key, dict, "a table", _REQUIRED))

    def forms(self, key: str) -> Iterator["Form"]:
        """The tables of a list; each is named by its `key` or `ref`, or counted from 1."""
        path = f"{self.path}.{key}" if self.path else key
        for place, values in enumerate(self._take(key, list, "a list of tables", []), 1):
            if not isinstance(values, dict):
                raise self.error(key, f"number {place} is not a table")
            name = values.get("key") or values.get("ref") or values.get("question") or place
            yield Form(self.file, f"{path}[{name}]", values)

    def close(self) -> None:
        for key in self._left:
            raise self.error(key, "is not a key of this form; see the comments at the file's head")

    def _take(self, key: str, kind: type | tuple[type, ...], wanted: str, default: Any) -> Any:
        if key not in self._left:
            if default is _REQUIRED:
                meant = difflib.get_close_matches(key, self._left, n=1)
                hint = f"; is {meant[0]!r} a slip for it?" if meant else ""
                raise self.error(key, f"is missing; give {wanted}{hint}")
            return default
        value = self._left.pop(key)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise self.error(key, f"{value!r} is not right; give {wanted}")
        return value


def open_form(path: Path, root: Path) -> Form:
    """The whole of a file as a form. Raises SeedError if it cannot be read as TOML."""
    name = str(path.relative_to(root))
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SeedError(name, "file", f"cannot be read: {error}") from error
    return Form(name, "", values)
