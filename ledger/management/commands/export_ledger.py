import contextlib
import gzip
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from django.core.management.base import CommandError, CommandParser

from ledger import journal
from ledger.commands import QuickCommand
from ledger.export import this_log
from ledger.replay import snapshot


class Command(QuickCommand):
    help = (
        "Exports the whole ledger as lines of JSON, for ledger/verifier.py to verify on any "
        "machine. What is in the file is one moment of the database."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--output", required=True, help="the file to write, - for stdout")
        parser.add_argument("--gzip", action="store_true", help="compress it")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with _opened(options["output"]) as stream:
                head = _export(stream, compress=options["gzip"])
        except OSError as error:
            problem = error.strerror or error
            raise CommandError(f"{options['output']}: {problem}", returncode=2) from error
        out = self.stderr if options["output"] == "-" else self.stdout
        out.write(f"exported {head.size} entries, root {head.root}")


def _export(stream: BinaryIO, *, compress: bool) -> journal.TreeHead:
    # Neither name nor time go into the wrapping: the same log gives the same file.
    packed = gzip.GzipFile("", "wb", fileobj=stream, mtime=0) if compress else None
    with snapshot(), packed or contextlib.nullcontext():
        head, lines = this_log()
        cast(BinaryIO, packed or stream).writelines(lines)
    return head


@contextlib.contextmanager
def _opened(output: str) -> Iterator[BinaryIO]:
    """Where to write to; a file appears under its name only when it is whole."""
    if output == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    path = Path(output)
    if path.exists() and not path.is_file():
        raise OSError("exists, and is not a file")
    if not path.parent.is_dir():
        raise OSError(f"the folder {path.parent} does not exist")
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with unfinished.open("xb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
