"""Roles and database on the bundled PostgreSQL: made, or brought up to date, at every start.

The owner owns the database and all in it, and migrates; the service's role owns nothing, and what
it may do is granted to it (`ledger.roles`). Each step may be repeated: a crash between two leaves
nothing that the next start does not complete.
"""

import psycopg
from psycopg import sql

from config.embedded import EmbeddedError

OWNER = "prediction_ledger_owner"
SERVICE = "prediction_ledger"
DATABASE = "prediction_ledger"
SUPERUSER_SECRET = "database_superuser"  # noqa: S105 -- the name of its file

Server = psycopg.Connection[tuple[object, ...]]


def provide(superuser: str, *, owner: str, service: str) -> None:
    """See to roles and database. The passwords are set anew: the stored ones are what counts.

    `superuser` is how to connect as one. Raises `EmbeddedError`.
    """
    try:
        with _session(superuser) as server:
            # CREATEDB, since the tests make a database of their own.
            _provide_role(server, OWNER, "LOGIN CREATEDB", owner)
            _provide_role(server, SERVICE, "LOGIN NOCREATEDB", service)
            # Lets the owner act as the service, and never the other way round.
            _run(server, "GRANT {} TO {}", SERVICE, OWNER)
            _provide_database(server)
            for role in (OWNER, SERVICE):
                # A role may set for itself what locks it out, such as that it can only read.
                _run(server, "ALTER ROLE {} RESET ALL", role)
                _run(server, "ALTER ROLE {} IN DATABASE {} RESET ALL", role, DATABASE)
        with _session(superuser, dbname=DATABASE) as server:
            # Once there was one role, and it owned everything.
            _run(server, "REASSIGN OWNED BY {} TO {}", SERVICE, OWNER)
    except psycopg.Error as error:
        reason = str(error).splitlines()[0]
        raise EmbeddedError(
            f"the database cannot be prepared; is secrets/{SUPERUSER_SECRET} as it was? {reason}"
        ) from error


def _session(superuser: str, *, dbname: str | None = None) -> Server:
    """Nothing that the database's owner has put there is run with a superuser's rights."""
    options = "-c search_path=pg_catalog,pg_temp -c default_transaction_read_only=off"
    return psycopg.connect(superuser, autocommit=True, options=options, dbname=dbname)


def _provide_role(server: Server, name: str, rights: str, password: str) -> None:
    if not server.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone():
        _run(server, "CREATE ROLE {}", name)
    statement = sql.SQL("ALTER ROLE {} {} PASSWORD {}")
    server.execute(statement.format(sql.Identifier(name), sql.SQL(rights), password))


def _provide_database(server: Server) -> None:
    found = server.execute(
        "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s", [DATABASE]
    ).fetchone()
    if found is None:
        _run(server, "CREATE DATABASE {} OWNER {}", DATABASE, OWNER)
    elif found[0] != OWNER:
        _run(server, "ALTER DATABASE {} OWNER TO {}", DATABASE, OWNER)


def _run(server: Server, statement: str, *names: str) -> None:
    server.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
