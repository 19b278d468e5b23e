"""Each attack on the real database, by its owner, the guards lifted. Each is found and named."""

import pytest
from django.conf import settings
from django.db import connection

from ledger import checkpoints, journal, keys, replay, subtrees
from ledger.models import Entry
from ledger.notes import Signer, checkpoint_text, sign
from ledger.roles import service
from predictions import services
from predictions.models import Outlet, Question, Score
from tests.conftest import NOW
from tests.ledger import logs
from tests.ledger.attacks import (
    cut,
    define,
    findings,
    finds,
    one_of_each,
    recompute,
    rewrite,
)
from tests.ledger.logs import tamper
from tests.making import Maker

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _log(make: Maker) -> None:
    """A row of each kind, signed twice, and entries past the first stored subtree."""
    one_of_each(make)
    checkpoints.key_introduce()
    checkpoints.checkpoint_make()
    logs.write_log(260)
    checkpoints.checkpoint_make()
    logs.write_log(20)


def place_of(kind: str) -> int:
    entry = Entry.objects.filter(kind=kind).order_by("sequence").first()
    assert entry
    return entry.sequence


def test_nothing_is_found_where_nothing_was_done() -> None:
    result = replay.verify()
    assert result.findings == []
    assert result.size == journal.head().size > 290
    assert result.root == journal.head().root


# -- entries --------------------------------------------------------------------------------------


def test_an_edited_body_is_found_at_its_entry() -> None:
    place = place_of("outlet.recorded")
    rewrite(place, '"The Press"', '"The Moon"')
    [outlet] = Outlet.objects.all()
    assert finds(f"entry {place}: ", "hash")
    assert finds(f"outlet {outlet.pk}: ", "name: the ledger says 'The Moon'")
    assert finds("head: root")


def test_an_edited_body_after_the_last_stored_subtree_is_found_between_two_checkpoints() -> None:
    newest = checkpoints.latest()
    assert newest
    rewrite(newest.size, '"test.made"', '"test.fake"')
    tamper("UPDATE ledger_entry SET kind = 'test.fake' WHERE sequence = %s", newest.size)
    assert finds("checkpoint 2: ", f"to {newest.size} was changed")


def test_everything_recomputed_after_an_edit_is_found_by_the_signed_checkpoints() -> None:
    place = place_of("outlet.recorded")
    rewrite(place, '"The Press"', '"The Moon"')
    tamper("UPDATE predictions_outlet SET name = 'The Moon'")
    recompute()
    first = checkpoints.covering(place)
    assert first
    found = findings()
    assert any(line.startswith(f"checkpoint {first.number}: knows the first") for line in found)
    assert not any("head" in line or "subtree" in line or "outlet" in line for line in found)


def test_it_is_found_by_the_signers_memory_when_the_checkpoints_are_gone_too() -> None:
    rewrite(place_of("outlet.recorded"), '"The Press"', '"The Moon"')
    tamper("UPDATE predictions_outlet SET name = 'The Moon'")
    tamper("DELETE FROM ledger_checkpoint")
    recompute()
    assert finds("signer's state: ", "by the root")


def test_it_is_found_by_what_a_recipient_kept_when_the_signers_memory_is_gone_too() -> None:
    kept = checkpoints.latest()
    assert kept
    rewrite(place_of("outlet.recorded"), '"The Press"', '"The Moon"')
    tamper("UPDATE predictions_outlet SET name = 'The Moon'")
    tamper("DELETE FROM ledger_checkpoint")
    recompute()
    settings.LEDGER_STATE_FILE.unlink()
    result = replay.verify()
    assert any("no state of the signer is at hand" in note for note in result.notes)
    assert subtrees.root_at(kept.size).hex() != kept.head.root


def test_an_entry_deleted_in_the_middle_is_found() -> None:
    tamper("DELETE FROM ledger_entry WHERE sequence = 7")
    assert finds("entry 8: expected sequence 7: an entry was removed")


