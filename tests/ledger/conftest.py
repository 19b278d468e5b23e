"""What tests of the verifier share that tell a story first (`told`) and then tamper with it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ledger.exports import Made, Told, verify


@pytest.fixture
def log(told: tuple[bytes, list[str]], db: None) -> Made:
    """The log of the story in parts, to be tampered with."""
    _, *bodies, _ = told[0].splitlines()
    return Made(tuple(bodies))


@pytest.fixture
def run(tmp_path: Path) -> Callable[[Made], Told]:
    """Has the offline verifier read an export."""

    def run(made: Made) -> Told:
        path = tmp_path / "export"
        path.write_bytes(made.data())
        return verify(path)

    return run
