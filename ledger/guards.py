"""Whether the database still guards the log: its tables, triggers and functions, and durability.

Nothing here depends on the privileges of who asks: the catalogue is open to every role.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.db import connection

SCHEMA = "public"
# Each of these fires whatever `session_replication_role` says ("always").
TRIGGERS: dict[str, tuple[str, ...]] = {
    "ledger_batch": ("ledger_batch_closed",),
    "ledger_checkpoint": (
        "ledger_checkpoint_in_order",
        "ledger_checkpoint_stays",
        "ledger_checkpoint_no_truncate",
    ),
    "ledger_entry": (
        "ledger_entry_append_only",
        "ledger_entry_no_truncate",
    ),
    "ledger_head": ("ledger_head_only_grows", "ledger_head_stays", "ledger_head_no_truncate"),
    "ledger_node": ("ledger_node_insert_only", "ledger_node_no_truncate"),
    "ledger_part": ("ledger_part_stays", "ledger_part_only_erased", "ledger_part_no_truncate"),
    "ledger_staged": ("ledger_append",),
}
# What each table and each function is: the start of a SHA-256, see `table_digest` and `digests`.
# Whoever changes one in a migration changes it here, to what these then say.
TABLES: dict[str, str] = {
    "ledger_batch": "322f16a462c3c9ee",
    "ledger_checkpoint": "e31910ee03e27a45",
    "ledger_entry": "4e8310f569a05db6",
    "ledger_head": "5585bed49d4ceb3a",
    "ledger_node": "d8bf03a645169bd6",
    "ledger_part": "820a602ffa1284a7",
    "ledger_staged": "fe132fbbb445b1c5",
}
FUNCTIONS: dict[str, str] = {
    "ledger_advance": "0a98f3b82e41f9f3",
    "ledger_append_staged": "c4349d92243fc139",
    "ledger_checkpoint_follows": "ddd2cbd105fc974a",
    "ledger_close_batch": "d83d843615e2403f",
    "ledger_demand_entries": "d715eff9a657d60e",
    "ledger_demand_entry": "ae199b1d689941fa",
    "ledger_demand_form": "e547252c6e3f983f",
    "ledger_erase": "eaba30382b889147",
    "ledger_grow": "9965efc6ffe9220d",
    "ledger_head_grows": "15a143ae48136b7c",
    "ledger_made_here": "0706b190698badb4",
    "ledger_open_batch": "66e02182158428bf",
    "ledger_part_erased": "28ddf87742f33739",
    "ledger_refuse": "fde73ab1322e3a3f",
    "ledger_refuse_open_batch": "ab4dba2323c883d0",
    "ledger_says_erased": "1ad96120a99d6d6f",
    "ledger_store_tiles": "a5fdf4388463101f",
}
# Off, each of these loses acknowledged entries in a crash, and the log does not show it.
DURABLE = ("fsync", "synchronous_commit", "full_page_writes")


@dataclass(frozen=True)
class Deviation:
    """Something of the database that is not as the migrations made it: on what, and what."""

    place: str
    problem: str


def table_deviations(table: str, triggers: Sequence[str], digest: str) -> Iterator[Deviation]:
    """What is wrong with a guarded table: one that is none, or not the one meant, or unguarded.

    `digest` is what `table_digest` says of it as the migrations make it.
    """
    problems = [
        *_kind_problems(table),
        *_rule_problems(table),
        *_trigger_problems(table, triggers),
    ]
    if not problems and table_digest(table) != digest:
        problems.append("its columns, constraints, indexes or triggers are not the migrations'")
    yield from (Deviation(table, problem) for problem in problems)


def log_deviations() -> Iterator[Deviation]:
    """What is wrong with the log's own tables and functions, and with the server's settings."""
    for table, triggers in TRIGGERS.items():
        yield from table_deviations(table, triggers, TABLES[table])
    yield from function_deviations(FUNCTIONS)
    for name in unsafe_settings():
        yield Deviation("database", f"{name} is off: a crash could lose acknowledged entries")


def function_deviations(expected: Mapping[str, str]) -> Iterator[Deviation]:
    """Which of these functions are gone, or others than those with these digests."""
    found = digests()
    for name, digest in expected.items():
        if name not in found:
            yield Deviation(f"function {name}", "is gone")
        elif found[name] != digest:
            yield Deviation(f"function {name}", "is not the one that the migrations made")


def digests() -> dict[str, str]:
    """Of each function but those of extensions: source, whose rights it has, its settings.

    Those of one name add up. Of an extension is what a superuser has put there.
    """
    rows = _query(
        "SELECT proname, pg_catalog.string_agg(pg_catalog.concat_ws('|', prosrc, prosecdef,"
        " provolatile, lanname, pg_catalog.array_to_string(proconfig, ',')), '|'"
        " ORDER BY pg_proc.oid)"
        " FROM pg_proc JOIN pg_language ON pg_language.oid = prolang"
        " WHERE pronamespace = %s::regnamespace AND NOT EXISTS (SELECT FROM pg_depend"
        "  WHERE classid = 'pg_proc'::regclass AND objid = pg_proc.oid AND deptype = 'e'"
        "  AND (SELECT rolsuper FROM pg_roles WHERE pg_roles.oid = proowner))"
        " GROUP BY proname",
        SCHEMA,
    )
    return {name: hashlib.sha256(said.encode()).hexdigest()[:16] for name, said in sorted(rows)}


def table_digest(table: str) -> str:
    """Of a table's columns, constraints, indexes and triggers: names and attributes of each.

    Not their definitions in SQL, which differ from one version of PostgreSQL to the next.
    """
    rows = _query(_ANATOMY, f"{SCHEMA}.{table}")
    return hashlib.sha256("\n".join(said for (said,) in rows).encode()).hexdigest()[:16]


# `concat_ws` takes anything, so another of the name with these very parameters would be preferred.
_ANATOMY = """
    SELECT said FROM (SELECT to_regclass(%s) AS oid) AS it, LATERAL (
        SELECT pg_catalog.concat_ws('|', 'column', attname, format_type(atttypid, atttypmod),
            attnotnull, atthasdef, attgenerated, attidentity) AS said
        FROM pg_attribute WHERE attrelid = it.oid AND attnum > 0 AND NOT attisdropped
        UNION ALL
        SELECT pg_catalog.concat_ws('|', 'constraint', conname, contype, convalidated,
            condeferrable, condeferred, confrelid::regclass, conkey::text, confkey::text)
        FROM pg_constraint WHERE conrelid = it.oid AND contype IN ('c', 'f', 'p', 'u', 'x')
        UNION ALL
        SELECT pg_catalog.concat_ws('|', 'index', indexrelid::regclass, indisunique, indisvalid)
        FROM pg_index WHERE indrelid = it.oid
        UNION ALL
        SELECT pg_catalog.concat_ws('|', 'trigger', tgname, tgfoid::regproc, tgtype,
            tgdeferrable, tginitdeferred, tgqual IS NULL, tgattr)
        FROM pg_trigger WHERE tgrelid = it.oid AND NOT tgisinternal
    ) AS parts ORDER BY said COLLATE "C"
