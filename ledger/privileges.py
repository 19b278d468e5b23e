"""What PostgreSQL's catalogue says of a role: what it can do, what it owns, what it could become.

For `ledger.roles`, which decides what it should say.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError, connection

SCHEMA = "public"
Grants = frozenset[str]

# By kind of object: all that can be granted on it and touches what it holds.
_PRIVILEGES = {
    "TABLE": ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"),
    "SEQUENCE": ("USAGE", "SELECT", "UPDATE"),
    "ROUTINE": ("EXECUTE",),
}
_ATTRIBUTES = {
    "rolsuper": "is a superuser",
    "rolbypassrls": "may bypass row security",
    "rolcreaterole": "may make roles",
    "rolreplication": "may replicate the whole server",
}
# PostgreSQL's own roles that reach past every grant.
_POWERFUL = (
    "pg_database_owner",
    "pg_execute_server_program",
    "pg_read_server_files",
    "pg_write_all_data",
    "pg_write_server_files",
)
# All that a role is or could become by SET ROLE, itself included.
_REACHABLE = "SELECT oid, rolname FROM pg_roles WHERE pg_has_role(%(role)s, oid, 'MEMBER')"
# Whoever owns an extension can give it things of its own, but not those of a superuser.
_NOT_OF_AN_EXTENSION = (
    "NOT EXISTS (SELECT FROM pg_depend d JOIN pg_roles s ON s.oid = {1} WHERE s.rolsuper"
    " AND d.deptype = 'e' AND d.classid = '{0}'::regclass::oid AND d.objid = {0}.oid)"
)
_NO_SYSTEMS_SCHEMA = (
    "n.nspname <> 'information_schema' AND NOT pg_catalog.starts_with(n.nspname::text, 'pg_')"
)
# What must not be set for a role or a database: which tables are meant, what of them is seen,
# whether guards fire, what is kept. With the values that change nothing.
SETTINGS: dict[str, frozenset[str]] = {
    "default_transaction_isolation": frozenset({"read committed"}),
    "default_transaction_read_only": frozenset({"off"}),
    "role": frozenset({"none"}),
    "row_security": frozenset({"on"}),
    "search_path": frozenset({"public", "public, pg_temp", '"$user", public'}),
    "session_replication_role": frozenset({"origin"}),
    "synchronous_commit": frozenset({"on", "local", "remote_write", "remote_apply"}),
}


class Role(str):
    """A role's name."""

    __slots__ = ()

    @property
    def quoted(self) -> str:
        """As it stands in SQL; never as a keyword, a role may be called `public`."""
        return '"' + self.replace('"', '""') + '"'


@dataclass(frozen=True)
class Thing:
    """A table, view, sequence or function: its kind, names, owner, and the table it numbers."""

    kind: str
    oid: int
    name: str
    signature: str
    owner: str
    table: str = ""

    @property
    def words(self) -> str:
        """As it stands in GRANT and REVOKE."""
        return f"{self.kind} {self.signature}"


@dataclass(frozen=True)
class Setting:
    """What stands in the catalogue for sessions to come: the statement that sets it, and what."""

    statement: str
    role: str | None
    name: str
    value: str

    @property
    def reset(self) -> str:
        return f"{self.statement} RESET {self.name}"


@dataclass(frozen=True)
class Catalogue:
    """What there is in the schema, but for what belongs to extensions."""

    tables: tuple[Thing, ...]
    views: tuple[Thing, ...]
    sequences: tuple[Thing, ...]
    functions: tuple[Thing, ...]


