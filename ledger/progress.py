"""A bar that shows how far a command has come; nothing where its output goes elsewhere."""

from django.core.management.base import OutputWrapper

_WIDTH = 30


class Bar:
    """On one line of a terminal, which is written over."""

    def __init__(self, stream: OutputWrapper, act: str, of_what: str) -> None:
        self._stream, self._act, self._of_what = stream, act, of_what

    def show(self, done: int, total: int) -> None:
        part = min(max(done, 0) / max(total, 1), 1)
        bar = ("#" * round(part * _WIDTH)).ljust(_WIDTH)
        told = f"{part:4.0%}  {done:,} of {total:,} {self._of_what}"
        self._write(f"\r{self._act} [{bar}] {told}")

    def clear(self) -> None:
        """Before anything else is written."""
        self._write("\r\033[K")

    def _write(self, text: str) -> None:
        if self._stream.isatty():
            # Not in the style of an error, which is red.
            self._stream.write(text, style_func=str, ending="")
            self._stream.flush()
