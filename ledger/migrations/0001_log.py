"""Tables, the append at commit, and the guards of the log.

An entry is staged inside the writer's transaction and appended by a deferred trigger when that
transaction commits: the head is locked last and held for the shortest time, however deeply the
writer was nested.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

TABLES = """
-- Immutable, as PostgreSQL demands of what makes a column: the server's encoding is always UTF-8.
CREATE FUNCTION ledger_field(body bytea, name text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = public, pg_temp AS $$
BEGIN
    RETURN convert_from(body, 'UTF8')::jsonb ->> name;
END $$;

CREATE TABLE ledger_entry (
    sequence  bigint PRIMARY KEY CHECK (sequence > 0),
    body      bytea NOT NULL CHECK (octet_length(body) <= 65535),
    leaf_hash bytea NOT NULL CHECK (octet_length(leaf_hash) = 32),
    uuid      uuid GENERATED ALWAYS AS (ledger_field(body, 'uuid')::uuid) STORED NOT NULL UNIQUE,
    kind      text GENERATED ALWAYS AS (ledger_field(body, 'kind')) STORED NOT NULL,
    subject   text GENERATED ALWAYS AS (ledger_field(body, 'subject')) STORED NOT NULL,
    actor     text GENERATED ALWAYS AS (ledger_field(body, 'actor')) STORED NOT NULL,
    time      text GENERATED ALWAYS AS (ledger_field(body, 'time')) STORED NOT NULL,
    -- Lets the guard of the domain rows see that an entry belongs to the same transaction.
    xid       xid8 NOT NULL DEFAULT pg_current_xact_id()
);
-- "What happened to this object", newest first.
CREATE INDEX ledger_entry_subject ON ledger_entry (subject, sequence);
CREATE INDEX ledger_entry_kind ON ledger_entry (kind, sequence);

CREATE TABLE ledger_head (
    id        smallint PRIMARY KEY CHECK (id = 1),
    size      bigint NOT NULL CHECK (size >= 0),
    root      bytea NOT NULL CHECK (octet_length(root) = 32),
    frontier  bytea[] NOT NULL,
    last_time timestamptz NOT NULL
);
INSERT INTO ledger_head VALUES (1, 0, sha256(''), '{}', 'epoch');

-- Empty between transactions, so it need not survive a crash.
CREATE UNLOGGED TABLE ledger_staged (
    id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid uuid NOT NULL,
    body bytea NOT NULL
);
"""

APPEND = r"""
CREATE FUNCTION ledger_append_staged() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    head     ledger_head;
    staged   ledger_staged;
    written  text;
    stamped  bytea;
    leaf     bytea;
    node     bytea;
    bits     bigint;
BEGIN
    -- The first staged entry takes all of its transaction's with it; the others find nothing.
    IF NOT EXISTS (SELECT FROM ledger_staged) THEN
        RETURN NULL;
    END IF;
    SELECT * INTO STRICT head FROM ledger_head WHERE id = 1 FOR UPDATE;
    FOR staged IN
        WITH taken AS (DELETE FROM ledger_staged RETURNING *) SELECT * FROM taken ORDER BY id
    LOOP
        -- The log's own clock never steps back, whatever the machine's does.
        head.last_time := greatest(clock_timestamp(), head.last_time + interval '1 microsecond');
        written := to_char(head.last_time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
        -- Canonical keys are sorted: a body ends in "time":"<27 characters>","uuid":"<36>"}
        stamped := overlay(staged.body PLACING convert_to(written, 'UTF8')
            FROM octet_length(staged.body) - 74 FOR 27);
        leaf := sha256('\x00'::bytea || stamped);
        INSERT INTO ledger_entry (sequence, body, leaf_hash) VALUES (head.size + 1, stamped, leaf);
        node := leaf;
        bits := head.size;
        WHILE bits & 1 = 1 LOOP
            node := sha256('\x01'::bytea || head.frontier[cardinality(head.frontier)] || node);
            head.frontier := trim_array(head.frontier, 1);
            bits := bits >> 1;
        END LOOP;
        head.frontier := head.frontier || node;
        head.size := head.size + 1;
    END LOOP;
    head.root := head.frontier[cardinality(head.frontier)];
    FOR place IN REVERSE cardinality(head.frontier) - 1 .. 1 LOOP
        head.root := sha256('\x01'::bytea || head.frontier[place] || head.root);
    END LOOP;
    UPDATE ledger_head SET size = head.size, root = head.root, frontier = head.frontier,
        last_time = head.last_time WHERE id = 1;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER ledger_append AFTER INSERT ON ledger_staged
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_append_staged();
"""

GUARDS = """
CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: what was recorded stays; record a correction instead',
        TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION ledger_head_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.size <= OLD.size OR NEW.last_time <= OLD.last_time THEN
        RAISE EXCEPTION 'UPDATE on ledger_head is refused: the log only grows'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

-- For the tables of an app: a row may only be written together with the entry it names.
CREATE FUNCTION ledger_demand_entry() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM ledger_staged WHERE uuid = NEW.entry)
       AND NOT EXISTS (
           SELECT FROM ledger_entry WHERE uuid = NEW.entry AND xid = pg_current_xact_id())
    THEN
        RAISE EXCEPTION '% on % is refused: no ledger entry % was made in this transaction',
            TG_OP, TG_TABLE_NAME, NEW.entry USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER ledger_entry_append_only BEFORE UPDATE OR DELETE ON ledger_entry
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_entry_no_truncate BEFORE TRUNCATE ON ledger_entry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_head_only_grows BEFORE UPDATE ON ledger_head
    FOR EACH ROW EXECUTE FUNCTION ledger_head_grows();
CREATE TRIGGER ledger_head_stays BEFORE INSERT OR DELETE ON ledger_head
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_head_no_truncate BEFORE TRUNCATE ON ledger_head
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
ALTER TABLE ledger_entry ENABLE ALWAYS TRIGGER ledger_entry_append_only;
ALTER TABLE ledger_entry ENABLE ALWAYS TRIGGER ledger_entry_no_truncate;
ALTER TABLE ledger_head ENABLE ALWAYS TRIGGER ledger_head_only_grows;
ALTER TABLE ledger_head ENABLE ALWAYS TRIGGER ledger_head_stays;
ALTER TABLE ledger_head ENABLE ALWAYS TRIGGER ledger_head_no_truncate;
"""

UNDO = """
DROP TABLE ledger_staged, ledger_head, ledger_entry;
DROP FUNCTION ledger_append_staged, ledger_refuse, ledger_head_grows, ledger_demand_entry,
    ledger_field;
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.RunSQL(TABLES + APPEND + GUARDS, UNDO),
        # What Django knows of the tables above; it makes nothing of it.
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("sequence", models.BigIntegerField(primary_key=True, serialize=False)),
                ("body", models.BinaryField()),
                ("leaf_hash", models.BinaryField()),
                ("uuid", models.UUIDField(unique=True)),
                ("kind", models.TextField()),
                ("subject", models.TextField()),
                ("actor", models.TextField()),
                ("time", models.TextField()),
            ],
            options={
                "verbose_name_plural": "entries",
                "db_table": "ledger_entry",
                "ordering": ["sequence"],
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="Head",
            fields=[
                ("id", models.SmallIntegerField(primary_key=True, serialize=False)),
                ("size", models.BigIntegerField()),
                ("root", models.BinaryField()),
                ("frontier", ArrayField(models.BinaryField())),
                ("last_time", models.DateTimeField()),
            ],
            options={"db_table": "ledger_head", "managed": False},
        ),
    ]
