"""Every page and action of the admin, tried as everybody: let in, or told which role it takes."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.db import transaction
from django.db.models import Model
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse

from predictions.models import ArticleText, Outcome, Proposal, Upload, User
from tests.admin.conftest import member
from tests.admin.matrix import ACTIONS, GROUPS, MODELS, NOBODY, OPEN, PAGES, Row, Who
from tests.admin.pages import text_of
from tests.admin.test_records import filled  # noqa: F401

_NEEDS = re.compile(r"needs the role (.+?); you are (.+?)\. ")
_NOT_REFUSED = {200, 302, 405}


def pages(patterns: Any = None) -> Iterator[tuple[str, list[str]]]:
    """Every page of the admin that has a name, with what its address takes."""
    for pattern in patterns or admin.site.get_urls():
        if isinstance(pattern, URLResolver):
            yield from pages(pattern.url_patterns)
        elif isinstance(pattern, URLPattern) and pattern.name:
            yield pattern.name, list(pattern.pattern.converters or pattern.pattern.regex.groupindex)


def named(model: type[Model]) -> str:
    return f"{model._meta.app_label}_{model._meta.model_name}"


ROWS = {f"{name}_{page}": row for name, m in MODELS.items() for page, row in m.rows().items()}
ROWS |= PAGES
REGISTERED: dict[str, tuple[type[Model], Any]] = {
    named(model): (model, made) for model, made in admin.site._registry.items()
}


def test_every_page_is_in_the_table_and_the_table_holds_nothing_else() -> None:
    assert {name for name, _ in pages()} == ROWS.keys() | OPEN


def test_every_action_is_in_the_table_and_the_table_holds_nothing_else() -> None:
    actions = {
        (model, name)
        for model, (_, model_admin) in REGISTERED.items()
        for _, name, _ in model_admin._get_base_actions()
        if name != "delete_selected"
    }
    assert actions == ACTIONS.keys()


def address(name: str, takes: list[str], row: Row) -> str:
    fixed = {
        "sequence": 1,
        "app_label": "predictions",
        "form": "csv",
        "what": "question",
    }
    args = [*_rows(name, takes), *(fixed[parameter] for parameter in takes if parameter in fixed)]
    return reverse(f"admin:{name}", args=args, query=row.query)


def _rows(name: str, takes: list[str]) -> list[Any]:
    """The keys of the rows that an address names: of the first one, if it is not one of a kind."""
    if "outcome" in takes:
        return list(Outcome.objects.current().values_list("question", "pk")[0])
    if "proposal" in takes:
        return list(Proposal.objects.values_list("question", "pk")[0])
    if name == "predictions_article_text":
        return [ArticleText.objects.get().pk]
    if not {"pk", "object_id", "id"} & set(takes):
        return []
    about = [model for named, (model, _) in REGISTERED.items() if name.startswith(f"{named}_")]
    model = about[0] if about else User
    first = model._default_manager.order_by("pk").first()
    assert first is not None, f"the test has no row of {model}"
    return [first.pk]


def visitor(who: str) -> Client:
    """Somebody who has this role alone, and has sent the file that waits; a superuser, or somebody
    without any."""
    client = Client()
    user = User.objects.get(username="ada") if who == "superuser" else member("mo", who)
    client.force_login(user)
    Upload.objects.update(by=user)
    return client


def wrong(response: Any, allowed: Who, who: str) -> str:
    """What is wrong with an answer; nothing, if it lets in who is allowed and tells who is not."""
    if who in allowed:
        to_sign_in = response.get("Location", "").startswith(reverse("admin:login"))
        fine = response.status_code in _NOT_REFUSED and not to_sign_in
        return "" if fine else f"{response.status_code}, though allowed"
    if response.status_code != 403:
        return f"{response.status_code}, though not allowed"
    said = text_of(response)
    if not allowed & GROUPS:
        told = (
            "is not possible here, not even for superusers"
            if allowed == NOBODY
            else "is for superusers alone"
        )
        return "" if told in said else f"not told that it {told}: {said}"
    needs = _NEEDS.search(said)
    roles = set(re.split(", | or ", needs[1])) if needs else set()
    fine = needs is not None and roles == allowed & GROUPS and needs[2] == who
    return "" if fine else f"told otherwise: {said}"


ADDRESSED = [(name, takes) for name, takes in pages() if name not in OPEN]


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("who", [*sorted(GROUPS), "superuser"])
def test_every_page_lets_in_who_may_and_names_the_role_to_who_may_not(who: str) -> None:
    client = visitor(who)
    problems = []
    for name, takes in ADDRESSED:
        row = ROWS[name]
        where = address(name, takes, row)
        if problem := wrong(client.get(where), row.opens, who):
            problems.append(f"GET {name}: {problem}")
        if row.acts is not None and (problem := wrong(_posted(client, where), row.acts, who)):
            problems.append(f"POST {name}: {problem}")
    assert not problems, "\n".join(problems)


def _posted(client: Client, where: str) -> Any:
    """What an empty form is answered; what it did is undone, as other pages need the rows."""
    with transaction.atomic():
        answer = client.post(where)
        transaction.set_rollback(True)
    return answer


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("who", [*sorted(GROUPS), "superuser"])
def test_every_action_is_done_for_who_may_and_names_the_role_to_who_may_not(who: str) -> None:
    client = visitor(who)
    problems = []
    for model, name in ACTIONS:
        row = REGISTERED[model][0]._default_manager.first()
        assert row is not None
        data = {"action": name, "_selected_action": [str(row.pk)]}
        response = client.post(reverse(f"admin:{model}_changelist"), data)
        if problem := wrong(response, ACTIONS[model, name], who):
            problems.append(f"{name} of {model}: {problem}")
    assert not problems, "\n".join(problems)


@pytest.mark.usefixtures("filled")
def test_nobody_deletes_in_bulk_and_everybody_is_told_so() -> None:
    client = visitor("superuser")
    for model, (kind, _) in REGISTERED.items():
        row = kind._default_manager.first()
        assert row is not None
        data = {"action": "delete_selected", "_selected_action": [str(row.pk)]}
        response = client.post(reverse(f"admin:{model}_changelist"), data)
        assert not wrong(response, NOBODY, "superuser"), model
        assert kind._default_manager.filter(pk=row.pk).exists()


@pytest.mark.usefixtures("filled")
def test_strangers_are_sent_to_sign_in_and_who_has_no_role_is_told_so_on_every_page() -> None:
    nobody = visitor("nothing")
    for name, takes in ADDRESSED:
        where = address(name, takes, ROWS[name])
        for method in ("get", "post"):
            asked = getattr(Client(), method)(where)
            assert asked.status_code == 302, name
            assert asked["Location"].startswith(reverse("admin:login")), name
            told = getattr(nobody, method)(where)
            assert told.status_code == 403, name
            assert "Your account has no role yet" in text_of(told), name
