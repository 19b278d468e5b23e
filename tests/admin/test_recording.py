"""An article is recorded with all that it forecasts on one page: previewed, then all or nothing."""

import hashlib
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from predictions.models import (
    Article,
    ArticleText,
    Forecaster,
    Outlet,
    Prediction,
    Question,
    Statement,
    User,
)
from tests.admin.conftest import allow
from tests.admin.pages import Pages, text_of
from tests.making import Maker

TEXT = (
    "The river Wend will very likely flood the lower town, the warden’s office said.\n"
    "The old mill will be sold, most think. Nobody knows what the council feels.\n"
)
PARTS = ("forecasters", "questions", "predictions", "statements")


def sheet(step: str = "preview", **given: Any) -> dict[str, Any]:
    """What a browser posts: an article with a new forecaster, a question and a prediction on it."""
    data: dict[str, Any] = {
        "step": step,
        "article-title": "The river rises",
        "article-outlet_new": "The Wend Gazette",
        "article-byline": "not stated",
        "article-published_on": "2026-10-01",
        "article-date_basis": "printed on the page",
        "article-text": TEXT,
        "article-forecaster": "the-wardens-office",
        "forecasters-0-name": "The warden's office",
        "forecasters-0-key": "the-wardens-office",
        "forecasters-0-kind": "organisation",
        "questions-0-text": "Will the river Wend flood the lower town in 2026?",
        "questions-0-criteria": "Yes if the warden's log says so. Otherwise no.",
        "questions-0-kind": "binary",
        "questions-0-due_on": "2026-12-31",
        "questions-0-horizon_basis": "editorial",
        "predictions-0-question": "Q1",
        "predictions-0-quotes": "will very likely  flood the lower town, the warden's office said",
        "predictions-0-hedge": "very likely",
        "predictions-0-basis": "verbal",
        "statements-0-quotes": "Nobody knows what the council feels.",
        "statements-0-kind": "unscorable",
        "statements-0-reason": "feelings",
        **given,
    }
    for part in PARTS:
        rows = {name.split("-")[1] for name in data if name.startswith(f"{part}-")}
        data.setdefault(f"{part}-TOTAL_FORMS", str(len(rows) or 1))
        data.setdefault(f"{part}-INITIAL_FORMS", "0")
    return data


@pytest.fixture
def lexicon(make: Maker) -> None:
    make.phrase("0.8", "0.9", "0.95", phrase="very likely", source="icd203")
    make.phrase("0.55", "0.7", "0.8", phrase="likely", source="icd203")


ADD = "predictions_article_add"


def posted_again(response: Any) -> dict[str, Any]:
    """What the browser holds after a preview, sent by its button Record."""
    data = dict(response.context["bundle"].data.items())
    return {**data, "step": "record", "seen": response.context["seen"]}


def record(desk: Pages, name: str, *args: Any, data: dict[str, Any]) -> Any:
    preview = desk.post(name, *args, data=data)
    assert "This will be recorded" in text_of(preview), text_of(preview)
    return desk.post(name, *args, data=posted_again(preview))


def nothing() -> bool:
    models: Any = (Article, Outlet, Forecaster, Question, Prediction, Statement, ArticleText)
    return not any(model.objects.exists() for model in models)


def test_a_preview_shows_all_and_records_nothing(desk: Pages, lexicon: None) -> None:
    page = text_of(desk.post(ADD, data=sheet()))
    assert "The river rises (2026-10-01-the-river-rises), The Wend Gazette, 2026-10-01" in page
    assert "A1 The warden's office on Q1 : 90 % yes (80 % to 95 %)" in page
    assert "read as very likely (icd203)" in page
    assert nothing()


def test_what_was_previewed_is_recorded_with_its_places_in_the_text(
    desk: Pages, lexicon: None, adjudicator: User
) -> None:
    page = record(desk, ADD, data=sheet(**{"article-keep_text": "on"}))
    assert "Recorded: 1 forecaster, 1 question, 1 prediction, 1 statement." in text_of(page)
    article = Article.objects.get()
    assert article.sha256 == hashlib.sha256(TEXT.encode()).hexdigest()
    assert (article.characters, article.kept.text) == (len(TEXT), TEXT)
    [prediction] = article.predictions.all()
    quote = "will very likely flood the lower town, the warden’s office said"
    assert prediction.passages == [{"offset": TEXT.index(quote), "quote": quote}]
    assert (prediction.reference, str(prediction.phrase)) == ("A1", "very likely (icd203)")
    assert prediction.recorded_by == adjudicator
    [statement] = article.statements.all()
    assert (statement.reference, statement.reason) == ("A2", "feelings")


