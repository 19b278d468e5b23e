"""The tree's stored subtrees, batches by COPY, and columns that cost an append nothing.

The columns beside a body were generated from it, which parsed every body five times over: eight
times the cost of storing it. They are now written with it, and verification holds every one of them
against what the body says. The leaf hash is gone: it is never trusted, and quickly computed.
"""

from django.db import migrations

TABLES = """
DROP INDEX ledger_entry_kind;
ALTER TABLE ledger_entry
    ALTER uuid DROP EXPRESSION, ALTER kind DROP EXPRESSION, ALTER subject DROP EXPRESSION,
    ALTER actor DROP EXPRESSION, ALTER time DROP EXPRESSION,
    DROP COLUMN leaf_hash, DROP COLUMN xid;
DROP FUNCTION ledger_field;

ALTER TABLE ledger_staged
    ADD kind text NOT NULL, ADD subject text NOT NULL, ADD actor text NOT NULL;
-- "Was this row's entry staged?", whatever earlier transactions left to be vacuumed.
CREATE INDEX ledger_staged_uuid ON ledger_staged (uuid);

-- Complete subtrees of 256 nodes: `hashes` are those of its lowest level, one after the other, and
-- `root` is the node over them. Tile (0, 0) holds the first 256 leaf hashes; tile (1, 0) the roots
-- of the first 256 tiles of level 0. A copy of what the bodies say, so never trusted.
CREATE TABLE ledger_node (
    level  smallint NOT NULL CHECK (level >= 0),
    place  bigint NOT NULL CHECK (place >= 0),
    hashes bytea NOT NULL CHECK (octet_length(hashes) = 8192),
    root   bytea NOT NULL CHECK (octet_length(root) = 32),
    PRIMARY KEY (level, place)
);
ALTER TABLE ledger_node ALTER hashes SET STORAGE EXTERNAL;  -- hashes do not compress

-- A body of up to 8 kB stays in its row as it is: to compress it costs more than to store it.
ALTER TABLE ledger_entry SET (toast_tuple_target = 8160);

-- The transaction that COPYs into the log: it holds the head. Empty between transactions.
CREATE UNLOGGED TABLE ledger_batch (xid xid8 PRIMARY KEY, first_time timestamptz NOT NULL);
"""

TREE = r"""
-- Takes new leaf hashes (32 bytes each, one after the other) into a tree of this size and frontier:
-- stores the subtrees that they complete and returns the new frontier, largest subtree first.
CREATE FUNCTION ledger_grow(size bigint, frontier bytea[], leaves bytea) RETURNS bytea[]
LANGUAGE plpgsql AS $$
DECLARE
    nodes bytea := leaves;  -- the new nodes of a level, from place `first` on
    first bigint := size;
    level integer := 0;
    base  bytea;            -- those of the last level that a tile begins at
    start bigint;
    pairs integer;
    right_edge bytea[] := '{}';
BEGIN
    LOOP
        IF level % 8 = 0 THEN
            IF level > 0 THEN
                PERFORM ledger_store_tiles((level / 8 - 1)::smallint, base, start, nodes, first);
            END IF;
            base := nodes;
            start := first;
        END IF;
        IF first & 1 = 1 THEN  -- the left sibling of the first of them ends the frontier
            nodes := frontier[cardinality(frontier)] || nodes;
            frontier := trim_array(frontier, 1);
            first := first - 1;
        END IF;
        pairs := octet_length(nodes) / 64;
        IF octet_length(nodes) % 64 = 32 THEN
            right_edge := substr(nodes, pairs * 64 + 1, 32) || right_edge;
        END IF;
        EXIT WHEN pairs = 0;
        IF pairs = 1 THEN
            nodes := sha256('\x01'::bytea || substr(nodes, 1, 64));
        ELSE
            SELECT string_agg(sha256('\x01'::bytea || substr(nodes, pair * 64 + 1, 64)), ''
                ORDER BY pair)
            INTO nodes FROM generate_series(0, pairs - 1) pair;
        END IF;
        first := first / 2;
        level := level + 1;
    END LOOP;
    RETURN frontier || right_edge;
END $$;

-- Stores the tiles whose roots are `roots`, from place `first` on; `base` are the new nodes of their
-- lowest level, from place `start` on. The first tile may have begun with earlier ones.
CREATE FUNCTION ledger_store_tiles(tier smallint, base bytea, start bigint, roots bytea,
    first bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    earlier bytea := '';
BEGIN
    IF start > first * 256 THEN
        IF tier = 0 THEN
            SELECT string_agg(sha256('\x00'::bytea || body), '' ORDER BY sequence) INTO earlier
            FROM ledger_entry WHERE sequence > first * 256 AND sequence <= start;
        ELSE
            SELECT string_agg(root, '' ORDER BY place) INTO earlier FROM ledger_node
            WHERE level = tier - 1 AND place >= first * 256 AND place < start;
        END IF;
        base := earlier || base;
    END IF;
    INSERT INTO ledger_node (level, place, hashes, root)
    SELECT tier, first + tile, substr(base, tile * 8192 + 1, 8192), substr(roots, tile * 32 + 1, 32)
    FROM generate_series(0, octet_length(roots) / 32 - 1) tile;
END $$;

-- Puts `added` entries with these leaf hashes under the head, which the caller has locked.
CREATE FUNCTION ledger_advance(head ledger_head, added bigint, leaves bytea, latest timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    grown bytea[] := ledger_grow(head.size, head.frontier, leaves);
    top   bytea := grown[cardinality(grown)];
BEGIN
    FOR place IN REVERSE cardinality(grown) - 1 .. 1 LOOP
        top := sha256('\x01'::bytea || grown[place] || top);
    END LOOP;
    UPDATE ledger_head SET size = head.size + added, root = top, frontier = grown,
        last_time = latest WHERE id = 1;
END $$;
"""