def test_a_tail_cut_off_is_found_by_the_head() -> None:
    size = journal.head().size
    cut(size - 3)
    assert finds(f"head: says {size} entries; the log holds {size - 3}")


def test_a_tail_cut_off_with_the_head_is_found_by_the_checkpoint() -> None:
    newest = checkpoints.latest()
    assert newest
    cut(newest.size - 1)
    recompute()
    assert finds("checkpoint 2: ", f"knows {newest.size} entries, the log {newest.size - 1}")


def test_a_tail_cut_off_with_head_and_checkpoint_is_found_by_the_signers_memory() -> None:
    newest = checkpoints.latest()
    assert newest
    cut(newest.size - 1)
    recompute()
    tamper("DELETE FROM ledger_checkpoint WHERE number = 2")
    assert finds("signer's state: ", f"knows {newest.size} entries")


def test_two_entries_that_were_swapped_are_found() -> None:
    for old, new in ((7, 1_000_000), (8, 7), (1_000_000, 8)):
        tamper("UPDATE ledger_entry SET sequence = %s WHERE sequence = %s", new, old)
    assert finds("entry 8: its time")
    assert finds("entry 7: ", "hash")
    assert finds("head: root")


def test_a_fork_after_an_old_backup_was_restored_is_found() -> None:
    backup = logs.Backup.take()
    logs.write_log(5)
    checkpoints.checkpoint_make()
    backup.restore()
    recompute()
    logs.write_log(9)
    assert finds("signer's state: ", "by the root")


# -- what is kept beside them ---------------------------------------------------------------------


def test_a_replaced_checkpoint_is_found() -> None:
    forger = Signer.generate(keys.at_hand().current.name)  # type: ignore[union-attr]
    text = checkpoint_text(forger.name, journal.head().size, bytes.fromhex(journal.head().root))
    tamper("UPDATE ledger_checkpoint SET note = %s WHERE number = 2", sign(text, [forger]))
    assert finds("checkpoint 2: ", "signed by none of the known keys")


def test_a_swapped_key_is_found() -> None:
    """The attacker signs everything anew with a key of their own, and says so in the log."""
    ring = keys.at_hand()
    assert ring
    forger = Signer.generate(ring.current.name)
    place = place_of("key.introduced")
    old, new = ring.current.verifier, forger.verifier
    rewrite(place, str(old), str(new))
    rewrite(place, f"{old.name}+{old.key_id.hex()}", f"{new.name}+{new.key_id.hex()}")
    recompute()
    for signed in list(checkpoints.all_checkpoints()):
        root = bytes.fromhex(signed.head.root)
        note = sign(checkpoint_text(forger.name, signed.size, root), [forger])
        tamper("UPDATE ledger_checkpoint SET note = %s WHERE number = %s", note, signed.number)
    assert finds("signing key: ", "the key was swapped")


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE ledger_node SET root = sha256('x')", "is not that of the entries"),
        (
            "UPDATE ledger_node SET hashes = sha256('x') || substr(hashes, 33)",
            "is not that of the entries",
        ),
        ("DELETE FROM ledger_node", "is missing"),
        ("UPDATE ledger_node SET place = 1", "is missing"),
        (
            "INSERT INTO ledger_node SELECT 0, 1, hashes, root FROM ledger_node",
            "is there, and its entries are not",
        ),
    ],
)
def test_a_changed_stored_subtree_is_found(statement: str, problem: str) -> None:
    tamper(statement)
    assert finds("stored subtree 0/", problem) or finds("entry 1: ", "hash")


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE ledger_head SET root = sha256('x')", "head: root"),
        ("UPDATE ledger_head SET size = size - 1", "head: says"),
        ("UPDATE ledger_head SET frontier = '{}'", "head: its frontier"),
        ("UPDATE ledger_head SET frontier = '{NULL}'", "head: its frontier"),
        ("UPDATE ledger_head SET last_time = '2099-01-01'", "head: its time"),
        ("UPDATE ledger_head SET last_time = 'infinity'", "log: cannot be read"),
        ("DELETE FROM ledger_head", "head: there are 0 of it"),
        (
            "INSERT INTO ledger_staged (uuid, kind, subject, actor, body)"
            " VALUES (gen_random_uuid(), 'k', 's', 'a', 'x')",
            "ledger_staged: holds 1 rows",
        ),
        (
            "INSERT INTO ledger_batch VALUES ('1', now())",
            "ledger_batch: holds 1 rows",
        ),
        (
            "UPDATE ledger_entry SET body = convert_to(replace(convert_from(body, 'UTF8'),"
            " ',', ', '), 'UTF8') WHERE sequence = 7",
            "entry 7: body: not in canonical form",
        ),
        (
            'UPDATE ledger_entry SET body = convert_to(\'{"actor":"","facts":[],"kind":"",\''
            ' || \'"subject":"","time":"","uuid":"\' || uuid || \'"}\', \'UTF8\')'
            " WHERE sequence = 7",
            "entry 7: body.facts: does not have an entry's form",
        ),
    ],
)
def test_a_change_of_the_log_is_found_and_named(statement: str, expected: str) -> None:
    tamper(statement)
    assert finds(expected)