def test_a_text_is_kept_only_if_somebody_says_so(desk: Pages, lexicon: None) -> None:
    record(desk, ADD, data=sheet())
    assert not ArticleText.objects.exists()


def test_what_was_changed_after_the_preview_is_previewed_again(desk: Pages, lexicon: None) -> None:
    again = posted_again(desk.post(ADD, data=sheet()))
    again["predictions-0-note"] = "Another thing."
    assert "This will be recorded" in text_of(desk.post(ADD, data=again))
    assert nothing()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"predictions-0-quotes": "a lake"}, "“a lake” does not stand in the text"),
        ({"predictions-0-quotes": "will"}, "stands there 2 times: at 15 (…"),
        ({"predictions-0-hedge": "perhaps"}, "Holds no words of the lexicon"),
        ({"predictions-0-phrase": "surely (mine)"}, "“surely (mine)” is not in the lexicon"),
        ({"predictions-0-question": "Q9"}, "There is no question “Q9”"),
        ({"predictions-0-probability": "often"}, "“often” is no probability"),
        ({"predictions-0-probability": "1.5"}, "1.5 is not a probability"),
        ({"predictions-0-made_on": "2199-01-01"}, "2199-01-01 is in the future"),
        ({"predictions-0-spread": "rye"}, "“rye” lacks a part"),
        ({"predictions-0-places": "one"}, "“one” is no number"),
        ({"article-forecaster": ""}, "Is missing; name who forecasts"),
        ({"article-forecaster": "nobody"}, "There is no forecaster “nobody”"),
        ({"article-outlet": "gazette", "article-outlet_new": ""}, "no outlet “gazette”"),
        ({"article-outlet": "gazette"}, "not both"),
        ({"article-text": ""}, "Is missing; give it, or the text itself."),
        ({"article-sha256": "a" * 64}, "Is not that of the text"),
        ({"article-url": "not an address"}, "Is no address"),
        ({"article-published_on": "soon"}, "Is not a date"),
        ({"forecasters-0-kind": ""}, "Is missing; choose one."),
        ({"questions-0-due_on": "2026-09-01"}, "is before it opens"),
        ({"questions-0-due_on": ""}, "Is missing; give a date, or say in due_rule"),
        ({"questions-0-kind": "choice"}, "Are 0; give 2 to 100."),
        ({"questions-0-topic": "rivers"}, "There is no topic “rivers”"),
        ({"questions-0-reviewer": "nobody"}, "There is no user “nobody”"),
        ({"statements-0-reason": "abstention"}, "Constraint"),
    ],
)
def test_a_bad_row_is_told_at_its_field_and_nothing_is_recorded(
    desk: Pages, lexicon: None, given: dict[str, Any], told: str
) -> None:
    page = desk.post(ADD, data=sheet(**given))
    assert told in text_of(page)
    assert "This will be recorded" not in text_of(page)
    assert nothing()


def test_a_place_says_which_of_two_equal_quotes_is_meant(desk: Pages, lexicon: None) -> None:
    given = {"predictions-0-quotes": "will", "predictions-0-places": str(TEXT.rindex("will"))}
    record(desk, ADD, data=sheet(**given))
    [prediction] = Prediction.objects.all()
    assert prediction.passages == [{"offset": TEXT.rindex("will"), "quote": "will"}]


def test_a_file_takes_the_place_of_a_pasted_text(desk: Pages, lexicon: None) -> None:
    file = SimpleUploadedFile("text.txt", TEXT.replace("\n", "\r\n").encode())
    given: dict[str, Any] = {"article-file": file, "article-text": ""}
    record(desk, ADD, data=sheet(**given))
    assert Article.objects.get().characters == len(TEXT)


