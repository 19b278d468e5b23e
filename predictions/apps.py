from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class PredictionsConfig(AppConfig):
    name = "predictions"
    verbose_name = "Prediction Ledger"

    def ready(self) -> None:
        from predictions import audit

        audit.register()
        post_migrate.connect(_count_totals, sender=self)


def _count_totals(**_: Any) -> None:
    """Once, in a database of a version that kept none."""
    from predictions.models import Prediction, Total
    from predictions.services.rescoring import recount

    if not Total.objects.exists() and Prediction.objects.exists():
        recount()