# -- rows -----------------------------------------------------------------------------------------


def test_an_edited_row_is_found_with_both_values() -> None:
    question = Question.objects.get()
    tamper("UPDATE predictions_question SET text = 'Will it rain?'")
    assert finds(f"question {question.pk}: text: the ledger says", "'Will it rain?'")


def test_an_added_row_is_found() -> None:
    tamper(
        "INSERT INTO predictions_topic (id, entry, key, name)"
        " SELECT gen_random_uuid(), entry, 'smuggled', name FROM predictions_topic LIMIT 1"
    )
    assert finds("topic ", "no ledger entry knows this row")


def test_a_deleted_row_is_found() -> None:
    score = Score.objects.standing().first()
    assert score
    tamper("DELETE FROM predictions_score WHERE id = %s", score.pk)
    assert finds(f"score {score.pk}: the ledger knows this row; the table has it not")
    assert finds(f"prediction {score.prediction_id}: has no")


def test_an_edited_score_is_found_twice_over() -> None:
    tamper("UPDATE predictions_score SET best = 0 WHERE rule = 'log' AND best > 0")
    assert finds("score ", "best: the ledger says")
    assert finds("score ", "recomputed it is")


def test_a_row_set_back_to_what_an_earlier_entry_said_is_found(make: Maker) -> None:
    """Its entry is genuine and says just that; but a later one says otherwise."""
    question = make.question()
    before = {"entry": question.entry, "review_at": question.review_at}
    services.review_record(
        question=question, note="Still open.", by=None, now=NOW, next_at=NOW.replace(year=2027)
    )
    tamper(
        "UPDATE predictions_question SET entry = %s, review_at = %s, due_version = 1 WHERE id = %s",
        before["entry"],
        before["review_at"],
        question.pk,
    )
    assert finds(f"question {question.pk}: ", "review_at: the ledger says")


