"""The whole suite, `python -m tests`: two halves at once, each on servers of its own.

Most tests wait for a disk or for another process, so two cores do the work of one twice as fast.
The second half's report follows the first's. The exit code is the first that is not 0.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).resolve().parent
FIRST = ("ledger",)


def main() -> int:
    folders = sorted(path.name for path in TESTS.iterdir() if (path / "__init__.py").exists())
    files = sorted(path.name for path in TESTS.glob("test_*.py"))
    second = [name for name in (*folders, *files) if name not in FIRST]
    with tempfile.TemporaryFile("w+") as report:
        other = subprocess.Popen(_pytest(second), stdout=report, stderr=subprocess.STDOUT)
        try:
            first = subprocess.call(_pytest(FIRST))
            second_code = other.wait()  # also if the first half has failed: one run tells all
        finally:
            if other.poll() is None:
                other.terminate()
                other.wait()
        report.seek(0)
        sys.stdout.write(report.read())
    return first or second_code


def _pytest(names: tuple[str, ...] | list[str]) -> list[str]:
    return [sys.executable, "-m", "pytest", *(str(TESTS / name) for name in names)]


if __name__ == "__main__":
    sys.exit(main())
