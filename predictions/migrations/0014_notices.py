"""Stages of reminders, snoozes and policies; what reports are about, and for whom; suspensions."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.text
import uuid
from django.conf import settings
from django.db import migrations, models

from predictions.roles import granting


class Migration(migrations.Migration):
    dependencies = [
        ("predictions", "0013_scale"),
    ]

    operations = [
        migrations.CreateModel(
            name="ReminderPolicy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "before",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveSmallIntegerField(),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                ("every", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("escalate_after", models.PositiveSmallIntegerField(blank=True, null=True)),
            ],
            options={
                "verbose_name_plural": "reminder policies",
                "ordering": ["topic"],
            },
        ),
        migrations.CreateModel(
            name="Snooze",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("due_version", models.PositiveIntegerField()),
                ("since", models.DateTimeField()),
                ("until", models.DateField()),
            ],
        ),
        migrations.CreateModel(
            name="Suspension",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("email", models.EmailField(max_length=254)),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("bounced", "its mail came back"),
                            ("complained", "its reader complained"),
                            ("by_hand", "somebody asked for it"),
                        ],
                        max_length=10,
                    ),
                ),
                ("detail", models.TextField(blank=True)),
                ("since", models.DateTimeField()),
            ],
            options={
                "ordering": ["-since", "-id"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="message",
            name="message_kind_known",
        ),
        migrations.RemoveConstraint(
            model_name="message",
            name="message_state_known",
        ),
        migrations.RemoveConstraint(
            model_name="reminder",
            name="reminder_stage_known",
        ),
        migrations.RemoveConstraint(
            model_name="subscription",
            name="subscription_once_a_period",
        ),
        migrations.AddField(
            model_name="message",
            name="doubtful",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="message",
            name="headers",
            field=models.JSONField(blank=True, default=dict),
        ),
        # Each row its own: the default of one statement would be the same for all.
        migrations.AddField(
            model_name="report",
            name="key",
            field=models.UUIDField(null=True),
        ),
        migrations.RunSQL(
            "UPDATE predictions_report SET key = gen_random_uuid()", migrations.RunSQL.noop
        ),
        migrations.AlterField(
            model_name="report",
            name="key",
            field=models.UUIDField(default=uuid.uuid4, editable=False, unique=True),
        ),
        migrations.AddField(
            model_name="subscription",
            name="about",
            field=models.CharField(
                choices=[
                    ("all", "everything"),
                    ("forecaster", "Forecaster"),
                    ("outlet", "Outlet"),
                    ("topic", "Topic"),
                ],
                default="all",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="subscription",
            name="asked_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="subscription",
            name="email",
            field=models.EmailField(blank=True, max_length=254),
        ),
        migrations.AddField(
            model_name="subscription",
            name="forecaster",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="predictions.forecaster",
            ),
        ),
        migrations.AddField(
            model_name="subscription",
            name="language",
            field=models.CharField(default="en", max_length=10),
        ),
        migrations.AddField(
            model_name="subscription",
            name="outlet",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="predictions.outlet",
            ),
        ),
        migrations.AddField(
            model_name="subscription",
            name="time_zone",
            field=models.CharField(default="UTC", max_length=64),
        ),
        migrations.AddField(
            model_name="subscription",
            name="topic",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="predictions.topic",
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="calendar_key",
            field=models.UUIDField(blank=True, editable=False, null=True, unique=True),
        ),
        migrations.AlterField(
            model_name="message",
            name="kind",
            field=models.CharField(
                choices=[
                    ("reminder", "Reminder"),
                    ("report", "Report"),
                    ("confirm", "asks whether somebody subscribed"),
                    ("test", "Test"),
                ],
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="message",
            name="state",
            field=models.CharField(
                choices=[
                    ("waiting", "Waiting"),
                    ("claimed", "Claimed"),
                    ("sent", "Sent"),
                    ("dead", "given up"),
                    ("withdrawn", "taken back before it went out"),
                ],
                default="waiting",
                max_length=10,
            ),
        ),
        # There was one stage, on the day.
        migrations.RunSQL(
            "UPDATE predictions_reminder SET stage = '0'",
            "UPDATE predictions_reminder SET stage = 'due'",
        ),
        migrations.AlterField(
            model_name="reminder",
            name="stage",
            field=models.SmallIntegerField(),
        ),
        migrations.AlterField(
            model_name="subscription",
            name="user",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="subscriptions",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["reminder", "report", "confirm", "test"])),
                name="message_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["waiting", "claimed", "sent", "dead", "withdrawn"])
                ),
                name="message_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.CheckConstraint(
                condition=models.Q(("about__in", ["all", "forecaster", "outlet", "topic"])),
                name="subscription_about_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("email", ""), ("user__isnull", False)),
                    models.Q(("user__isnull", True), models.Q(("email", ""), _negated=True)),
                    _connector="OR",
                ),
                name="subscription_goes_somewhere",
            ),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("about", "all"),
                        ("forecaster__isnull", True),
                        ("outlet__isnull", True),
                        ("topic__isnull", True),
                    ),
                    models.Q(
                        ("about", "forecaster"),
                        ("forecaster__isnull", False),
                        ("outlet__isnull", True),
                        ("topic__isnull", True),
                    ),
                    models.Q(
                        ("about", "outlet"),
                        ("forecaster__isnull", True),
                        ("outlet__isnull", False),
                        ("topic__isnull", True),
                    ),
                    models.Q(
                        ("about", "topic"),
                        ("forecaster__isnull", True),
                        ("outlet__isnull", True),
                        ("topic__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="subscription_is_about_one",
            ),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.UniqueConstraint(
                models.F("user"),
                django.db.models.functions.text.Lower("email"),
                models.F("period"),
                models.F("about"),
                models.F("forecaster"),
                models.F("outlet"),
                models.F("topic"),
                condition=models.Q(("ended_at__isnull", True)),
                name="subscription_once_a_period",
                nulls_distinct=False,
            ),
        ),
        migrations.AddField(
            model_name="reminderpolicy",
            name="topic",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reminder_policy",
                to="predictions.topic",
            ),
        ),
        migrations.AddField(
            model_name="snooze",
            name="person",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="snoozes",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="snooze",
            name="question",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="snoozes",
                to="predictions.question",
            ),
        ),
        migrations.AddIndex(
            model_name="suspension",
            index=models.Index(fields=["-since", "-id"], name="suspension_in_order"),
        ),
        migrations.AddConstraint(
            model_name="suspension",
            constraint=models.CheckConstraint(
                condition=models.Q(("email", ""), _negated=True), name="suspension_email_not_empty"
            ),
        ),
        migrations.AddConstraint(
            model_name="suspension",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason__in", ["bounced", "complained", "by_hand"])),
                name="suspension_reason_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="suspension",
            constraint=models.UniqueConstraint(
                django.db.models.functions.text.Lower("email"), name="suspension_once_an_address"
            ),
        ),
        migrations.AddConstraint(
            model_name="reminderpolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(("every__isnull", True), ("every__gt", 0), _connector="OR"),
                name="reminder_policy_every_positive",
            ),
        ),
        migrations.AddConstraint(
            model_name="snooze",
            constraint=models.UniqueConstraint(
                fields=("question", "person", "due_version"), name="snooze_once_a_version"
            ),
        ),
        granting(
            ("predictions", "snooze"),
            ("predictions", "suspension"),
            ("predictions", "reminderpolicy"),
        ),
    ]
