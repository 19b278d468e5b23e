"""What the project's commands have in common."""

from django.core.management.base import BaseCommand


class QuickCommand(BaseCommand):
    """A command that no page is asked for: to check them all takes longer than most commands."""

    requires_system_checks = ()
