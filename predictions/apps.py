from django.apps import AppConfig


class PredictionsConfig(AppConfig):
    name = "predictions"
    verbose_name = "Prediction Ledger"

    def ready(self) -> None:
        from predictions import audit

        audit.register()
