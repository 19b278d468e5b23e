"""`python -m tests.bench [--json] [--check]`; SIZE says how many entries a large log has.

Runs on a bundled PostgreSQL of its own, in a folder that is gone afterwards. Exit codes: 0, or with
`--check` 1 if a target is missed; 2 if it could not run.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterator

import orjson

from config.embedded import EmbeddedError
from tests.bench.harness import Row, as_json, as_table, progress

DEFAULT_SIZE, SMALLEST, LARGEST = 20_000, 1_000, 10_000_000


def main(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    try:
        size = size_asked(os.environ.get("SIZE", ""))
        _set_up()
    except (ValueError, EmbeddedError) as error:
        sys.stderr.write(f"bench: {error}\n")
        return 2
    rows = list(_measured(size))
    progress("")
    if options.json:
        sys.stdout.write(orjson.dumps(as_json(rows), option=orjson.OPT_INDENT_2).decode() + "\n")
    else:
        sys.stdout.write(as_table(rows) + "\n")
    return int(options.check and any(row.met is False for row in rows))


def size_asked(given: str) -> int:
    """Of the environment's SIZE. Raises ValueError."""
    if not given:
        return DEFAULT_SIZE
    try:
        size = int(given)
    except ValueError:
        size = 0
    if not SMALLEST <= size <= LARGEST:
        raise ValueError(
            f"SIZE is {given!r}; give a number of entries from {SMALLEST:,} to {LARGEST:,}"
        )
    return size


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a target is missed")
    return parser


def _set_up() -> None:
    """Servers, as the tests have them, and the tables."""
    import django

    progress("starting the servers")
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def _measured(size: int) -> Iterator[Row]:
    from tests.bench import (
        batches,
        desk,
        domain,
        logs,
        mail,
        proofs,
        reminding,
        reports,
        rescoring,
        scoring,
        singles,
        statistics,
        verification,
    )

    areas: tuple[tuple[str, Callable[[int], Iterator[Row]]], ...] = (
        ("batches", batches.rows),
        ("single appends", singles.rows),
        ("domain writes", domain.rows),
        ("scoring", scoring.rows),
        ("statistics", statistics.rows),
        ("scoring anew", rescoring.rows),
        ("the desk", desk.rows),
        ("reminders", reminding.rows),
        ("reports", reports.rows),
        ("mail", mail.rows),
    )
    for name, measure in areas:
        progress(f"measuring {name}")
        yield from measure(size)
    logs.clear()
    logs.fill(size)
    progress(f"measuring proofs among {size:,} entries")
    yield from proofs.rows(size)
    yield from verification.rows(size)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
