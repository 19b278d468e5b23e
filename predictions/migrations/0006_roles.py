"""Four groups, verifications that people ask for, and the permissions behind them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from predictions.roles import ROLES, VIEWER, granting

MODELS = (
    "topic outlet article forecaster phrase question prediction statement event bearing outcome"
    " outcomeevidence review score message reminder report subscription sweep user apitoken"
    " verification"
)


def make_groups(apps, schema_editor):
    for name in ROLES:
        apps.get_model("auth", "Group").objects.get_or_create(name=name)


def keep_readers(apps, schema_editor):
    """Whoever could sign in and look so far still can."""
    viewer = apps.get_model("auth", "Group").objects.get(name=VIEWER)
    readers = apps.get_model("predictions", "User").objects.filter(is_staff=True, groups=None)
    viewer.user_set.add(*readers.filter(is_superuser=False))


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("ledger", "0006_in_pieces"),
        ("predictions", "0005_scoring"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="question",
            options={"ordering": ["key"], "permissions": [("export_facts", "Can export facts")]},
        ),
        migrations.CreateModel(
            name="Verification",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("asked_at", models.DateTimeField()),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("began_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("error", models.TextField(blank=True)),
                ("size", models.BigIntegerField(default=0)),
                ("root", models.CharField(blank=True, max_length=64)),
                ("rows", models.BigIntegerField(default=0)),
                ("findings", models.JSONField(blank=True, default=list)),
                ("findings_count", models.BigIntegerField(default=0)),
                ("notes", models.JSONField(blank=True, default=list)),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="verifications",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-asked_at", "-pk"],
                "permissions": [("verify_ledger", "Can verify ledger")],
                "constraints": [
                    models.UniqueConstraint(
                        models.ExpressionWrapper(
                            models.Q(("ended_at__isnull", True)),
                            output_field=models.BooleanField(),
                        ),
                        condition=models.Q(("ended_at__isnull", True)),
                        name="verification_one_at_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ended_at__isnull", True),
                            models.Q(
                                ("began_at__isnull", False), ("ended_at__gte", models.F("began_at"))
                            ),
                            _connector="OR",
                        ),
                        name="verification_ends_after_it_begins",
                    ),
                ],
            },
        ),
        # Undone, they stay: who is in which group is the administrators' record.
        migrations.RunPython(make_groups, migrations.RunPython.noop),
        granting(
            *(("predictions", name) for name in MODELS.split()),
            ("ledger", "entry"),
            ("ledger", "checkpoint"),
            ("auth", "group"),
            ("axes", "accessattempt"),
            ("axes", "accessfailurelog"),
            ("axes", "accesslog"),
        ),
        migrations.RunPython(keep_readers, migrations.RunPython.noop),
    ]
