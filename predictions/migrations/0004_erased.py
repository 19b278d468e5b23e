"""What was erased stays as it is: no later change may give it a name again."""

from django.db import migrations

GUARDS = """
CREATE TRIGGER forecaster_erased_stays BEFORE UPDATE ON predictions_forecaster FOR EACH ROW
    WHEN (OLD.name = '(erased)' AND OLD.key LIKE 'erased-________%'
        AND starts_with(replace(OLD.id::text, '-', ''), substr(OLD.key, 8)))
    EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER article_erased_stays BEFORE UPDATE ON predictions_article FOR EACH ROW
    WHEN (OLD.byline = '(erased)') EXECUTE FUNCTION ledger_refuse();
ALTER TABLE predictions_forecaster ENABLE ALWAYS TRIGGER forecaster_erased_stays;
ALTER TABLE predictions_article ENABLE ALWAYS TRIGGER article_erased_stays;
"""
UNDO = """
DROP TRIGGER forecaster_erased_stays ON predictions_forecaster;
DROP TRIGGER article_erased_stays ON predictions_article;
"""


class Migration(migrations.Migration):
    dependencies = [("predictions", "0003_attachments"), ("ledger", "0004_parts")]
    operations = [migrations.RunSQL(GUARDS, UNDO)]
