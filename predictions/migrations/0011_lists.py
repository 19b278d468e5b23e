"""What lists, searches and uploads need: indexes for every order and search, and where a file waits."""

import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

from predictions.roles import granting


# Of which rows are searched, the columns; `predictions.admin.searching` asks for just these texts.
SEARCHED = {
    "topic": ("key", "name"),
    "outlet": ("key", "name"),
    "article": ("key", "title", "byline", "sha256"),
    "forecaster": ("key", "name", "note"),
    "phrase": ("phrase", "source", "source_title", "note"),
    "question": ("key", "text", "criteria", "condition", "notes"),
    "prediction": ("reference", "hedge"),
    "statement": ("reference", "hedge", "note"),
    "event": ("key", "title", "text"),
    "outcome": ("rationale", "correction_reason"),
    "review": ("note",),
    "message": ("subject", "recipient", "message_id"),
}


def _searched(model, columns):
    text = " || ' ' || ".join(f'"{column}"' for column in columns)
    return migrations.RunSQL(
        f"CREATE INDEX {model}_searched ON predictions_{model} USING gin (UPPER({text}) gin_trgm_ops)",
        f"DROP INDEX {model}_searched",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("predictions", "0009_recording"),
    ]

    operations = [
        migrations.CreateModel(
            name="Upload",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("content", models.BinaryField()),
                ("sha256", models.CharField(max_length=64)),
                ("at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("previewed", "waits for a yes"),
                            ("queued", "is being recorded"),
                            ("recorded", "was recorded"),
                            ("refused", "was not recorded"),
                        ],
                        default="previewed",
                        max_length=10,
                    ),
                ),
                ("preview", models.JSONField()),
                ("digest", models.CharField(max_length=64)),
                ("done", models.PositiveIntegerField(default=0)),
                ("total", models.PositiveIntegerField(default=0)),
                ("problem", models.TextField(blank=True)),
            ],
            options={
                "ordering": ["-at"],
                "default_permissions": ("add", "view"),
            },
        ),
        migrations.AlterField(
            model_name="prediction",
            name="article",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="predictions",
                to="predictions.article",
            ),
        ),
        migrations.AlterField(
            model_name="prediction",
            name="forecaster",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="predictions",
                to="predictions.forecaster",
            ),
        ),
        migrations.AlterField(
            model_name="prediction",
            name="question",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="predictions",
                to="predictions.question",
            ),
        ),
        migrations.AddIndex(
            model_name="article",
            index=models.Index(fields=["published_on", "id"], name="article_in_order"),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(fields=["created_at", "id"], name="message_in_order"),
        ),
        migrations.AddIndex(
            model_name="outcome",
            index=models.Index(fields=["settled_at", "id"], name="outcome_by_settling"),
        ),
        migrations.AddIndex(
            model_name="prediction",
            index=models.Index(fields=["question", "made_at", "id"], name="prediction_of_question"),
        ),
        migrations.AddIndex(
            model_name="prediction",
            index=models.Index(
                fields=["forecaster", "made_at", "id"], name="prediction_of_forecaster"
            ),
        ),
        migrations.AddIndex(
            model_name="prediction",
            index=models.Index(fields=["article", "made_at", "id"], name="prediction_of_article"),
        ),
        migrations.AddIndex(
            model_name="prediction",
            index=models.Index(fields=["probability", "id"], name="prediction_by_probability"),
        ),
        migrations.AddIndex(
            model_name="question",
            index=models.Index(
                django.db.models.functions.text.Length("key"),
                models.F("key"),
                name="question_numbered",
            ),
        ),
        migrations.AddIndex(
            model_name="question",
            index=models.Index(fields=["due_at", "id"], name="question_by_due"),
        ),
        migrations.AddIndex(
            model_name="review",
            index=models.Index(fields=["recorded_at", "id"], name="review_in_order"),
        ),
        migrations.AddIndex(
            model_name="seriestotal",
            index=models.Index(
                condition=models.Q(("late__gt", 0)), fields=["question"], name="series_total_late"
            ),
        ),
        migrations.AddIndex(
            model_name="statement",
            index=models.Index(fields=["recorded_at", "id"], name="statement_in_order"),
        ),
        migrations.AddField(
            model_name="upload",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="upload",
            name="agreed_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="prediction",
            index=models.Index(
                condition=models.Q(("basis", "stated"), _negated=True),
                fields=["basis", "made_at", "id"],
                name="prediction_by_rarer_basis",
            ),
        ),
        migrations.AddConstraint(
            model_name="upload",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["previewed", "queued", "recorded", "refused"])),
                name="upload_state_known",
            ),
        ),
        granting(("predictions", "upload")),
        *(_searched(model, columns) for model, columns in SEARCHED.items()),
    ]
