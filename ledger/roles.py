"""Two roles of the database: the owner migrates, and the service's role cannot rewrite the log.

Who owns a table can switch off its guards, so the running service must own nothing. What it may do
is declared here, granted after every migration, and held against the catalogue by `deviations`.

Each table is of one class:

    the log      read; written by the database alone (`LOG`)
    facts        read and inserted, updated unless final, never deleted (`register_facts`)
    the rest     Django's own and the operational tables: read and written

Where DATABASE_OWNER_URL names nobody else, one role does everything, and `note` says so.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.conf import settings
from django.db import connection, connections, transaction
from django.db.utils import DEFAULT_DB_ALIAS, ProgrammingError

from ledger import privileges
from ledger.errors import RolesError
from ledger.privileges import Catalogue, Grants, Role

READ: Grants = frozenset({"SELECT"})
APPEND: Grants = READ | {"INSERT"}
REVISE: Grants = APPEND | {"UPDATE"}
WRITE: Grants = REVISE | {"DELETE"}

LOG: dict[str, Grants] = {
    "ledger_entry": READ,
    "ledger_batch": READ,
    "ledger_head": READ,
    "ledger_node": READ,
    "ledger_checkpoint": APPEND,
    # Deleted from by `ledger_erase` alone, which demands the entry that says so.
    "ledger_part": APPEND,
    # Read by verification alone: it is empty between transactions.
    "ledger_staged": APPEND,
    "django_migrations": READ,
}
# What the service may call; each takes its owner's rights (SECURITY DEFINER), so it must be safe
# to be called by anyone who got hold of the service's password.
SERVICE_FUNCTIONS: tuple[str, ...] = ("ledger_erase",)

_facts: dict[str, Grants] = {}


def register_facts(tables: Iterable[str], *, final: bool) -> None:
    """Declare tables of facts: rows are added and never deleted; `final` ones never change."""
    _facts.update(dict.fromkeys(tables, APPEND if final else REVISE))


def expected_grants(tables: Iterable[str]) -> dict[str, Grants]:
    """What the service may do with each of the tables. Undeclared `ledger_` ones it may read."""
    declared = LOG | _facts
    return {
        table: declared.get(table, READ if table.startswith("ledger_") else WRITE)
        for table in tables
    }


# -- who is who -----------------------------------------------------------------------------------


def service() -> Role:
    """The role that the running service acts as."""
    default = settings.DATABASES[DEFAULT_DB_ALIAS]
    name = default.get("OPTIONS", {}).get("assume_role") or default["USER"]
    return Role(name) if name else privileges.current_role()


def is_separate() -> bool:
    """Whether the settings name an owner who is not the service."""
    name = settings.DATABASE_OWNER["USER"]
    return bool(name) and name != service()


def owner() -> Role | None:
    """Who owns the tables, None if it is the service itself.

    The running parts of the service are not told the owner's name; then the catalogue is asked.
    """
    if is_separate():
        return Role(settings.DATABASE_OWNER["USER"])
    return privileges.other_owner(service())


@contextmanager
def as_owner() -> Iterator[None]:
    """Until the end, Django's default connection is another one, which the owner has opened.

    The service's own connection stays open meanwhile, with what it holds, and is back afterwards.
    Changes nothing where one role does everything.
    """
    if not is_separate():
        yield
        return
    served = connections[DEFAULT_DB_ALIAS]
    connections[DEFAULT_DB_ALIAS] = served.__class__(_owners(served.settings_dict))
    try:
        yield
    finally:
        connections[DEFAULT_DB_ALIAS].close()
        connections[DEFAULT_DB_ALIAS] = served


def _owners(served: dict[str, Any]) -> dict[str, Any]:
    """The name is the one in use: a test's database has another than the settings say."""
    return {**served, **settings.DATABASE_OWNER, "NAME": served["NAME"]}


# -- granting -------------------------------------------------------------------------------------


