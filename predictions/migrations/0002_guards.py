"""What the database refuses by itself, whoever asks: facts without an entry, and taking them back."""

from django.db import migrations

FACTS = (
    "topic outlet article forecaster phrase question prediction statement "
    "event bearing outcome outcomeevidence review score"
).split()
# A later row corrects, reverses or follows these; they never change themselves.
FINAL = ("outcome", "outcomeevidence", "review", "score")


def guard(table: str) -> str:
    kept = "UPDATE OR DELETE" if table in FINAL else "DELETE"
    name = f"predictions_{table}"
    return f"""
        CREATE CONSTRAINT TRIGGER {table}_has_entry AFTER INSERT OR UPDATE ON {name}
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_demand_entry();
        CREATE TRIGGER {table}_stays BEFORE {kept} ON {name}
            FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
        CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {name}
            FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
        ALTER TABLE {name} ENABLE ALWAYS TRIGGER {table}_has_entry;
        ALTER TABLE {name} ENABLE ALWAYS TRIGGER {table}_stays;
        ALTER TABLE {name} ENABLE ALWAYS TRIGGER {table}_no_truncate;
    """


def unguard(table: str) -> str:
    return "".join(
        f"DROP TRIGGER {table}_{trigger} ON predictions_{table};"
        for trigger in ("has_entry", "stays", "no_truncate")
    )


class Migration(migrations.Migration):
    dependencies = [("predictions", "0001_tables"), ("ledger", "0001_log")]
    operations = [migrations.RunSQL(guard(table), unguard(table)) for table in FACTS]
