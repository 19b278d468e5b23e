"""Periodic passes: their turns, and when they last ended."""

import datetime as dt

from django.db import connection

from predictions.models import Sweep


def sweep_ended(*, name: str, now: dt.datetime) -> None:
    """Note that a pass has just ended, for `/readyz` and the desk."""
    Sweep.objects.update_or_create(name=name, defaults={"ended_at": now})


def take_turns(name: str) -> None:
    """Wait for others that run the same pass; held until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"queue {name}"])
