"""Where forecasts come from: outlets, articles, forecasters, topics, and the words they use."""

from typing import Any, ClassVar

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Upper

from ledger.parts import ERASED
from predictions.models.base import Fact, KeyedFact, between, not_empty, one_of
from predictions.models.choices import ForecasterKind
from predictions.querysets import PhraseQuerySet


class Topic(KeyedFact):
    name = models.CharField(max_length=200)

    class Meta:
        ordering = ["key"]
        constraints = [not_empty("name")]

    def __str__(self) -> str:
        return self.name


class Outlet(KeyedFact):
    """Who published."""

    name = models.CharField(max_length=200)

    class Meta:
        ordering = ["key"]
        constraints = [not_empty("name")]

    def __str__(self) -> str:
        return self.name


class Article(KeyedFact):
    """A text in which forecasts stand, known by its hash; the text itself is not kept here."""

    personal: ClassVar[tuple[str, ...]] = ("byline",)

    title = models.CharField(max_length=300)
    title_basis = models.TextField(blank=True)
    # Null where the article does not say: never guessed.
    outlet = models.ForeignKey(Outlet, on_delete=models.PROTECT, null=True, blank=True)
    byline = models.CharField(max_length=300)
    published_on = models.DateField()
    date_basis = models.TextField()
    url = models.URLField(max_length=1000, blank=True)
    sha256 = models.CharField(max_length=64, validators=[RegexValidator(r"^[0-9a-f]{64}$")])
    characters = models.PositiveIntegerField()

    class Meta:
        ordering = ["published_on", "key"]
        indexes = [models.Index(fields=["published_on", "id"], name="article_in_order")]
        constraints = [
            not_empty("title"),
            not_empty("date_basis"),
            models.CheckConstraint(
                condition=models.Q(sha256__regex=r"^[0-9a-f]{64}$"), name="article_sha256_is_hex"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_erased(self) -> bool:
        return self.byline == ERASED


class Forecaster(KeyedFact):
    """Who forecasts. An unknown byline is recorded as unknown."""

    personal: ClassVar[tuple[str, ...]] = ("key", "name", "note")
    ERASED_KEY: ClassVar[str] = "erased-"

    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=20, choices=ForecasterKind.choices)
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["key"]
        constraints = [not_empty("name"), one_of("kind", ForecasterKind)]
        indexes = [
            GinIndex(OpClass(Upper("name"), "gin_trgm_ops"), name="forecaster_name_trigrams")
        ]

    def __str__(self) -> str:
        """The name; of those who were erased, also what tells them apart."""
        if self.is_erased:
            return f"{self.name} {self.key.removeprefix(self.ERASED_KEY)}"
        return self.name

    @property
    def subject(self) -> str:
        """By its uuid, for a subject stands in the entries in clear and a key may be a name."""
        return f"forecaster:{self.id}"

    @property
    def is_erased(self) -> bool:
        """By a key made of its own uuid, which nobody can choose."""
        return self.name == ERASED and self.key in self.erased_keys

    @property
    def erased_keys(self) -> list[str]:
        """The keys it may have once it is erased, the shortest first."""
        return [f"{self.ERASED_KEY}{self.id.hex[:length]}" for length in range(8, 33)]


class Phrase(Fact):
    """A row of the lexicon: words of probability, read as a range by one published table.

    It never changes: a later version, with its reason, takes its place.
    """

    final = True
    later: ClassVar[dict[str, Any]] = {"version": 1, "reason": ""}

    phrase = models.CharField(max_length=100)
    low = models.DecimalField(max_digits=7, decimal_places=6)
    point = models.DecimalField(max_digits=7, decimal_places=6)
    high = models.DecimalField(max_digits=7, decimal_places=6)
    source = models.CharField(max_length=50)
    source_title = models.CharField(max_length=200)
    source_detail = models.TextField(blank=True)
    note = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=1)
    # Why it differs from the version before.
    reason = models.TextField(blank=True)

    objects = PhraseQuerySet.as_manager()

    class Meta:
        ordering = ["phrase", "source", "version"]
        constraints = [
            not_empty("phrase"),
            not_empty("source_title"),
            between("low", 0, 1),
            between("high", 0, 1),
            models.CheckConstraint(
                condition=models.Q(low__lte=models.F("point"), point__lte=models.F("high")),
                name="phrase_point_within_range",
            ),
            models.UniqueConstraint(
                fields=["phrase", "source", "version"], name="phrase_version_once"
            ),
            models.CheckConstraint(
                condition=models.Q(version=1, reason="")
                | models.Q(version__gt=1) & ~models.Q(reason=""),
                name="phrase_change_has_reason",
            ),
        ]

    def __str__(self) -> str:
        version = f", version {self.version}" if self.version > 1 else ""
        return f"{self.phrase} ({self.source}{version})"

    @property
    def subject(self) -> str:
        return f"phrase:{self.source}/{self.phrase}"