# -- the database itself --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("attack", "undo", "expected"),
    [
        (
            "ALTER TABLE predictions_question RENAME TO hidden; CREATE VIEW predictions_question"
            " AS SELECT * FROM hidden WHERE key <> 'T9'; GRANT SELECT ON predictions_question"
            " TO PUBLIC",
            "DROP VIEW predictions_question; ALTER TABLE hidden RENAME TO predictions_question",
            "predictions_question: is not a plain table",
        ),
        (
            "ALTER TABLE predictions_question ENABLE ROW LEVEL SECURITY;"
            " CREATE POLICY hide ON predictions_question USING (key <> 'T9')",
            "DROP POLICY hide ON predictions_question;"
            " ALTER TABLE predictions_question DISABLE ROW LEVEL SECURITY",
            "predictions_question: row security hides rows of it",
        ),
        (
            "CREATE RULE swallow AS ON INSERT TO predictions_topic DO INSTEAD NOTHING",
            "DROP RULE swallow ON predictions_topic",
            "predictions_topic: the rule swallow changes what is asked of it",
        ),
        (
            "CREATE TABLE more () INHERITS (predictions_topic)",
            "DROP TABLE more",
            "predictions_topic: other tables inherit from it",
        ),
        (
            "CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN NEW.name := ''x''; RETURN NEW; END';"
            " CREATE TRIGGER meddle BEFORE INSERT ON predictions_topic"
            " FOR EACH ROW EXECUTE FUNCTION meddle()",
            "DROP TRIGGER meddle ON predictions_topic; DROP FUNCTION meddle",
            "predictions_topic: the trigger meddle is not one of ours",
        ),
        (
            "ALTER FUNCTION ledger_refuse() RENAME TO kept; CREATE FUNCTION ledger_refuse()"
            " RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
            "DROP FUNCTION ledger_refuse(); ALTER FUNCTION kept() RENAME TO ledger_refuse",
            "function ledger_refuse: is not the one that the migrations made",
        ),
        (
            "CREATE FUNCTION public.convert_to(text, text) RETURNS bytea LANGUAGE sql AS"
            " 'SELECT ''x''::bytea'",
            "DROP FUNCTION public.convert_to(text, text)",
            "function convert_to: is not one of ours",
        ),
        (
            "ALTER FUNCTION ledger_demand_entry() RENAME TO kept",
            "ALTER FUNCTION kept() RENAME TO ledger_demand_entry",
            "function ledger_demand_entry: is gone",
        ),
        (
            "DROP TRIGGER topic_stays ON predictions_topic; CREATE TRIGGER topic_stays BEFORE"
            " DELETE ON predictions_topic FOR EACH ROW WHEN (OLD.key <> 'x') EXECUTE FUNCTION"
            " ledger_refuse(); ALTER TABLE predictions_topic ENABLE ALWAYS TRIGGER topic_stays",
            "DROP TRIGGER topic_stays ON predictions_topic; CREATE TRIGGER topic_stays BEFORE"
            " DELETE ON predictions_topic FOR EACH ROW EXECUTE FUNCTION ledger_refuse();"
            " ALTER TABLE predictions_topic ENABLE ALWAYS TRIGGER topic_stays",
            "predictions_topic: its columns, constraints, indexes or triggers are not",
        ),
        (
            "ALTER TABLE ledger_entry DROP CONSTRAINT ledger_entry_uuid_key",
            "ALTER TABLE ledger_entry ADD CONSTRAINT ledger_entry_uuid_key UNIQUE (uuid)",
            "ledger_entry: its columns, constraints, indexes or triggers are not",
        ),
        (
            "ALTER TABLE predictions_statement SET UNLOGGED",
            "ALTER TABLE predictions_statement SET LOGGED",
            "predictions_statement: does not survive a crash",
        ),
    ],
)
def test_a_changed_database_is_found(attack: str, undo: str, expected: str) -> None:
    if "UNLOGGED" in attack:  # not while logged tables refer to it
        attack = f"ALTER TABLE predictions_question DROP CONSTRAINT {topic_key()}; {attack}"
        undo += (
            f"; ALTER TABLE predictions_question ADD CONSTRAINT {topic_key()} FOREIGN KEY"
            " (topic_id) REFERENCES predictions_topic DEFERRABLE INITIALLY DEFERRED"
        )
    define(attack)
    try:
        found = findings()
    finally:
        define(undo)
    assert any(expected in line for line in found), found
    assert findings() == []