@pytest.mark.parametrize(
    ("name", "content"), [("a.txt", b"\xff\xfe\x00"), ("a.pdf", b"%PDF"), ("b.txt", b"a\x00b")]
)
def test_a_file_that_is_no_text_is_refused(
    desk: Pages, lexicon: None, name: str, content: bytes
) -> None:
    given: dict[str, Any] = {"article-file": SimpleUploadedFile(name, content)}
    page = desk.post(ADD, data=sheet(**given))
    assert re.search("Is no text file|Is not in UTF-8|Holds a NUL", text_of(page))


def test_an_article_without_its_text_takes_the_places_as_they_are_told(
    desk: Pages, lexicon: None
) -> None:
    known: dict[str, Any] = {
        "article-text": "",
        "article-sha256": hashlib.sha256(TEXT.encode()).hexdigest(),
        "article-characters": str(len(TEXT)),
        "statements-0-places": "120",
    }
    assert "Are 0 for 1 quotes" in text_of(desk.post(ADD, data=sheet(**known)))
    data = sheet(**known, **{"predictions-0-places": "15"})
    assert "The text is not at hand" in text_of(desk.post(ADD, data=data))
    record(desk, ADD, data=data)
    assert Prediction.objects.get().passages[0]["offset"] == 15


def test_a_near_duplicate_is_used_or_said_to_be_new(
    desk: Pages, lexicon: None, make: Maker
) -> None:
    make.question(key="T7", text="Will the river Wend flood the lower town in the year 2026?")
    asked = text_of(desk.post(ADD, data=sheet()))
    assert "Did you mean a recorded question?" in asked
    assert "This will be recorded" not in asked
    other = sheet(**{"questions-0-alike": "new:T8"})
    assert "This will be recorded" not in text_of(desk.post(ADD, data=other))
    record(desk, ADD, data=sheet(**{"questions-0-alike": "use:T7"}))
    assert Prediction.objects.get().question.key == "T7"
    assert Question.objects.count() == 1


def test_a_question_that_is_said_to_be_new_is_new(desk: Pages, lexicon: None, make: Maker) -> None:
    make.question(key="T7", text="Will the river Wend flood the lower town in the year 2026?")
    record(desk, ADD, data=sheet(**{"questions-0-alike": "new:T7"}))
    assert Prediction.objects.get().question.key == "Q1"


def test_the_preview_warns_of_what_should_be_looked_at(
    desk: Pages, lexicon: None, make: Maker
) -> None:
    make.forecaster(key="warden", name="The wardens office")
    make.outcome(make.question(key="T5", text="Is the mill old?"))
    make.article(sha256=hashlib.sha256(TEXT.encode()).hexdigest(), title="Before")
    given = {
        "predictions-1-question": "T5",
        "predictions-1-basis": "stated",
        "predictions-1-probability": "70 %",
        "predictions-1-made_on": "2026-10-05",
    }
    page = text_of(desk.post(ADD, data=sheet(**given)))
    assert "The warden's office may be The wardens office (warden)" in page
    assert "A2 on T5 is dated after its article." in page
    assert "A2 on T5 is late and will not be scored; its question was settled" in page
    assert "The same text is recorded already: Before" in page


def test_options_and_quantiles_are_taken_a_line_each(desk: Pages, make: Maker) -> None:
    make.choice("rye", "oats", key="T1", text="Which grain?")
    make.numeric(key="T2", text="How many tonnes?")
    given = {
        "questions-0-text": "",
        "questions-0-criteria": "",
        "questions-0-due_on": "",
        "questions-0-horizon_basis": "",
        "predictions-0-question": "T1",
        "predictions-0-basis": "stated",
        "predictions-0-hedge": "",
        "predictions-0-spread": "rye = 0.4\r\noats = 0.6",
        "predictions-1-question": "t2",
        "predictions-1-basis": "stated",
        "predictions-1-spread": "0.1 = 12\r\n0.9 = 30",
    }
    record(desk, ADD, data=sheet(**given))
    options, numbers = Prediction.objects.order_by("reference")
    assert options.distribution == [["rye", "0.400000"], ["oats", "0.600000"]]
    assert [level for level, _ in numbers.quantiles or []] == ["0.100000", "0.900000"]


