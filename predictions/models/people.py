"""Who works with the service. Operational: the ledger knows people only as `user:<id>`."""

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models

from predictions.models.base import not_empty
from predictions.models.choices import Scope


class User(AbstractUser):
    """A person who signs in, reviews questions, or reads reports."""

    time_zone = models.CharField(max_length=64, default="UTC")
    # What the address of their calendar ends in: whoever knows it reads what they are to review.
    calendar_key = models.UUIDField(unique=True, null=True, blank=True, editable=False)


class ApiToken(models.Model):
    """A bearer token, kept as the SHA-256 of its secret; the secret is shown once."""

    name = models.CharField(max_length=100, unique=True)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope.choices))
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [not_empty("name")]

    def __str__(self) -> str:
        return self.name


class IdempotencyKey(models.Model):
    """What a POST answered, so that the same request sent again is answered and not done twice."""

    token = models.ForeignKey(ApiToken, on_delete=models.CASCADE)
    key = models.CharField(max_length=200)
    request_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.JSONField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token", "key"], name="one_answer_a_key")]
        # Forgetting the old ones.
        indexes = [models.Index(fields=["created_at"], name="answer_by_age")]

    def __str__(self) -> str:
        return self.key
