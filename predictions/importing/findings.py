"""What there is to say of a place in a file."""

from dataclasses import dataclass

_LONGEST_MESSAGE = 300


@dataclass(frozen=True, order=True)
class Finding:
    """A problem, or a warning. `line` counts from 1; `column` is empty where the line is meant."""

    line: int
    column: str
    message: str

    def __str__(self) -> str:
        """One line, however long and broken the cell was that is quoted in it."""
        message = " ".join(self.message.split())
        if len(message) > _LONGEST_MESSAGE:
            message = f"{message[:_LONGEST_MESSAGE]}…"
        place = f"line {self.line}, {self.column}" if self.column else f"line {self.line}"
        return f"{place}: {message}"
