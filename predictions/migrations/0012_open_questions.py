"""What the desk looks for: questions without an outcome, kept up by triggers of the two tables that
say so; messages that went out last, or were given up."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# Whatever was written, those questions are looked at anew: one rule for all of it.
FOLLOW = """
CREATE FUNCTION predictions_agenda_follows() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    touched uuid[];
BEGIN
    IF TG_RELID = 'predictions_question'::regclass THEN
        SELECT array_agg(id) INTO touched FROM changed;
    ELSE
        SELECT array_agg(DISTINCT question_id) INTO touched FROM changed;
    END IF;
    DELETE FROM predictions_openquestion WHERE question_id = ANY (touched);
    INSERT INTO predictions_openquestion (question_id, review_at, reviewer_id)
    SELECT id, review_at, reviewer_id FROM predictions_question q
    WHERE id = ANY (touched) AND NOT EXISTS (
        SELECT FROM predictions_outcome o WHERE o.question_id = q.id AND NOT o.reopens
        AND NOT EXISTS (SELECT FROM predictions_outcome later WHERE later.corrects_id = o.id));
    RETURN NULL;
END $$;
CREATE TRIGGER question_opens AFTER INSERT ON predictions_question REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION predictions_agenda_follows();
CREATE TRIGGER question_moves AFTER UPDATE ON predictions_question REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION predictions_agenda_follows();
CREATE TRIGGER outcome_decides AFTER INSERT ON predictions_outcome REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION predictions_agenda_follows();
ALTER TABLE predictions_question ENABLE ALWAYS TRIGGER question_opens;
ALTER TABLE predictions_question ENABLE ALWAYS TRIGGER question_moves;
ALTER TABLE predictions_outcome ENABLE ALWAYS TRIGGER outcome_decides;
INSERT INTO predictions_openquestion (question_id, review_at, reviewer_id)
SELECT id, review_at, reviewer_id FROM predictions_question q
WHERE NOT EXISTS (
    SELECT FROM predictions_outcome o WHERE o.question_id = q.id AND NOT o.reopens
    AND NOT EXISTS (SELECT FROM predictions_outcome later WHERE later.corrects_id = o.id));
"""
UNFOLLOW = """
DROP TRIGGER question_opens ON predictions_question;
DROP TRIGGER question_moves ON predictions_question;
DROP TRIGGER outcome_decides ON predictions_outcome;
DROP FUNCTION predictions_agenda_follows;
"""


class Migration(migrations.Migration):
    dependencies = [("predictions", "0011_lists")]

    operations = [
        migrations.CreateModel(
            name="OpenQuestion",
            fields=[
                (
                    "question",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="while_open",
                        serialize=False,
                        to="predictions.question",
                    ),
                ),
                ("review_at", models.DateTimeField(null=True)),
                (
                    "reviewer",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["review_at", "question"],
                "indexes": [
                    models.Index(fields=["review_at", "question"], name="open_question_by_review")
                ],
            },
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(state="dead"), fields=["created_at"], name="message_given_up"
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(state="sent"), fields=["-sent_at"], name="message_sent"
            ),
        ),
        # No row waits for a check at the commit when the triggers are made.
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        migrations.RunSQL(FOLLOW, UNFOLLOW),
    ]