def _query(statement: str, **values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


# -- roles ----------------------------------------------------------------------------------------


def current_role() -> Role:
    [[name]] = _query("SELECT current_user")
    return Role(name)


def exists(role: Role) -> bool:
    return bool(_query("SELECT FROM pg_roles WHERE rolname = %(role)s", role=role))


def is_superuser(role: Role) -> bool:
    return (True,) in _query("SELECT rolsuper FROM pg_roles WHERE rolname = %(role)s", role=role)


def is_as_good_as(role: Role, other: Role) -> bool:
    """Whether it is or could become the other, or a superuser."""
    return bool(
        _query(
            "SELECT FROM pg_roles WHERE pg_has_role(%(role)s, oid, 'MEMBER')"
            " AND (rolsuper OR rolname = %(other)s)",
            role=role,
            other=other,
        )
    )


def may_make_roles() -> bool:
    [[may]] = _query("SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user")
    return bool(may)


def make_role(role: Role, password: str) -> None:
    """Make a role that may sign in and nothing else. One that another made meanwhile will do."""
    with connection.cursor() as cursor:
        clause = ""
        if password:
            # Hashed here: the statement may be logged, and the password itself must not be.
            hashed = connection.connection.pgconn.encrypt_password(
                password.encode(), role.encode(), b"scram-sha-256"
            )
            clause = f"PASSWORD '{hashed.decode()}'"
        try:
            cursor.execute(f"CREATE ROLE {role.quoted} LOGIN {clause}")
        except DatabaseError:
            if not exists(role):
                raise


def other_owner(role: Role) -> Role | None:
    """Who, other than `role`, owns the most tables of the schema; None if nobody does."""
    found = _query(
        "SELECT pg_get_userbyid(relowner) FROM pg_class WHERE relnamespace = to_regnamespace"
        "(%(schema)s) AND relkind IN ('r', 'p') AND pg_get_userbyid(relowner) <> %(role)s AND "
        + _NOT_OF_AN_EXTENSION.format("pg_class", "relowner")
        + " GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1",
        schema=SCHEMA,
        role=role,
    )
    return Role(found[0][0]) if found else None


# -- objects --------------------------------------------------------------------------------------


def read_catalogue(owner: Role, *, only_owned: bool = False) -> Catalogue:
    """The schema's tables, views and sequences, and what functions lend their owner's rights."""
    relations = [
        (kind, thing) for kind, thing in _relations() if not only_owned or thing.owner == owner
    ]

    def of_kind(wanted: str) -> tuple[Thing, ...]:
        return tuple(thing for kind, thing in relations if kind == wanted)

    return Catalogue(
        tables=of_kind("table"),
        views=of_kind("view"),
        sequences=of_kind("sequence"),
        functions=_functions(owner, only_owned=only_owned),
    )


def _relations() -> Iterator[tuple[str, Thing]]:
    rows = _query(
        "SELECT CASE WHEN relkind IN ('r', 'p') THEN 'table'"
        " WHEN relkind = 'S' THEN 'sequence' ELSE 'view' END,"
        " oid, relname, pg_catalog.format('%%I.%%I', %(schema)s, relname),"
        " pg_get_userbyid(relowner),"
        " coalesce((SELECT t.relname FROM pg_depend d JOIN pg_class t ON t.oid = d.refobjid"
        "  WHERE pg_class.relkind = 'S' AND d.classid = 'pg_class'::regclass"
        "  AND d.objid = pg_class.oid AND d.deptype IN ('a', 'i') LIMIT 1), '')"
        " FROM pg_class WHERE relnamespace = to_regnamespace(%(schema)s)"
        " AND relkind IN ('r', 'p', 'f', 'v', 'm', 'S') AND "
        + _NOT_OF_AN_EXTENSION.format("pg_class", "relowner")
        + " ORDER BY relname",
        schema=SCHEMA,
    )
    for kind, *rest in rows:
        yield kind, Thing("SEQUENCE" if kind == "sequence" else "TABLE", *rest)


def _functions(owner: Role, *, only_owned: bool) -> tuple[Thing, ...]:
    rows = _query(
        "SELECT oid, proname, pg_catalog.format('%%I.%%I(%%s)', %(schema)s, proname,"
        " pg_get_function_identity_arguments(oid)), pg_get_userbyid(proowner)"
        " FROM pg_proc WHERE pronamespace = to_regnamespace(%(schema)s)"
        " AND (pg_get_userbyid(proowner) = %(owner)s OR prosecdef AND NOT %(only)s) AND "
        + _NOT_OF_AN_EXTENSION.format("pg_proc", "proowner")
        + " ORDER BY 3",
        schema=SCHEMA,
        owner=owner,
        only=only_owned,
    )
    return tuple(Thing("ROUTINE", *row) for row in rows)


# -- what a role can do ---------------------------------------------------------------------------


def powers(role: Role, owner: Role) -> Iterator[str]:
    """Attributes and memberships that reach past every grant."""
    if not exists(role):
        yield f"the role {role} does not exist"
        return
    if is_superuser(role):
        yield f"{role} is a superuser"
        return
    columns = ", ".join(_ATTRIBUTES)
    for name, *held in _query(
        f"SELECT rolname, {columns} FROM pg_roles WHERE oid IN (SELECT oid FROM ({_REACHABLE}) r)"
        " ORDER BY 1",
        role=role,
    ):
        through = "" if name == role else f" through {name}"
        for words, has in zip(_ATTRIBUTES.values(), held, strict=True):
            if has:
                yield f"{role} {words}{through}"
        if name == owner or name in _POWERFUL:
            yield f"{role} is a member of {name}"


def belongings(role: Role, owner: Role) -> Iterator[str]:
    """What belongs to the role, or to one that it could become: whose it is, may do all with it."""
    rows = _query(
        "SELECT r.rolname, pg_describe_object(classid, objid, objsubid)"
        f" FROM pg_shdepend JOIN ({_REACHABLE}) r ON r.oid = refobjid"
        " WHERE refclassid = 'pg_authid'::regclass AND deptype = 'o' AND r.rolname <> %(owner)s"
        " AND dbid IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))"
        " ORDER BY 1, 2",
        role=role,
        owner=owner,
    )
    for name, words in rows:
        yield f"{words} belongs to {name}, not to {owner}"


def surroundings(role: Role, owner: Role) -> Iterator[str]:
    """The database, its schema, and the parameter that switches triggers off."""
    asked = [
        ("CREATE in the database", "has_database_privilege({0}, current_database(), 'CREATE')"),
        ("TEMP in the database", "has_database_privilege({0}, current_database(), 'TEMP')"),
        (f"CREATE in schema {SCHEMA}", f"has_schema_privilege({{0}}, '{SCHEMA}', 'CREATE')"),
    ]
    if _query("SELECT FROM pg_proc WHERE proname = 'has_parameter_privilege'"):  # since 15
        parameter = "session_replication_role"
        asked.append((f"SET {parameter}", f"has_parameter_privilege({{0}}, '{parameter}', 'SET')"))
    for words, check in asked:
        if _query(
            f"SELECT FROM ({_REACHABLE}) r WHERE rolname <> %(owner)s AND {check.format('oid')}",
            role=role,
            owner=owner,
        ):
            yield f"{role} may {words}"
    usage = f"SELECT has_schema_privilege(%(role)s, '{SCHEMA}', 'USAGE')"
    if _query(usage, role=role) != [(True,)]:
        yield f"{role} lacks USAGE of schema {SCHEMA}"


def settings_of_sessions(role: Role) -> Iterator[Setting]:
    """Which of `SETTINGS` sessions on this database begin with: the role's, or this one."""
    rows = _query(
        "SELECT CASE WHEN r.rolname IS NOT NULL THEN 'ALTER ROLE ' || quote_ident(r.rolname)"
        "   || coalesce(' IN DATABASE ' || quote_ident(d.datname), '')"
        "  ELSE coalesce('ALTER DATABASE ' || quote_ident(d.datname), 'ALTER ROLE ALL') END,"
        " r.rolname, pg_catalog.unnest(s.setconfig) FROM pg_db_role_setting s"
        " LEFT JOIN pg_roles r ON r.oid = s.setrole"
        " LEFT JOIN pg_database d ON d.oid = s.setdatabase"
        " WHERE (r.rolname IS NULL OR r.rolname IN (%(role)s, session_user))"
        " AND (d.datname IS NULL OR d.datname = current_database()) ORDER BY 1, 3",
        role=role,
    )
    for statement, whose, setting in rows:
        name, _, value = setting.partition("=")
        if value.lower() not in SETTINGS.get(name.lower(), {value.lower()}):
            yield Setting(statement, whose, name, value)


def operators() -> Iterator[str]:
    """Operators of the schema: one for the very types of a query is preferred to PostgreSQL's."""
    rows = _query(
        "SELECT pg_operator.oid::pg_catalog.regoperator::text FROM pg_operator"
        " JOIN pg_namespace n ON n.oid = oprnamespace"
        f" WHERE n.nspname = '{SCHEMA}' AND "
        + _NOT_OF_AN_EXTENSION.format("pg_operator", "oprowner")
        + " ORDER BY 1",
    )
    for (operator,) in rows:
        yield f"the operator {operator} in schema {SCHEMA} is not one of ours"


def elsewhere(role: Role, owner: Role) -> Iterator[str]:
    """Other schemas that the role can reach, and functions there that lend their owner's rights.

    Such a function may also be called by a trigger, which asks for no right to call it.
    """
    for privilege in ("CREATE", "USAGE"):
        for (schema,) in _query(
            f"SELECT DISTINCT n.nspname FROM pg_namespace n, ({_REACHABLE}) r"
            f" WHERE n.nspname <> '{SCHEMA}' AND {_NO_SYSTEMS_SCHEMA} AND r.rolname <> %(owner)s"
            f" AND pg_catalog.has_schema_privilege(r.oid, n.oid, '{privilege}') ORDER BY 1",
            role=role,
            owner=owner,
        ):
            yield f"{role} has {privilege} of schema {schema}, and nothing of ours is there"
    for (function,) in _query(
        "SELECT pg_catalog.format('%%I.%%I(%%s)', n.nspname, proname,"
        " pg_get_function_identity_arguments(pg_proc.oid)) FROM pg_proc"
        " JOIN pg_namespace n ON n.oid = pronamespace"
        f" WHERE prosecdef AND n.nspname <> '{SCHEMA}' AND {_NO_SYSTEMS_SCHEMA} AND "
        + _NOT_OF_AN_EXTENSION.format("pg_proc", "proowner")
        + " ORDER BY 1"
    ):
        yield f"the function {function} takes its owner's rights and is not one of ours"


def differences(role: Role, owner: Role, expected: Mapping[Thing, Grants]) -> Iterator[str]:
    """Where the privileges that the role has are not those it should have."""
    for kind, privileges in _PRIVILEGES.items():
        things = {thing.oid: thing for thing in expected if thing.kind == kind}
        for oid, privilege, may, has in _privileges(kind, privileges, list(things), role, owner):
            thing = things[oid]
            if privilege not in expected[thing] and may and thing.owner != role:
                yield f"{role} may {privilege} {kind.lower()} {thing.signature}"
            elif privilege in expected[thing] and not has:
                yield f"{role} lacks {privilege} on {kind.lower()} {thing.signature}"


def _privileges(
    kind: str, privileges: tuple[str, ...], oids: list[int], role: Role, owner: Role
) -> list[tuple[Any, ...]]:
    """Of every object and privilege: is it held in any way, and on the whole object by itself."""
    noun = {"TABLE": "table", "SEQUENCE": "sequence", "ROUTINE": "function"}[kind]
    may = f"has_{noun}_privilege(r.oid, o, p)"
    if kind == "TABLE":
        may += (
            " OR CASE WHEN p IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')"
            " THEN has_any_column_privilege(r.oid, o, p) END"
        )
    return _query(
        f"SELECT o, p, bool_or({may}), bool_or(has_{noun}_privilege(%(role)s, o, p))"
        " FROM pg_catalog.unnest(%(oids)s::oid[]) o,"
        f" pg_catalog.unnest(%(privileges)s::text[]) p, ({_REACHABLE}) r"
        " WHERE r.rolname <> %(owner)s GROUP BY o, p ORDER BY o, p",
        oids=oids,
        privileges=list(privileges),
        role=role,
        owner=owner,
    )