def topic_key() -> str:
    """The foreign key of questions to topics, by its name."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = 'predictions_question'::regclass"
            " AND confrelid = 'predictions_topic'::regclass"
        )
        [name] = cursor.fetchone()
    return str(name)


@pytest.mark.parametrize(
    ("table", "trigger"),
    [
        ("ledger_entry", "ledger_entry_append_only"),
        ("ledger_head", "ledger_head_only_grows"),
        ("ledger_node", "ledger_node_insert_only"),
        ("ledger_checkpoint", "ledger_checkpoint_stays"),
        ("ledger_staged", "ledger_append"),
        ("ledger_batch", "ledger_batch_closed"),
        ("predictions_score", "score_stays"),
        ("predictions_score", "score_fits"),
        ("predictions_question", "question_has_entry"),
    ],
)
@pytest.mark.parametrize("how", ["DISABLE", "ENABLE"])
def test_a_guard_that_does_not_always_fire_is_found(table: str, trigger: str, how: str) -> None:
    define(f"ALTER TABLE {table} {how} TRIGGER {trigger}")
    try:
        found = findings()
    finally:
        define(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}")
    assert found == [f"{table}: its guard {trigger} is gone or switched off"]


def test_a_search_path_that_shadows_the_catalogue_hides_nothing_and_is_found() -> None:
    """To others the guards seem on, and a forecast seems other than it is."""
    database = connection.settings_dict["NAME"]
    define(
        "CREATE SCHEMA evil;"
        " CREATE FUNCTION evil.to_regclass(text) RETURNS oid LANGUAGE sql"
        "  RETURN pg_catalog.to_regclass($1);"
        " CREATE VIEW evil.pg_trigger AS SELECT tgrelid, tgname, 'A'::\"char\" AS tgenabled,"
        "  tgisinternal, tgfoid, tgtype, tgdeferrable, tginitdeferred, tgqual, tgattr"
        "  FROM pg_catalog.pg_trigger;"
        " CREATE VIEW evil.ledger_head AS SELECT * FROM public.ledger_head;"
        " GRANT USAGE ON SCHEMA evil TO PUBLIC;"
        " GRANT SELECT ON ALL TABLES IN SCHEMA evil TO PUBLIC;"
        " ALTER TABLE ledger_entry DISABLE TRIGGER ledger_entry_append_only;"
        f" ALTER DATABASE {database} SET search_path = evil, pg_catalog, public"
    )
    connection.close()  # a new session begins as the database says
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass('ledger_head')::text, current_schemas(false)::text")
            assert cursor.fetchone() == ("ledger_head", "{public}")
            cursor.execute("SET search_path = evil, pg_catalog, public")  # were it set by any means
        found = findings()
    finally:
        define(
            "SET search_path = public; DROP SCHEMA evil CASCADE;"
            f" ALTER DATABASE {database} RESET search_path;"
            " ALTER TABLE ledger_entry ENABLE ALWAYS TRIGGER ledger_entry_append_only"
        )
        connection.close()
    assert found == [
        "ledger_entry: its guard ledger_entry_append_only is gone or switched off",
        "database: sessions begin with search_path = evil, pg_catalog, public, by"
        f" ALTER DATABASE {database} SET: run ALTER DATABASE {database} RESET search_path",
        f"database: {service()} has USAGE of schema evil, and nothing of ours is there",
    ]


def test_another_table_in_a_schema_named_like_the_role_is_not_read_and_is_found() -> None:
    """By default such a schema comes first on the search path, and hides what is in `public`."""
    schema = service().quoted
    define(
        f"CREATE SCHEMA {schema};"
        f" CREATE VIEW {schema}.ledger_head AS SELECT * FROM public.ledger_head;"
        f" GRANT USAGE ON SCHEMA {schema} TO PUBLIC;"
        f" GRANT SELECT ON {schema}.ledger_head TO PUBLIC"
    )
    try:
        assert findings() == [
            f"database: {service()} has USAGE of schema {service()}, and nothing of ours is there"
        ]
    finally:
        define(f"DROP SCHEMA {schema} CASCADE")


def test_an_extra_right_of_the_service_is_found() -> None:
    define("GRANT DELETE ON predictions_outcome TO PUBLIC")
    try:
        assert finds("database: ", "predictions_outcome", "DELETE")
    finally:
        define("REVOKE DELETE ON predictions_outcome FROM PUBLIC")