APPEND = r"""
-- Refuses what is not an entry: JSON with exactly its keys, in their order, saying what the columns
-- say. The rest of the canonical form is for the signer and for verification to judge.
CREATE FUNCTION ledger_demand_form(staged ledger_staged) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    begins bytea := convert_to('{"actor":' || to_json(staged.actor) || ',"facts":{', 'UTF8');
    ends   bytea := convert_to('},"kind":' || to_json(staged.kind) || ',"subject":'
        || to_json(staged.subject) || ',"time":"0000-00-00T00:00:00.000000Z","uuid":"'
        || staged.uuid || '"}', 'UTF8');
BEGIN
    IF substr(staged.body, 1, octet_length(begins)) <> begins
       OR substr(staged.body, octet_length(staged.body) - octet_length(ends) + 1) <> ends
       OR (SELECT string_agg(key, ' ')
           FROM json_object_keys(convert_from(staged.body, 'UTF8')::json) AS key)
           <> 'actor facts kind subject time uuid'
    THEN
        RAISE EXCEPTION 'entry % is refused: its body is not that of an entry', staged.uuid
            USING ERRCODE = 'restrict_violation';
    END IF;
END $$;

CREATE OR REPLACE FUNCTION ledger_append_staged() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '20s' AS $$
DECLARE
    head    ledger_head;
    staged  ledger_staged;
    latest  timestamptz;
    written text;
    stamped bytea;
    added   bigint := 0;
    leaves  bytea := '';
BEGIN
    -- The first staged entry takes all of its transaction's with it; the others find nothing. Only
    -- they are visible, and by the index no time is lost on what others left behind.
    DELETE FROM ledger_staged WHERE id = NEW.id;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    SELECT * INTO STRICT head FROM ledger_head WHERE id = 1 FOR UPDATE;
    -- The log's own clock never steps back, whatever the machine's does.
    latest := greatest(clock_timestamp(), head.last_time + interval '1 microsecond');
    staged := NEW;
    LOOP
        PERFORM ledger_demand_form(staged);
        written := to_char(latest AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
        -- Canonical keys are sorted: a body ends in "time":"<27 characters>","uuid":"<36>"}
        stamped := overlay(staged.body PLACING convert_to(written, 'UTF8')
            FROM octet_length(staged.body) - 74 FOR 27);
        added := added + 1;
        leaves := leaves || sha256('\x00'::bytea || stamped);
        INSERT INTO ledger_entry (sequence, body, uuid, kind, subject, actor, time) VALUES
            (head.size + added, stamped, staged.uuid, staged.kind, staged.subject, staged.actor, written);
        DELETE FROM ledger_staged WHERE id = (
            SELECT id FROM ledger_staged WHERE id > staged.id ORDER BY id LIMIT 1
        ) RETURNING * INTO staged;
        EXIT WHEN NOT FOUND;
        latest := latest + interval '1 microsecond';
    END LOOP;
    PERFORM ledger_advance(head, added, leaves, latest);
    RETURN NULL;
END $$;

-- Begins a batch, which the owner alone may COPY into the log: from here to the end of the transaction
-- nobody else appends. Returns the size to go on from, and the time of the first entry.
CREATE FUNCTION ledger_open_batch(OUT size bigint, OUT first_time timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '20s' AS $$
BEGIN
    SELECT h.size, greatest(clock_timestamp(), h.last_time + interval '1 microsecond')
    INTO STRICT size, first_time FROM ledger_head h WHERE id = 1 FOR UPDATE;
    INSERT INTO ledger_batch VALUES (pg_current_xact_id(), first_time);
END $$;

-- Ends a batch. What was copied must go on from the head: no gap, each later than the one before.
-- `leaves` are its leaf hashes, 32 bytes each: the writer computes them while the database stores. They
-- and the form are looked at in a small batch for all entries, in a large one for a sample.
CREATE FUNCTION ledger_close_batch(leaves bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    head   ledger_head;
    began  timestamptz;
    added  bigint;
    latest timestamptz;
    fits   boolean;
BEGIN
    DELETE FROM ledger_batch WHERE xid = pg_current_xact_id() RETURNING first_time INTO began;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no batch is open in this transaction' USING ERRCODE = 'restrict_violation';
    END IF;
    SELECT * INTO STRICT head FROM ledger_head WHERE id = 1;
    SELECT count(*), max(time)::timestamptz,
        coalesce(max(sequence) = head.size + count(*)
            AND octet_length(leaves) = count(*) * 32
            AND min(time)::timestamptz > head.last_time
            -- Not in the future, unless the clock stepped back meanwhile, or before.
            AND max(time)::timestamptz
                <= greatest(clock_timestamp(), began + count(*) * interval '1 microsecond')
            AND bool_and(rises), octet_length(leaves) = 0)
    INTO added, latest, fits
    FROM (
        SELECT sequence, time, time > lag(time, 1, '') OVER (ORDER BY sequence)
            AND time LIKE '____-__-__T__:__:__.______Z' AS rises
        FROM ledger_entry WHERE sequence > head.size
    ) AS copied;
    fits := fits AND coalesce((
        SELECT bool_and(sha256('\x00'::bytea || body)
                = substr(leaves, ((sequence - head.size - 1) * 32)::integer + 1, 32)
            AND substr(body, octet_length(body) - 82)
                = convert_to('"time":"' || time || '","uuid":"' || uuid || '"}', 'UTF8'))
        FROM ledger_entry WHERE sequence > head.size AND (added <= 1000 OR random() < 0.05)), true);
    IF NOT fits THEN
        RAISE EXCEPTION 'the batch is refused: its entries do not go on from entry %', head.size
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF added > 0 THEN
        PERFORM ledger_advance(head, added, leaves, latest);
    END IF;
END $$;
"""