def ensure_service_role() -> None:
    """Make the service's role if there is none, with the password of DATABASE_URL.

    One that exists is left as it is. Raises RolesError, with the SQL for an administrator, if the
    owner may not make roles.
    """
    if not is_separate():
        return
    with as_owner():
        if privileges.exists(service()):
            return
        if not privileges.may_make_roles():
            raise RolesError(
                f"the role {service()!r} of DATABASE_URL does not exist, and the owner may not make"
                f" it; have an administrator run: CREATE ROLE {service().quoted} LOGIN PASSWORD '…'"
            )
        privileges.make_role(service(), settings.DATABASES[DEFAULT_DB_ALIAS]["PASSWORD"])


def apply_grants() -> None:
    """Give the service's role what is declared and take everything else. The owner calls this.

    In one transaction: a running service never sees the moment between.
    """
    if not is_separate():
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('ledger grants'))")
        owned = privileges.read_catalogue(Role(settings.DATABASE_OWNER["USER"]), only_owned=True)
        for statement in _statements(service(), owned):
            cursor.execute(statement)
        for setting in privileges.settings_of_sessions(service()):
            # Who may not is told by `deviations` what somebody else must run.
            if setting.role == service():
                with suppress(ProgrammingError), transaction.atomic():
                    cursor.execute(setting.reset)


def _statements(role: Role, owned: Catalogue) -> Iterator[str]:
    database = connection.ops.quote_name(connection.settings_dict["NAME"])
    schema = f"SCHEMA {privileges.SCHEMA}"
    yield f"REVOKE CREATE, TEMPORARY ON DATABASE {database} FROM PUBLIC, {role.quoted}"
    yield f"REVOKE CREATE ON {schema} FROM PUBLIC, {role.quoted}"
    yield f"GRANT CONNECT ON DATABASE {database} TO {role.quoted}"
    yield f"GRANT USAGE ON {schema} TO {role.quoted}"
    for thing, granted in _expected(owned):
        yield f"REVOKE ALL ON {thing.words} FROM PUBLIC, {role.quoted} CASCADE"
        if granted:
            yield f"GRANT {', '.join(sorted(granted))} ON {thing.words} TO {role.quoted}"


def _expected(catalogue: Catalogue) -> Iterator[tuple[privileges.Thing, Grants]]:
    """Every table, view, sequence and function, and what the service may do with it."""
    grants = expected_grants(table.name for table in catalogue.tables)
    for table in catalogue.tables:
        yield table, grants[table.name]
    for view in catalogue.views:
        yield view, READ
    for sequence in catalogue.sequences:
        used = grants.get(sequence.table, WRITE) == WRITE
        yield sequence, frozenset({"USAGE"} if used else ())
    for function in catalogue.functions:
        yield function, frozenset({"EXECUTE"} if function.name in SERVICE_FUNCTIONS else ())


# -- comparing ------------------------------------------------------------------------------------


def note() -> str | None:
    """Says, in one line, that one role does everything; None where there are two."""
    if owner() is not None:
        return None
    return (
        f"the service's role {service()!r} owns its tables: whoever has its password can lift the"
        " guards of the log; DATABASE_OWNER_URL names an owner of its own"
    )


def deviations() -> Iterator[str]:
    """What the service's role can do and should not, or should and cannot, each in words.

    Through PUBLIC, columns and memberships too: a role it could become counts as itself. Where one
    role does everything (`note`), only what would have the database be misread.
    """
    role, owns = service(), owner()
    for setting in privileges.settings_of_sessions(role):
        yield (
            f"sessions begin with {setting.name} = {setting.value}, by {setting.statement} SET:"
            f" run {setting.reset}"
        )
    yield from privileges.operators()
    if owns is None:
        return
    yield from privileges.powers(role, owns)
    if not privileges.exists(role) or privileges.is_as_good_as(role, owns):
        return  # it may do nothing, or anything: a list of everything says no more
    yield from privileges.belongings(role, owns)
    yield from privileges.surroundings(role, owns)
    yield from privileges.elsewhere(role, owns)
    catalogue = privileges.read_catalogue(owns)
    declared = LOG.keys() | _facts.keys()
    for table in catalogue.tables:
        if table.name in declared and table.owner not in (owns, role):
            yield f"table {table.name} belongs to {table.owner}, not to {owns}"
    yield from privileges.differences(role, owns, dict(_expected(catalogue)))
