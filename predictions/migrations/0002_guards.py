"""What the database refuses, whoever asks: facts without an entry, taking them back, odd ties."""

from django.db import migrations

FACTS = (
    "topic",
    "outlet",
    "article",
    "forecaster",
    "phrase",
    "question",
    "prediction",
    "statement",
    "event",
    "bearing",
    "outcome",
    "outcomeevidence",
    "review",
    "score",
)
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


# What is said of rows of two tables, and so cannot be a check of one.
TIES = """
    ALTER TABLE predictions_outcome
        ADD CONSTRAINT outcome_with_question UNIQUE (id, question_id),
        ADD CONSTRAINT outcome_corrects_one_of_its_question
            FOREIGN KEY (corrects_id, question_id)
            REFERENCES predictions_outcome (id, question_id) DEFERRABLE INITIALLY DEFERRED;
    ALTER TABLE predictions_score
        ADD CONSTRAINT score_with_subject UNIQUE (id, prediction_id, outcome_id, rule),
        ADD CONSTRAINT score_reverses_one_of_its_subject
            FOREIGN KEY (reverses_id, prediction_id, outcome_id, rule)
            REFERENCES predictions_score (id, prediction_id, outcome_id, rule)
            DEFERRABLE INITIALLY DEFERRED;

    CREATE FUNCTION predictions_score_fits() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NOT EXISTS (
            SELECT FROM predictions_prediction p JOIN predictions_outcome o USING (question_id)
            WHERE p.id = NEW.prediction_id AND o.id = NEW.outcome_id
              AND o.answer IS NOT NULL AND p.made_at < o.settled_at)
        THEN
            RAISE EXCEPTION 'a score is refused: prediction % was not made on the question of '
                'outcome % before that was settled', NEW.prediction_id, NEW.outcome_id
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER score_fits AFTER INSERT ON predictions_score
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION predictions_score_fits();
    ALTER TABLE predictions_score ENABLE ALWAYS TRIGGER score_fits;
"""
UNTIE = """
    DROP TRIGGER score_fits ON predictions_score;
    DROP FUNCTION predictions_score_fits;
    ALTER TABLE predictions_score
        DROP CONSTRAINT score_reverses_one_of_its_subject, DROP CONSTRAINT score_with_subject;
    ALTER TABLE predictions_outcome
        DROP CONSTRAINT outcome_corrects_one_of_its_question, DROP CONSTRAINT outcome_with_question;
"""


class Migration(migrations.Migration):
    dependencies = [("predictions", "0001_tables"), ("ledger", "0001_log")]
    operations = [
        *(migrations.RunSQL(guard(table), unguard(table)) for table in FACTS),
        migrations.RunSQL(TIES, UNTIE),
    ]
