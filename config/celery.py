"""The Celery app and its beat schedule: `celery -A config.celery worker`, `… beat`.

Beat, not ETA: a task with a long countdown on the Redis transport runs twice when the visibility
timeout passes. The beat sweeps, the sweep claims rows in the database.
"""

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, celeryd_init

from config import embedded
from config.durability import insist

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
embedded.ensure()

from django.conf import settings  # noqa: E402 -- the servers must be named before settings are read

app = Celery("prediction_ledger", broker=settings.REDIS_URL)
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    task_time_limit=900,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    timezone="UTC",
    beat_schedule={
        "reminders": {
            "task": "predictions.tasks.sweep_reminders",
            "schedule": settings.SWEEP_SECONDS,
            # A sweep that waited longer than its period is stale: the next one does its work.
            "options": {"expires": settings.SWEEP_SECONDS},
        },
        "reports": {
            "task": "predictions.tasks.sweep_reports",
            "schedule": settings.SWEEP_SECONDS,
            "options": {"expires": settings.SWEEP_SECONDS},
        },
        "deliveries": {
            "task": "predictions.tasks.deliver_messages",
            "schedule": settings.SWEEP_SECONDS / 2,
            "options": {"expires": settings.SWEEP_SECONDS / 2},
        },
        "verifications": {
            "task": "predictions.tasks.verify_ledger",
            "schedule": settings.SWEEP_SECONDS,
            "options": {"expires": settings.SWEEP_SECONDS},
        },
        "uploads": {
            "task": "predictions.tasks.sweep_uploads",
            "schedule": settings.SWEEP_SECONDS,
            "options": {"expires": settings.SWEEP_SECONDS},
        },
        "checkpoints": {
            "task": "predictions.tasks.make_checkpoint",
            "schedule": settings.CHECKPOINT_SECONDS,
            "options": {"expires": settings.CHECKPOINT_SECONDS},
        },
        "sign-ins": {
            "task": "predictions.tasks.forget_sign_ins",
            "schedule": 3600,
            "options": {"expires": 3600},
        },
        "subscriptions": {
            "task": "predictions.tasks.forget_subscriptions",
            "schedule": 3600,
            "options": {"expires": 3600},
        },
    },
)
app.autodiscover_tasks(["predictions"])


@celeryd_init.connect
def worker_begins(**kwargs: Any) -> None:
    insist("worker", 2)


@beat_init.connect
def beat_begins(**kwargs: Any) -> None:
    insist("beat", 2)
    # A service that was just started need not wait for its first checkpoint to be ready.
    app.send_task("predictions.tasks.make_checkpoint", expires=settings.CHECKPOINT_SECONDS)
