"""The tasks as a worker runs them."""

from pathlib import Path
from typing import Any

import pytest

from ledger import checkpoints
from ledger.errors import MemoryUnusable
from predictions import tasks
from predictions.models import Sweep
from tests.making import Maker

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_pass_signs_the_head_and_notes_that_it_ended(make: Maker) -> None:
    make.question()
    tasks.make_checkpoint()
    latest = checkpoints.latest()
    assert latest
    assert latest.size == 2
    assert Sweep.objects.get().name == "checkpoints"


def test_a_pass_over_an_empty_ledger_ends_and_signs_nothing() -> None:
    tasks.make_checkpoint()
    assert checkpoints.latest() is None
    assert Sweep.objects.filter(name="checkpoints").exists()


def test_a_pass_that_refuses_to_sign_does_not_end(make: Maker, settings: Any) -> None:
    make.question()
    tasks.make_checkpoint()
    Sweep.objects.all().delete()
    Path(settings.LEDGER_STATE_FILE).write_text("damaged")
    with pytest.raises(MemoryUnusable):
        tasks.make_checkpoint()
    assert not Sweep.objects.exists()
