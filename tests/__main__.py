"""The whole suite, `python -m tests`: four parts at once, each on servers of its own.

Most tests wait for a disk or for another process, so two cores do the work of one in half the time.
The reports of the later parts follow the first's. The exit code is the first that is not 0.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO

TESTS = Path(__file__).resolve().parent
# Each takes about as long as the others; what neither names is the first's.
LATER = (("ledger",), ("browser",), ("bench", "faults", "integration"))


def main() -> int:
    named = {name for part in LATER for name in part}
    folders = sorted(path.name for path in TESTS.iterdir() if (path / "__init__.py").exists())
    files = sorted(path.name for path in TESTS.glob("test_*.py"))
    first = [name for name in (*folders, *files) if name not in named]
    later = [_Part(part) for part in LATER]
    try:
        codes = [subprocess.call(_pytest(first))]
        # Also if the first has failed: one run tells all.
        codes += [part.report() for part in later]
    finally:
        for part in later:
            part.end()
    return next(filter(None, codes), 0)


class _Part:
    """A part that runs beside the others, and whose report waits for its turn."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._told: IO[str] = tempfile.TemporaryFile("w+")  # noqa: SIM115 -- closed in `end`
        self._process = subprocess.Popen(
            _pytest(names), stdout=self._told, stderr=subprocess.STDOUT
        )

    def report(self) -> int:
        code = self._process.wait()
        self._told.seek(0)
        sys.stdout.write(self._told.read())
        sys.stdout.flush()
        return code

    def end(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            self._process.wait()
        self._told.close()


def _pytest(names: tuple[str, ...] | list[str]) -> list[str]:
    return [sys.executable, "-m", "pytest", *(str(TESTS / name) for name in names)]


if __name__ == "__main__":
    sys.exit(main())
