"""Indexes of what the admin asks for among very many: the last number of a question's key, one's own
open questions in the order they fall due, proposals in their order."""

import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("predictions", "0012_open_questions")]

    operations = [
        migrations.AlterField(
            model_name="openquestion",
            name="reviewer",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="openquestion",
            index=models.Index(
                fields=["reviewer", "review_at", "question"], name="open_question_of"
            ),
        ),
        migrations.AddIndex(
            model_name="proposal",
            index=models.Index(fields=["proposed_at", "id"], name="proposal_in_order"),
        ),
        migrations.AddIndex(
            model_name="question",
            index=models.Index(
                django.db.models.functions.text.Length("key"),
                models.F("key"),
                condition=models.Q(key__regex="^Q[1-9][0-9]{0,8}$"),
                name="question_last_number",
            ),
        ),
    ]
