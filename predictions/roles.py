"""The roles: who may do what. Groups of the database, made from this table by migrations.

An administrator may change or rename the groups; the code asks for permissions alone, and a page
that refuses reads from the database which groups hold what it needs. The superuser, who may do
everything, is the fifth role.
"""

from dataclasses import dataclass
from typing import Any

from django.db.migrations.operations import RunPython

VIEWER, EDITOR, ADJUDICATOR, AUDITOR = "viewer", "editor", "adjudicator", "auditor"

# Each role, and what it does in the words of a page.
ROLES = {
    VIEWER: "reads all that is recorded, and the ledger",
    EDITOR: "records articles, questions, predictions and events",
    ADJUDICATOR: "enters, corrects and withdraws outcomes",
    AUDITOR: "reads everything, mail and people too; exports and verifies the ledger",
}


@dataclass(frozen=True)
class Grant:
    """These roles may do this with the rows of these models; a name alone is one of ours.

    What a role may do is Django's `add`, `change` or `view`, or the code of a permission.
    """

    roles: tuple[str, ...]
    may: str
    models: str

    def permissions(self) -> list[tuple[str, str, str]]:
        """(app, model, codename) of each."""
        return [
            (app or "predictions", name, f"{may}_{name}" if may in _DJANGOS else may)
            for app, _, name in (model.rpartition(".") for model in self.models.split())
            for may in self.may.split()
        ]


_DJANGOS = {"view", "add", "change", "delete"}
_FACTS = (
    "topic outlet article forecaster phrase question prediction statement"
    " event bearing outcome outcomeevidence review score ledger.entry ledger.checkpoint"
)
_NOTICES = "message reminder report subscription sweep snooze suspension"
_PEOPLE = "user apitoken auth.group axes.accessattempt axes.accessfailurelog axes.accesslog"

GRANTS = (
    Grant((VIEWER, EDITOR, ADJUDICATOR, AUDITOR), "view", _FACTS),
    Grant((EDITOR,), "add change", "article outlet topic forecaster question"),
    Grant((EDITOR,), "add change", "prediction statement event bearing"),
    Grant((EDITOR,), "add", "review"),
    Grant((ADJUDICATOR,), "add change", "outcome"),
    Grant((ADJUDICATOR,), "change", "phrase"),
    Grant((ADJUDICATOR,), "add", "review event bearing"),
    Grant((EDITOR, ADJUDICATOR), "add view", "proposal"),
    Grant((EDITOR, ADJUDICATOR), "add", "snooze"),
    Grant((EDITOR, ADJUDICATOR, AUDITOR), "view", "reminderpolicy"),
    Grant((ADJUDICATOR,), "add change delete", "reminderpolicy"),
    Grant((EDITOR,), "add view", "upload"),
    Grant((ADJUDICATOR,), "view", "upload"),
    Grant((AUDITOR,), "view", "proposal upload"),
    Grant((EDITOR, ADJUDICATOR, AUDITOR), "export_facts", "question"),
    Grant((AUDITOR,), "view", f"{_NOTICES} {_PEOPLE} verification"),
    Grant((AUDITOR,), "verify_ledger", "verification"),
)


def permissions_of(role: str) -> list[tuple[str, str, str]]:
    """(app, model, codename) of all that the table gives to a role."""
    return [held for grant in GRANTS if role in grant.roles for held in grant.permissions()]


# -- for migrations -------------------------------------------------------------------------------


def granting(*models: tuple[str, str]) -> RunPython:
    """The operation of a migration that gives to the roles what the table says of these models.

    `models` are (app, model) pairs, such as ("predictions", "proposal"). A group that an
    administrator has renamed or removed is left alone, and so is everything it has otherwise.
    The migration depends on the one that made the groups. Undoing it takes nothing away.
    """
    return RunPython(lambda apps, _: grant(apps, set(models)), RunPython.noop)


def grant(apps: Any, models: set[tuple[str, str]]) -> None:
    for group in apps.get_model("auth", "Group").objects.filter(name__in=ROLES):
        wanted = [held for held in permissions_of(group.name) if held[:2] in models]
        group.permissions.add(*(_permission(apps, *held) for held in wanted))


def _permission(apps: Any, app: str, model: str, codename: str) -> Any:
    """Django makes these rows only after all migrations, and then leaves those that it finds."""
    content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label=app, model=model
    )
    permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=content_type,
        codename=codename,
        defaults={"name": f"Can {codename.replace('_', ' ')}"},
    )
    return permission
