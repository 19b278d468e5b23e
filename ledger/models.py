"""The ledger's tables, as the migrations make them: read here, written by the database alone."""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Entry(models.Model):
    """One fact. What matters is inside `body`; the columns after it repeat it, for searching."""

    sequence = models.BigIntegerField(primary_key=True)
    body = models.BinaryField()
    uuid = models.UUIDField(unique=True)
    kind = models.TextField()
    subject = models.TextField()
    actor = models.TextField()
    time = models.TextField()

    class Meta:
        managed = False
        db_table = "ledger_entry"
        verbose_name_plural = "entries"
        ordering = ["sequence"]

    def __str__(self) -> str:
        return f"{self.sequence} {self.kind} {self.subject}"


class Head(models.Model):
    """The tree's size, root hash and frontier. One row."""

    id = models.SmallIntegerField(primary_key=True)
    size = models.BigIntegerField()
    root = models.BinaryField()
    frontier = ArrayField(models.BinaryField())
    last_time = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "ledger_head"

    def __str__(self) -> str:
        return f"{self.size} {bytes(self.root).hex()}"


class Checkpoint(models.Model):
    """A signed head. What matters is inside `note`; `size` is a copy, to find it by."""

    number = models.BigIntegerField(primary_key=True)
    size = models.BigIntegerField()
    note = models.TextField()

    class Meta:
        managed = False
        db_table = "ledger_checkpoint"
        ordering = ["number"]

    def __str__(self) -> str:
        return f"{self.number}, of {self.size} entries"


class Part(models.Model):
    """A personal part of a row, with the salt that opens the commitment to it in the entries."""

    commitment = models.BinaryField(primary_key=True)
    owner = models.UUIDField()
    field = models.TextField()
    salt = models.BinaryField()
    part = models.TextField()

    class Meta:
        managed = False
        db_table = "ledger_part"

    def __str__(self) -> str:
        return f"{self.field} of {self.owner}"
