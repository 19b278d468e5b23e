"""Celery tasks, thin: load, call, return. Idempotent, for a task may run twice."""

from celery import shared_task
from django.utils import timezone

from predictions.mail.deliver import deliver
from predictions.mail.queue import reminders_queue, reports_queue
from predictions.services.sweeps import sweep_ended
from predictions.services.tokens import answers_forget


@shared_task
def sweep_reminders() -> None:
    """Queue reminders of what is due."""
    reminders_queue(now=timezone.now())
    sweep_ended(name="reminders", now=timezone.now())


@shared_task
def sweep_reports() -> None:
    """Queue reports whose period has ended; forget old answers while at it."""
    reports_queue(now=timezone.now())
    answers_forget(now=timezone.now())
    sweep_ended(name="reports", now=timezone.now())


@shared_task
def deliver_messages() -> None:
    """Send what is queued."""
    deliver(clock=timezone.now)
    sweep_ended(name="deliveries", now=timezone.now())
