"""The REST API. Its views and serializers hold no rules: those are in `services`."""
