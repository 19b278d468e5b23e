"""Reopened outcomes, versions of phrases, rounds of scores, totals; and guards that look at many
rows at once, for a score is written with a million others."""

import django.db.models.deletion
from django.db import migrations, models


# A phrase is never changed: what stands is its newest version.
FINAL_PHRASES = """
DROP TRIGGER phrase_stays ON predictions_phrase;
CREATE TRIGGER phrase_stays BEFORE UPDATE OR DELETE ON predictions_phrase
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
ALTER TABLE predictions_phrase ENABLE ALWAYS TRIGGER phrase_stays;
"""
REVISED_PHRASES = """
DROP TRIGGER phrase_stays ON predictions_phrase;
CREATE TRIGGER phrase_stays BEFORE DELETE ON predictions_phrase
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
ALTER TABLE predictions_phrase ENABLE ALWAYS TRIGGER phrase_stays;
"""

UNTIE = """
DROP TRIGGER score_fits ON predictions_score;
DROP TRIGGER score_has_entry ON predictions_score;
DROP FUNCTION predictions_score_fits;
ALTER TABLE predictions_score
    DROP CONSTRAINT score_reverses_one_of_its_subject, DROP CONSTRAINT score_with_subject;
"""
TIE = """
-- A look into an index for each new row, whatever the planner believes of a table that was empty a
-- moment ago.
CREATE FUNCTION predictions_scores_fit() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
DECLARE
    odd uuid;
BEGIN
    SELECT s.prediction_id INTO odd
    FROM added s
    LEFT JOIN predictions_prediction p ON p.id = s.prediction_id
    LEFT JOIN predictions_outcome o ON o.id = s.outcome_id AND o.question_id = p.question_id
    WHERE o.answer IS NULL OR p.made_at >= o.settled_at LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'a score is refused: prediction % was not made on the question of its '
            'outcome before that was settled', odd USING ERRCODE = 'check_violation';
    END IF;
    SELECT s.prediction_id INTO odd
    FROM added s LEFT JOIN predictions_score r ON r.id = s.reverses_id
    WHERE s.reverses_id IS NOT NULL AND (r.reverses_id IS NOT NULL
        OR (r.prediction_id, r.outcome_id, r.rule, r.round, -r.value, -r.best, -r.worst)
           IS DISTINCT FROM
           (s.prediction_id, s.outcome_id, s.rule, s.round, s.value, s.best, s.worst)) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'a reversal is refused: it does not cancel a score of prediction %', odd
            USING ERRCODE = 'check_violation';
    END IF;
    SELECT s.prediction_id INTO odd
    FROM added s
    WHERE s.reverses_id IS NULL AND s.round > 1 AND NOT EXISTS (
        SELECT FROM predictions_score e JOIN predictions_score r ON r.reverses_id = e.id
        WHERE e.prediction_id = s.prediction_id AND e.outcome_id = s.outcome_id
            AND e.rule = s.rule AND e.round = s.round - 1 AND e.reverses_id IS NULL) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'a score is refused: that of the round before, of prediction %, stands '
            'or is missing', odd USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER score_fits AFTER INSERT ON predictions_score REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION predictions_scores_fit();
CREATE TRIGGER score_has_entry AFTER INSERT ON predictions_score REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_demand_entries();
ALTER TABLE predictions_score ENABLE ALWAYS TRIGGER score_fits;
ALTER TABLE predictions_score ENABLE ALWAYS TRIGGER score_has_entry;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("predictions", "0004_erased"),
        ("ledger", "0005_many_rows"),
    ]

    operations = [
        migrations.RunSQL(UNTIE),
        migrations.RunSQL(FINAL_PHRASES, REVISED_PHRASES),
        migrations.CreateModel(
            name="SeriesTotal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("predictions", models.BigIntegerField()),
                ("open", models.BigIntegerField()),
                ("void", models.BigIntegerField()),
                ("late", models.BigIntegerField()),
                ("scored", models.BigIntegerField()),
                ("counted", models.BigIntegerField()),
                ("happened", models.BigIntegerField()),
                ("brier", models.BigIntegerField()),
                ("best", models.BigIntegerField()),
                ("worst", models.BigIntegerField()),
                ("log", models.BigIntegerField()),
                ("happened_squared", models.BigIntegerField()),
                ("mean_brier", models.BigIntegerField()),
                ("timed", models.PositiveSmallIntegerField()),
                ("weighted_brier", models.BigIntegerField()),
                ("coverage", models.BigIntegerField()),
            ],
            options={
                "ordering": ["question", "forecaster"],
            },
        ),
        migrations.CreateModel(
            name="Total",
            fields=[
                ("whose", models.UUIDField(primary_key=True, serialize=False)),
                ("predictions", models.BigIntegerField()),
                ("open", models.BigIntegerField()),
                ("void", models.BigIntegerField()),
                ("late", models.BigIntegerField()),
                ("scored", models.BigIntegerField()),
                ("counted", models.BigIntegerField()),
                ("happened", models.BigIntegerField()),
                ("brier", models.BigIntegerField()),
                ("best", models.BigIntegerField()),
                ("worst", models.BigIntegerField()),
                ("log", models.BigIntegerField()),
                ("series", models.BigIntegerField()),
                ("counted_series", models.BigIntegerField()),
                ("clusters", models.BigIntegerField()),
                ("sizes", models.DecimalField(decimal_places=0, max_digits=38)),
                ("products", models.DecimalField(decimal_places=0, max_digits=38)),
                ("squares", models.DecimalField(decimal_places=0, max_digits=38)),
                ("happened_squared", models.DecimalField(decimal_places=0, max_digits=38)),
                ("mean_brier", models.DecimalField(decimal_places=0, max_digits=38)),
                ("timed", models.BigIntegerField()),
                ("weighted_brier", models.DecimalField(decimal_places=0, max_digits=38)),
                ("coverage", models.DecimalField(decimal_places=0, max_digits=38)),
            ],
            options={
                "ordering": ["whose"],
            },
        ),
        migrations.AlterModelOptions(
            name="phrase",
            options={"ordering": ["phrase", "source", "version"]},
        ),
        migrations.RemoveConstraint(
            model_name="outcome",
            name="outcome_answer_or_void",
        ),
        migrations.RemoveConstraint(
            model_name="phrase",
            name="phrase_once_a_source",
        ),
        migrations.RemoveConstraint(
            model_name="score",
            name="score_rule_known",
        ),
        migrations.RemoveConstraint(
            model_name="score",
            name="score_once_an_outcome",
        ),
        migrations.AddField(
            model_name="outcome",
            name="follows",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="consequences",
                to="predictions.outcome",
            ),
        ),
        migrations.AddField(
            model_name="outcome",
            name="reopens",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="phrase",
            name="reason",
            field=models.TextField(blank=True),
        ),
        migrations.AddField(
            model_name="phrase",
            name="version",
            field=models.PositiveIntegerField(default=1),
        ),
        migrations.AddField(
            model_name="question",
            name="partial",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="score",
            name="round",
            field=models.PositiveSmallIntegerField(default=1),
        ),
        migrations.AlterField(
            model_name="score",
            name="best",
            field=models.DecimalField(decimal_places=9, max_digits=19),
        ),
        migrations.AlterField(
            model_name="score",
            name="outcome",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="scores",
                to="predictions.outcome",
            ),
        ),
        migrations.AlterField(
            model_name="score",
            name="prediction",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="scores",
                to="predictions.prediction",
            ),
        ),
        migrations.AlterField(
            model_name="score",
            name="prediction",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="scores",
                to="predictions.prediction",
            ),
        ),
        migrations.AlterField(
            model_name="score",
            name="reverses",
            field=models.OneToOneField(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reversal",
                to="predictions.score",
            ),
        ),
        migrations.AlterField(
            model_name="score",
            name="rule",
            field=models.CharField(
                choices=[
                    ("brier", "Brier score"),
                    ("log", "log score"),
                    ("rps", "ranked probability score"),
                    ("crps", "continuous ranked probability score"),
                ],
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="score",
            name="value",
            field=models.DecimalField(decimal_places=9, max_digits=19),
        ),
        migrations.AlterField(
            model_name="score",
            name="worst",
            field=models.DecimalField(decimal_places=9, max_digits=19),
        ),
        migrations.AddConstraint(
            model_name="outcome",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("answer__isnull", True),
                        ("reopens", False),
                        ("void_reason__in", ["condition_not_met", "ambiguous", "withdrawn"]),
                    ),
                    models.Q(
                        ("answer__isnull", False),
                        ("reopens", False),
                        ("void_reason", ""),
                        models.Q(("answer", ""), _negated=True),
                    ),
                    models.Q(("answer__isnull", True), ("reopens", True), ("void_reason", "")),
                    _connector="OR",
                ),
                name="outcome_answers_or_is_void_or_reopens",
            ),
        ),
        migrations.AddConstraint(
            model_name="outcome",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("reopens", False), ("corrects__isnull", False), _connector="OR"
                ),
                name="outcome_reopens_what_it_corrects",
            ),
        ),
        migrations.AddConstraint(
            model_name="phrase",
            constraint=models.UniqueConstraint(
                fields=("phrase", "source", "version"), name="phrase_version_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="phrase",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("reason", ""), ("version", 1)),
                    models.Q(("version__gt", 1), models.Q(("reason", ""), _negated=True)),
                    _connector="OR",
                ),
                name="phrase_change_has_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="question",
            constraint=models.CheckConstraint(
                condition=models.Q(("partial", False), ("kind", "binary"), _connector="OR"),
                name="question_partial_only_binary",
            ),
        ),
        migrations.AddConstraint(
            model_name="score",
            constraint=models.CheckConstraint(
                condition=models.Q(("rule__in", ["brier", "log", "rps", "crps"])),
                name="score_rule_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="score",
            constraint=models.UniqueConstraint(
                condition=models.Q(("reverses__isnull", True)),
                fields=("prediction", "outcome", "rule", "round"),
                name="score_once_a_round",
            ),
        ),
        migrations.AddField(
            model_name="seriestotal",
            name="forecaster",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="predictions.forecaster",
            ),
        ),
        migrations.AddField(
            model_name="seriestotal",
            name="question",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="predictions.question",
            ),
        ),
        migrations.AddConstraint(
            model_name="seriestotal",
            constraint=models.UniqueConstraint(
                fields=("question", "forecaster"), name="series_total_once"
            ),
        ),
        migrations.CreateModel(
            name="Rescoring",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("last_question", models.UUIDField(null=True)),
                ("predictions", models.BigIntegerField(default=0)),
                ("posted", models.BigIntegerField(default=0)),
                ("reversed", models.BigIntegerField(default=0)),
            ],
            options={
                "ordering": ["started_at"],
                "constraints": [
                    models.UniqueConstraint(
                        models.ExpressionWrapper(
                            models.Q(("ended_at__isnull", True)),
                            output_field=models.BooleanField(),
                        ),
                        condition=models.Q(("ended_at__isnull", True)),
                        name="rescoring_one_at_a_time",
                    )
                ],
            },
        ),
        migrations.RunSQL(TIE),
    ]