"""


def unsafe_settings() -> Iterator[str]:
    """Settings of the server under which an acknowledged entry could be lost in a crash."""
    for name in DURABLE:
        [(value,)] = _query("SELECT current_setting(%s)", name)
        if value == "off":
            yield name


def _kind_problems(table: str) -> Iterator[str]:
    """A view, a foreign table or a partition in its place; another of its name before it."""
    rows = _query(
        "SELECT relkind, relrowsecurity, relpersistence, to_regclass(%s) = pg_class.oid,"
        " EXISTS (SELECT FROM pg_inherits WHERE inhparent = pg_class.oid)"
        " FROM pg_class WHERE oid = to_regclass(%s)",
        table,
        f"{SCHEMA}.{table}",
    )
    if not rows:
        yield "is gone"
        return
    [(kind, row_security, persistence, is_first, is_parent)] = rows
    if kind != "r":
        yield "is not a plain table: something stands in its place"
    if not is_first:
        yield "another of this name comes before it on the search path"
    if row_security:
        yield "row security hides rows of it"
    if is_parent:
        yield "other tables inherit from it and add rows"
    if persistence != "p" and table not in ("ledger_batch", "ledger_staged"):
        yield "does not survive a crash: it is not logged"


def _rule_problems(table: str) -> Iterator[str]:
    for (rule,) in _query(
        "SELECT rulename FROM pg_rewrite WHERE ev_class = to_regclass(%s) ORDER BY 1",
        f"{SCHEMA}.{table}",
    ):
        yield f"the rule {rule} changes what is asked of it"


def _trigger_problems(table: str, expected: Sequence[str]) -> Iterator[str]:
    rows = _query(
        "SELECT tgname, tgenabled FROM pg_trigger"
        " WHERE tgrelid = to_regclass(%s) AND NOT tgisinternal ORDER BY 1",
        f"{SCHEMA}.{table}",
    )
    found = {name: enabled for name, enabled in rows}  # noqa: C416 -- for its types
    for name in expected:
        if found.pop(name, "D") != "A":
            yield f"its guard {name} is gone or switched off"
    for name in found:
        yield f"the trigger {name} is not one of ours"


def _query(statement: str, *values: str) -> list[tuple[str, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        found: list[tuple[str, ...]] = cursor.fetchall()
    return found
