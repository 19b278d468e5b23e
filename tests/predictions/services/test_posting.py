"""Rows that the database refuses, and how the refusal reads."""

import uuid

import pytest
from django.db import IntegrityError, connection, transaction

from ledger import journal
from predictions import services
from predictions.errors import Invalid
from predictions.models import Forecaster, Topic
from predictions.services.posting import post
from tests.ledger.others import in_background, run, wait_for
from tests.making import Maker


def test_a_refused_row_leaves_neither_itself_nor_an_entry(make: Maker) -> None:
    make.forecaster(key="almanac")
    journal.flush()
    before = journal.head()
    for given in ({"key": "almanac"}, {"kind": "ghost"}, {"name": ""}):
        with pytest.raises(Invalid):
            make.forecaster(**given)
    journal.flush()
    assert journal.head() == before
    assert Forecaster.objects.count() == 1


def test_what_the_database_refuses_is_said_in_words_that_name_the_field(make: Maker) -> None:
    make.forecaster(key="almanac")
    with pytest.raises(Invalid, match=r"^key: Forecaster with this Key already exists"):
        make.forecaster(key="almanac")


@pytest.mark.django_db(transaction=True)
def test_the_second_of_two_writers_at_once_is_told_what_the_first_did() -> None:
    told: list[str] = []

    def second() -> None:
        try:
            services.topic_record(key="harvest", name="Harvests", by=None)
        except Invalid as refusal:
            told.append(str(refusal))

    with transaction.atomic():
        services.topic_record(key="harvest", name="The harvest", by=None)
        waiting = in_background(second)
        wait_for(lambda: run(connection, "SELECT 1 FROM pg_locks WHERE NOT granted"))
    waiting.join(timeout=20)
    assert told == ["key: Topic with this Key already exists."]
    assert [topic.name for topic in Topic.objects.all()] == ["The harvest"]
    assert journal.head().size == 1


@pytest.mark.django_db(transaction=True)
def test_a_relation_to_what_was_never_saved_is_refused(make: Maker) -> None:
    unsaved = Topic(key="harvest", name="The harvest", entry=uuid.uuid4())
    with pytest.raises(Invalid, match=r"^topic: "):
        make.question(topic=unsaved)
    assert journal.head().size == 0


@pytest.mark.django_db(transaction=True)
def test_a_row_under_the_id_of_another_is_refused(make: Maker) -> None:
    topic = services.topic_record(key="harvest", name="The harvest", by=None)
    other = Topic(id=topic.pk, key="weather", name="The weather")
    with pytest.raises((Invalid, IntegrityError)), transaction.atomic():
        post(kind="topic.recorded", by=None, rows=[other])
    assert Topic.objects.get().key == "harvest"
