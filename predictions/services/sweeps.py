"""When periodic passes last ended."""

import datetime as dt

from predictions.models import Sweep


def sweep_ended(*, name: str, now: dt.datetime) -> None:
    """Note that a pass has just ended, for `/readyz` and the desk."""
    Sweep.objects.update_or_create(name=name, defaults={"ended_at": now})