GUARDS = """
CREATE FUNCTION ledger_refuse_open_batch() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM ledger_batch WHERE xid = NEW.xid) THEN
        RAISE EXCEPTION 'a batch was opened and not closed' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;

-- A row's entry belongs to the same transaction: staged still, or appended by it. Of an appended one
-- the row's own xmin tells, also inside a savepoint: not older than we are, and still under way.
CREATE OR REPLACE FUNCTION ledger_demand_entry() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    ours bigint := pg_current_xact_id()::text::bigint;
    behind bigint;
BEGIN
    IF EXISTS (SELECT FROM ledger_staged WHERE uuid = NEW.entry) THEN
        RETURN NULL;
    END IF;
    SELECT age(pg_current_xact_id()::xid) - age(xmin) INTO behind
    FROM ledger_entry WHERE uuid = NEW.entry;
    IF behind IS NULL OR behind < 0
       OR pg_xact_status((ours + behind)::text::xid8) <> 'in progress'
    THEN
        RAISE EXCEPTION '% on % is refused: no ledger entry % was made in this transaction',
            TG_OP, TG_TABLE_NAME, NEW.entry USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER ledger_batch_closed AFTER INSERT ON ledger_batch
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_refuse_open_batch();
CREATE TRIGGER ledger_node_insert_only BEFORE UPDATE OR DELETE ON ledger_node
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_node_no_truncate BEFORE TRUNCATE ON ledger_node
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
ALTER TABLE ledger_batch ENABLE ALWAYS TRIGGER ledger_batch_closed;
ALTER TABLE ledger_node ENABLE ALWAYS TRIGGER ledger_node_insert_only;
ALTER TABLE ledger_node ENABLE ALWAYS TRIGGER ledger_node_no_truncate;
ALTER TABLE ledger_staged ENABLE ALWAYS TRIGGER ledger_append;
"""

# A log that was written before has no stored subtrees yet: its entries are put into an empty tree.
REBUILD = r"""
DO $$
DECLARE
    head     ledger_head;
    frontier bytea[] := '{}';
    done     bigint := 0;
    leaves   bytea;
BEGIN
    SELECT * INTO STRICT head FROM ledger_head WHERE id = 1;
    WHILE done < head.size LOOP
        SELECT string_agg(sha256('\x00'::bytea || body), '' ORDER BY sequence) INTO leaves
        FROM ledger_entry WHERE sequence > done AND sequence <= done + 65536;
        frontier := ledger_grow(done, frontier, leaves);
        done := least(done + 65536, head.size);
    END LOOP;
    IF frontier <> head.frontier THEN
        RAISE EXCEPTION 'the entries do not give the frontier of the head: verify the ledger first';
    END IF;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_log")]
    operations = [
        migrations.RunSQL(TABLES),
        migrations.RunSQL(TREE + APPEND + GUARDS),
        migrations.RunSQL(REBUILD),
        # What Django knows of the tables; it makes nothing of it.
        migrations.RemoveField("entry", "leaf_hash"),
    ]
