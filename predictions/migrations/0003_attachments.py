from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("predictions", "0002_guards")]
    operations = [
        migrations.AddField(
            model_name="message",
            name="attachments",
            field=models.JSONField(blank=True, default=list),
        ),
    ]
