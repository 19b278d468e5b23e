"""Texts of articles; and words and near-duplicates found by trigrams, for which PostgreSQL brings
the extension `pg_trgm`: a trusted one, which the owner of the database may make."""

import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations, models


def _trigrams(model, column):
    index = django.contrib.postgres.indexes.OpClass(
        django.db.models.functions.text.Upper(column), "gin_trgm_ops"
    )
    return migrations.AddIndex(
        model_name=model,
        index=django.contrib.postgres.indexes.GinIndex(index, name=f"{model}_{column}_trigrams"),
    )


class Migration(migrations.Migration):
    dependencies = [("predictions", "0008_proposals")]

    operations = [
        TrigramExtension(),
        migrations.CreateModel(
            name="ArticleText",
            fields=[
                (
                    "article",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="kept",
                        serialize=False,
                        to="predictions.article",
                    ),
                ),
                ("text", models.TextField()),
                ("kept_at", models.DateTimeField()),
            ],
        ),
        _trigrams("question", "text"),
        _trigrams("forecaster", "name"),
    ]
