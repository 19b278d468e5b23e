"""What a transaction has staged goes under the head a thousand at a time: adding to an ever longer
list of leaf hashes copied it with each entry, so that an import's commit took time by its square."""

from django.db import migrations

APPEND = r"""
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
        IF added = 1000 THEN
            PERFORM ledger_advance(head, added, leaves, latest);
            SELECT * INTO STRICT head FROM ledger_head WHERE id = 1;
            added := 0;
            leaves := '';
        END IF;
        latest := latest + interval '1 microsecond';
    END LOOP;
    PERFORM ledger_advance(head, added, leaves, latest);
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0005_many_rows")]
    operations = [migrations.RunSQL(APPEND)]