def test_rows_are_added_without_a_script_and_nothing_typed_is_lost(desk: Pages) -> None:
    page = desk.post(ADD, data=sheet("add-predictions", **{"article-title": ""}))
    assert page.context["bundle"].data["predictions-TOTAL_FORMS"] == "4"
    assert "predictions-3-question" in page.content.decode()
    assert "very likely  flood" in page.content.decode()
    assert "Is missing" not in text_of(page)


def test_a_page_takes_sixty_rows_and_no_more(desk: Pages) -> None:
    page = desk.post(ADD, data=sheet("add-predictions", **{"predictions-TOTAL_FORMS": "59"}))
    assert page.context["bundle"].data["predictions-TOTAL_FORMS"] == "60"
    over = sheet(**{"predictions-TOTAL_FORMS": "61", "predictions-60-question": "Q1"})
    assert "This will be recorded" not in text_of(desk.post(ADD, data=over))
    assert nothing()


def test_sixty_predictions_are_recorded_at_once(desk: Pages, make: Maker) -> None:
    given: dict[str, Any] = {}
    for number in range(60):
        make.question(key=f"T{number}", text=f"Number {number}?")
        given |= {
            f"predictions-{number}-question": f"T{number}",
            f"predictions-{number}-basis": "stated",
            f"predictions-{number}-probability": "0.5",
            f"predictions-{number}-hedge": "",
            f"predictions-{number}-quotes": "",
        }
    record(desk, ADD, data=sheet(**given))
    assert Prediction.objects.count() == 60


def test_a_row_can_be_left_out(desk: Pages, lexicon: None) -> None:
    given = {"statements-0-DELETE": "on", "statements-0-reason": ""}
    record(desk, ADD, data=sheet(**given))
    assert (Prediction.objects.count(), Statement.objects.count()) == (1, 0)


def test_more_is_added_to_an_article_whose_text_is_kept(desk: Pages, lexicon: None) -> None:
    record(desk, ADD, data=sheet(**{"article-keep_text": "on"}))
    article = Article.objects.get()
    more = {
        name: value
        for name, value in sheet().items()
        if name.startswith(("step", "statements", "predictions"))
    }
    more |= {
        "predictions-0-forecaster": "the-wardens-office",
        "statements-0-forecaster": "the-wardens-office",
        **{f"{part}-TOTAL_FORMS": "0" for part in ("forecasters", "questions")},
        **{f"{part}-INITIAL_FORMS": "0" for part in ("forecasters", "questions")},
    }
    page = record(desk, "predictions_article_record", article.pk, data=more)
    assert "Recorded: 1 prediction, 1 statement." in text_of(page)
    assert [row.reference for row in article.predictions.order_by("revision")] == ["A1", "A3"]


def test_a_prediction_is_recorded_from_the_page_of_its_question(desk: Pages, make: Maker) -> None:
    question, forecaster = make.question(key="T3"), make.forecaster(key="rosa")
    data = {
        "step": "preview",
        "source-article": "",
        "forecasters-TOTAL_FORMS": "0",
        "forecasters-INITIAL_FORMS": "0",
        "predictions-TOTAL_FORMS": "1",
        "predictions-INITIAL_FORMS": "0",
        "predictions-0-forecaster": forecaster.key,
        "predictions-0-basis": "stated",
        "predictions-0-probability": "0.3",
    }
    name = "predictions_question_predict"
    assert "Record prediction" in desk.question(question)
    assert "say on which day it was made" in text_of(desk.post(name, question.pk, data=data))
    unknown = {**data, "source-article": "nowhere"}
    assert "There is no article “nowhere”" in text_of(desk.post(name, question.pk, data=unknown))
    page = record(desk, name, question.pk, data={**data, "predictions-0-made_on": "2026-10-02"})
    assert "Recorded: 1 prediction." in text_of(page)
    assert question.predictions.get().forecaster == forecaster


def test_a_question_is_recorded_alone(desk: Pages) -> None:
    only = ("step", "questions")
    data = {name: value for name, value in sheet().items() if name.startswith(only)}
    page = record(desk, "predictions_question_add", data=data)
    assert "Recorded: 1 question." in text_of(page)
    assert Question.objects.get().key == "Q1"


