"""The whole suite, `python -m tests`: in parts, a few at once, each on servers of its own.

Most tests wait for a disk or for another process, so two cores do the work of three parts at once.
A part's report is printed when the part ends. The exit code is the first that is not 0.
"""

import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from tests import prepared

TESTS = Path(__file__).resolve().parent
AT_ONCE = 3
# The longest first, so that none of them is waited for alone; what none names is "the rest". Each
# makes a database of its own, so there are few of them.
REST = "the rest"
PARTS = ("predictions", REST, "admin", "integration", "browser", "faults", "bench")


def main() -> int:
    folders = sorted(path.name for path in TESTS.iterdir() if (path / "__init__.py").exists())
    files = sorted(path.name for path in TESTS.glob("test_*.py"))
    rest = [name for name in (*folders, *files) if name not in PARTS]
    parts = [rest if part == REST else [part] for part in PARTS]
    with tempfile.TemporaryDirectory(prefix="prediction-ledger-suite-") as folder:
        return _all(parts, Path(folder), prepared.prepare(Path(folder) / "prepared"))


def _all(parts: list[list[str]], folder: Path, environ: dict[str, str]) -> int:
    codes = []
    pool = ThreadPoolExecutor(AT_ONCE)
    try:
        # Also if one has failed: a run tells all.
        for part in as_completed([pool.submit(_run, names, folder, environ) for names in parts]):
            code, report = part.result()
            sys.stdout.buffer.write(report)
            sys.stdout.flush()
            codes.append(code)
    finally:
        # Who stops the run stops the parts that run, by the same signal; none begins after them.
        pool.shutdown(cancel_futures=True)
    return next(filter(None, codes), 0)


def _run(names: list[str], folder: Path, environ: dict[str, str]) -> tuple[int, bytes]:
    """The exit code of a part, and all that it printed."""
    # Not in pytest's own place: each session that starts closes that to the servers of the others.
    place = f"--basetemp={folder / names[0]}"
    command = [sys.executable, "-m", "pytest", place, *(str(TESTS / name) for name in names)]
    done = subprocess.run(
        command, check=False, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    return done.returncode, done.stdout


if __name__ == "__main__":
    sys.exit(main())
