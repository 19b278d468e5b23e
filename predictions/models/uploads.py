"""Files that wait between their preview and the yes to it. Operational: not in the ledger."""

from django.conf import settings
from django.db import models

from predictions.models.base import one_of
from predictions.models.choices import UploadState


class Upload(models.Model):
    """A file of predictions that somebody has uploaded, and what recording it would do.

    The file itself is forgotten as soon as it is recorded or refused.
    """

    name = models.CharField(max_length=200)
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    # Who has recorded what it holds, and who has said yes to it: the outcomes are theirs.
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    agreed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+"
    )
    at = models.DateTimeField()
    state = models.CharField(
        max_length=10, choices=UploadState.choices, default=UploadState.PREVIEWED
    )
    # What the preview said would happen, and the digest of it that a yes is held against.
    preview = models.JSONField()
    digest = models.CharField(max_length=64)
    # While it is recorded: of so many predictions so many.
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    # Why nothing was recorded; empty where all went well.
    problem = models.TextField(blank=True)

    class Meta:
        ordering = ["-at"]
        default_permissions = ("add", "view")
        constraints = [one_of("state", UploadState)]

    def __str__(self) -> str:
        return self.name
