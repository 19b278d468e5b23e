"""Outlets, articles, forecasters, topics, and the lexicon."""

import datetime as dt
from decimal import Decimal

from django.db import transaction

from predictions.models import Article, Forecaster, Outlet, Phrase, Topic, User
from predictions.services.posting import post


@transaction.atomic
def topic_record(*, key: str, name: str, by: User | None) -> Topic:
    topic = Topic(key=key, name=name)
    post(kind="topic.recorded", by=by, rows=[topic])
    return topic


@transaction.atomic
def outlet_record(*, key: str, name: str, by: User | None) -> Outlet:
    outlet = Outlet(key=key, name=name)
    post(kind="outlet.recorded", by=by, rows=[outlet])
    return outlet


@transaction.atomic
def article_record(
    *,
    key: str,
    title: str,
    byline: str,
    published_on: dt.date,
    date_basis: str,
    sha256: str,
    characters: int,
    by: User | None,
    title_basis: str = "",
    outlet: Outlet | None = None,
    url: str = "",
) -> Article:
    """Record an article by its hash; `characters` is the length that offsets are counted in."""
    article = Article(
        key=key,
        title=title,
        title_basis=title_basis,
        outlet=outlet,
        byline=byline,
        published_on=published_on,
        date_basis=date_basis,
        url=url,
        sha256=sha256,
        characters=characters,
    )
    post(kind="article.recorded", by=by, rows=[article])
    return article


@transaction.atomic
def forecaster_record(
    *, key: str, name: str, kind: str, by: User | None, note: str = ""
) -> Forecaster:
    forecaster = Forecaster(key=key, name=name, kind=kind, note=note)
    post(kind="forecaster.recorded", by=by, rows=[forecaster])
    return forecaster


@transaction.atomic
def phrase_record(
    *,
    phrase: str,
    low: Decimal,
    point: Decimal,
    high: Decimal,
    source: str,
    source_title: str,
    by: User | None,
    source_detail: str = "",
    note: str = "",
) -> Phrase:
    """Record how one table reads a phrase: probabilities in [0, 1], low ≤ point ≤ high."""
    row = Phrase(
        phrase=phrase,
        low=low,
        point=point,
        high=high,
        source=source,
        source_title=source_title,
        source_detail=source_detail,
        note=note,
    )
    post(kind="phrase.recorded", by=by, rows=[row])
    return row
