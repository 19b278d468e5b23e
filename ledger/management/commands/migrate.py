from typing import Any

from django.core.checks import Tags
from django.core.management.base import CommandError
from django.core.management.commands import migrate

from ledger import roles
from ledger.errors import RolesError


class Command(migrate.Command):
    """Django's, run by the owner of the tables; afterwards the service's role has its grants."""

    requires_system_checks = (Tags.models, Tags.database)

    def check(self, *args: Any, **options: Any) -> None:
        """As the owner: there may be no role of the service yet that could ask the database."""
        with roles.as_owner():
            super().check(*args, **options)

    def handle(self, *args: Any, **options: Any) -> None:
        only_looks = options["plan"] or options["check_unapplied"]
        try:
            if not only_looks:
                roles.ensure_service_role()
            with roles.as_owner():
                super().handle(*args, **options)
                if not only_looks:
                    roles.apply_grants()
        except RolesError as error:
            raise CommandError(str(error)) from error
        if options["verbosity"] and not only_looks and (note := roles.note()):
            self.stdout.write(f"Note: {note}")
