"""The demand for an entry, of many rows at once."""

from django.db import migrations

DEMAND = """
-- Whether an entry belongs to this transaction: staged still, or appended by it. Of an appended one
-- the row's own xmin tells, also inside a savepoint: not older than we are, and still under way.
CREATE FUNCTION ledger_made_here(entry uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    ours bigint := pg_current_xact_id()::text::bigint;
    behind bigint;
BEGIN
    IF EXISTS (SELECT FROM ledger_staged WHERE uuid = entry) THEN
        RETURN true;
    END IF;
    SELECT age(pg_current_xact_id()::xid) - age(xmin) INTO behind
    FROM ledger_entry WHERE uuid = entry;
    RETURN coalesce(
        behind >= 0 AND pg_xact_status((ours + behind)::text::xid8) = 'in progress', false);
END $$;

CREATE OR REPLACE FUNCTION ledger_demand_entry() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT ledger_made_here(NEW.entry) THEN
        RAISE EXCEPTION '% on % is refused: no ledger entry % was made in this transaction',
            TG_OP, TG_TABLE_NAME, NEW.entry USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;

-- For a trigger on a whole statement, which calls its new rows `added`: the entries come before the
-- rows then, and each is asked for once.
CREATE FUNCTION ledger_demand_entries() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    missing uuid;
BEGIN
    SELECT entry INTO missing FROM (SELECT DISTINCT entry FROM added) AS each_once
    WHERE NOT ledger_made_here(entry) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '% on % is refused: no ledger entry % was made in this transaction',
            TG_OP, TG_TABLE_NAME, missing USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0004_parts")]
    operations = [migrations.RunSQL(DEMAND)]
