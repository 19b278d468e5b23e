"""Personal parts of facts: beside the log, which holds only commitments to them.

A part is never changed, and deleted by an erasure alone: together with the entry that says so.
"""

from django.db import migrations, models

PARTS = """
CREATE TABLE ledger_part (
    commitment bytea PRIMARY KEY CHECK (octet_length(commitment) = 32),
    owner      uuid NOT NULL,
    field      text NOT NULL CHECK (field <> ''),
    salt       bytea NOT NULL CHECK (octet_length(salt) = 32),
    part       text NOT NULL
);
-- The parts of a row, or of a chunk of rows.
CREATE INDEX ledger_part_owner ON ledger_part (owner);

-- Whether a body says that this row was erased: kind `<table>.erased`, the row among its facts.
CREATE FUNCTION ledger_says_erased(body bytea, owner uuid) RETURNS boolean
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT coalesce(said ->> 'kind' LIKE '%.erased'
        AND said -> 'facts' -> regexp_replace(said ->> 'kind', '[.]erased$', '')
            @> jsonb_build_array(jsonb_build_object('id', owner)), false)
    FROM (SELECT convert_from(body, 'UTF8')::jsonb AS said) AS parsed
$$;

-- Deletes all parts of a row. `entry` says that it was erased, and is of this very transaction:
-- what is staged is appended when that commits, and gone if it does not.
CREATE FUNCTION ledger_erase(owner uuid, entry uuid) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    deleted bigint;
BEGIN
    IF NOT EXISTS (
        SELECT FROM ledger_staged s
        WHERE s.uuid = ledger_erase.entry AND ledger_says_erased(s.body, ledger_erase.owner))
    THEN
        RAISE EXCEPTION 'erasing % is refused: no entry % of this transaction says so',
            ledger_erase.owner, ledger_erase.entry USING ERRCODE = 'restrict_violation';
    END IF;
    DELETE FROM ledger_part p WHERE p.owner = ledger_erase.owner;
    GET DIAGNOSTICS deleted = ROW_COUNT;
    RETURN deleted;
END $$;

-- Not a flag that the function sets, which anybody could set: the same demand, made of each row.
CREATE FUNCTION ledger_part_erased() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM ledger_staged s WHERE ledger_says_erased(s.body, OLD.owner)) THEN
        RAISE EXCEPTION 'DELETE on ledger_part is refused: only an erasure deletes, with its entry'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END $$;

CREATE TRIGGER ledger_part_stays BEFORE UPDATE ON ledger_part
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_part_only_erased BEFORE DELETE ON ledger_part
    FOR EACH ROW EXECUTE FUNCTION ledger_part_erased();
CREATE TRIGGER ledger_part_no_truncate BEFORE TRUNCATE ON ledger_part
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
ALTER TABLE ledger_part ENABLE ALWAYS TRIGGER ledger_part_stays;
ALTER TABLE ledger_part ENABLE ALWAYS TRIGGER ledger_part_only_erased;
ALTER TABLE ledger_part ENABLE ALWAYS TRIGGER ledger_part_no_truncate;
"""

UNDO = """
DROP TABLE ledger_part;
DROP FUNCTION ledger_part_erased, ledger_erase, ledger_says_erased;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0003_checkpoints")]
    operations = [
        migrations.RunSQL(PARTS, UNDO),
        migrations.CreateModel(
            name="Part",
            fields=[
                ("commitment", models.BinaryField(primary_key=True, serialize=False)),
                ("owner", models.UUIDField()),
                ("field", models.TextField()),
                ("salt", models.BinaryField()),
                ("part", models.TextField()),
            ],
            options={"db_table": "ledger_part", "managed": False},
        ),
    ]
