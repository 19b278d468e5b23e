"""Celery tasks, thin: load, call, return. Idempotent, for a task may run twice."""

from celery import shared_task
from django.utils import timezone

from ledger.checkpoints import checkpoint_make
from predictions.mail.deliver import deliver
from predictions.mail.heartbeat import heartbeat_send
from predictions.mail.reminders import reminders_queue
from predictions.mail.reports import reports_queue
from predictions.services.sign_ins import sign_ins_forget
from predictions.services.subscriptions import subscriptions_forget
from predictions.services.sweeps import sweep_ended
from predictions.services.tokens import answers_forget
from predictions.services.uploads import uploads_forget, uploads_record
from predictions.services.verifications import verification_run

# A long log takes long to read; every other task is quick (`config.celery`).
_VERIFYING_SECONDS = 6 * 3_600


@shared_task
def sweep_reminders() -> None:
    """Queue reminders of what is due; if all is well, say so to whoever watches from outside."""
    reminders_queue(now=timezone.now())
    sweep_ended(name="reminders", now=timezone.now())
    heartbeat_send(now=timezone.now())


@shared_task
def sweep_reports() -> None:
    """Forget old answers; queue reports whose period has ended."""
    answers_forget(now=timezone.now())
    reports_queue(now=timezone.now())
    sweep_ended(name="reports", now=timezone.now())


@shared_task
def deliver_messages() -> None:
    """Send what is queued."""
    deliver(clock=timezone.now)
    sweep_ended(name="deliveries", now=timezone.now())


@shared_task
def make_checkpoint() -> None:
    """Sign the ledger's head. If that is refused, the sweep does not end, and `/readyz` tells."""
    checkpoint_make()
    sweep_ended(name="checkpoints", now=timezone.now())


@shared_task
def forget_sign_ins() -> None:
    """Clear sessions that have ended, and what is no longer kept of who signed in."""
    sign_ins_forget(now=timezone.now())


@shared_task
def forget_subscriptions() -> None:
    """Forget what somebody asked to be mailed and nobody has confirmed."""
    subscriptions_forget(now=timezone.now())


@shared_task(time_limit=_VERIFYING_SECONDS)
def verify_ledger() -> None:
    """Verify the ledger if somebody has asked for it."""
    verification_run(clock=timezone.now)


@shared_task
def sweep_uploads() -> None:
    """Record what people have agreed to, and forget what they left lying."""
    uploads_record(clock=timezone.now)
    uploads_forget(now=timezone.now())
