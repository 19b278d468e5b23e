"""Signed checkpoints: numbered without gaps, never smaller than the last, of what there is."""

from django.db import migrations, models

TABLE = """
CREATE TABLE ledger_checkpoint (
    number bigint PRIMARY KEY CHECK (number > 0),
    -- A copy of what the note says, for finding it. Verification holds the two against each other.
    size   bigint NOT NULL CHECK (size >= 0),
    note   text NOT NULL
);
-- "The oldest checkpoint that covers entry n".
CREATE INDEX ledger_checkpoint_size ON ledger_checkpoint (size, number);

CREATE FUNCTION ledger_checkpoint_follows() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    last ledger_checkpoint;
BEGIN
    SELECT * INTO last FROM ledger_checkpoint ORDER BY number DESC LIMIT 1;
    IF NEW.number <> coalesce(last.number, 0) + 1 OR NEW.size < coalesce(last.size, 0) THEN
        RAISE EXCEPTION 'INSERT on ledger_checkpoint is refused: % of % entries does not follow % of %',
            NEW.number, NEW.size, coalesce(last.number, 0), coalesce(last.size, 0)
            USING ERRCODE = 'restrict_violation';
    END IF;
    -- Whoever may insert must not be able to block the numbers and sizes to come. Whether the note is
    -- signed, and its root the log's, the signer and verification ask.
    IF NEW.size > (SELECT size FROM ledger_head WHERE id = 1)
       OR split_part(NEW.note, E'\n', 2) <> NEW.size::text
       OR length(split_part(NEW.note, E'\n', 3)) <> 44 THEN
        RAISE EXCEPTION 'INSERT on ledger_checkpoint is refused: % is no checkpoint of % entries of this log',
            NEW.number, NEW.size USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER ledger_checkpoint_in_order BEFORE INSERT ON ledger_checkpoint
    FOR EACH ROW EXECUTE FUNCTION ledger_checkpoint_follows();
CREATE TRIGGER ledger_checkpoint_stays BEFORE UPDATE OR DELETE ON ledger_checkpoint
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_checkpoint_no_truncate BEFORE TRUNCATE ON ledger_checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
ALTER TABLE ledger_checkpoint ENABLE ALWAYS TRIGGER ledger_checkpoint_in_order;
ALTER TABLE ledger_checkpoint ENABLE ALWAYS TRIGGER ledger_checkpoint_stays;
ALTER TABLE ledger_checkpoint ENABLE ALWAYS TRIGGER ledger_checkpoint_no_truncate;
"""

UNDO = """
DROP TABLE ledger_checkpoint;
DROP FUNCTION ledger_checkpoint_follows;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_tree")]
    operations = [
        migrations.RunSQL(TABLE, UNDO),
        migrations.CreateModel(
            name="Checkpoint",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("size", models.BigIntegerField()),
                ("note", models.TextField()),
            ],
            options={"db_table": "ledger_checkpoint", "ordering": ["number"], "managed": False},
        ),
    ]