def test_an_empty_page_records_nothing(desk: Pages) -> None:
    data = {
        "step": "record",
        "questions-TOTAL_FORMS": "1",
        "questions-INITIAL_FORMS": "0",
        "questions-0-kind": "binary",
    }
    page = text_of(desk.post("predictions_question_add", data=data))
    assert "Nothing is filled in yet." in page


@pytest.mark.parametrize("kind", ["topic", "outlet", "forecaster"])
def test_a_source_is_recorded_once(desk: Pages, kind: str) -> None:
    data = {"name": "Wend Valley", "kind": "organisation"}
    page = text_of(desk.post(f"predictions_{kind}_add", data=data))
    assert "Recorded: Wend Valley." in page
    again = text_of(desk.post(f"predictions_{kind}_add", data=data))
    assert "with this Key already exists" in again
    assert "Is missing" in text_of(desk.post(f"predictions_{kind}_add", data={"name": ""}))


_KINDS = ["article", "question", "topic", "outlet", "forecaster"]
PAGES = [f"predictions_{kind}_add" for kind in _KINDS]


@pytest.mark.parametrize("name", PAGES)
def test_who_may_not_record_is_refused_and_told_what_it_takes(
    looking: Pages, viewer: User, name: str
) -> None:
    assert looking.get(name).status_code == looking.post(name, data={}).status_code == 403
    assert name.removesuffix("_add").replace("predictions_", "predictions.add_") in text_of(
        looking.get(name)
    )
    allow(viewer, "add_article", "add_question", "add_topic", "add_outlet", "add_forecaster")
    assert looking.get(name).status_code == 200


def test_who_may_record_an_article_may_not_for_that_open_questions(
    looking: Pages, viewer: User, lexicon: None
) -> None:
    allow(viewer, "add_article", "add_forecaster", "add_prediction", "add_statement")
    page = looking.post(ADD, data=sheet())
    assert (page.status_code, "predictions.add_question" in text_of(page)) == (403, True)
    assert nothing()


def test_the_text_of_an_article_is_read_by_who_records_or_adjudicates(
    desk: Pages, looking: Pages, viewer: User, lexicon: None
) -> None:
    record(desk, ADD, data=sheet(**{"article-keep_text": "on"}))
    pk = Article.objects.get().pk
    assert looking.get("predictions_article_text", pk).status_code == 403
    allow(viewer, "add_outcome")
    assert "most think" in text_of(looking.get("predictions_article_text", pk))
    assert "most think" not in text_of(looking.get("predictions_article_change", pk))


@pytest.mark.parametrize(
    ("what", "asked", "value"),
    [
        ("question", "mill", "T1"),
        ("forecaster", "rosa", "rosa-reed"),
        ("outlet", "gazette", "gazette"),
        ("topic", "Riv", "rivers"),
        ("article", "almanac", "article-9"),
        ("phrase", "lik", "likely (test)"),
        ("user", "ad", "ada"),
        ("hedge", "It is Likely.", "likely (test)"),
        ("alike", "Will the mill be sold", "T1"),
    ],
)
def test_rows_are_found_while_somebody_types(
    desk: Pages,
    make: Maker,
    what: str,
    asked: str,
    value: str,
    django_assert_max_num_queries: Any,
) -> None:
    desk.post("predictions_topic_add", data={"name": "Rivers"})
    desk.post("predictions_outlet_add", data={"name": "Gazette"})
    make.question(key="T1", text="Will the mill be sold?")
    make.forecaster(key="rosa-reed", name="Rosa Reed")
    make.article(key="article-9")
    make.phrase()
    with django_assert_max_num_queries(9):
        found = desk.get("find", what, q=asked).json()["results"]
    assert [row["value"] for row in found] == [value]
    assert desk.get("find", what, q=" ").json()["results"] == []
    assert desk.get("find", what, q="\x00%_\\").status_code in (200, 400)


def test_nobody_finds_anything_without_signing_in_or_users_without_need(
    looking: Pages, client: Client
) -> None:
    assert looking.get("find", "user", q="a").status_code == 403
    assert looking.get("find", "nothing", q="a").status_code == 404
    assert Pages(client).get("find", "question", q="a").status_code == 302


@pytest.mark.parametrize("name", ["predictions_article_add", "predictions_question_add"])
def test_a_page_asks_the_database_little(
    desk: Pages, name: str, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(15):
        assert desk.get(name).status_code == 200
