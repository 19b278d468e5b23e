"""How a topic's questions are reminded of, set by whoever adjudicates."""

import pytest

from predictions import services
from predictions.models import ReminderPolicy, Topic
from tests.admin.conftest import member
from tests.admin.pages import Pages, text_of

WANTED = {"before": "3, 14", "every": "5", "escalate_after": "30"}


@pytest.fixture
def topic(db: None) -> Topic:
    return services.topic_record(key="harvest", name="Harvest", by=None)


def test_an_adjudicator_sets_changes_and_removes_a_policy(desk: Pages, topic: Topic) -> None:
    desk.client.force_login(member("jo", "adjudicator"))
    desk.post("predictions_reminderpolicy_add", data={"topic": topic.key, **WANTED})
    policy = ReminderPolicy.objects.get()
    assert (policy.topic, policy.before, policy.every) == (topic, [14, 3], 5)
    assert policy.escalate_after == 30
    assert 'value="14, 3"' in desk.get("predictions_reminderpolicy_change", policy.pk).text
    emptied = {"before": "", "every": "", "escalate_after": ""}
    desk.post("predictions_reminderpolicy_change", policy.pk, data=emptied)
    policy.refresh_from_db()
    assert (policy.topic, policy.before, policy.every) == (topic, [], None)
    assert policy.escalate_after is None
    shown = text_of(desk.get("predictions_reminderpolicy_changelist"))
    assert "none never again never" in shown
    desk.post("predictions_reminderpolicy_delete", policy.pk, data={"post": "yes"})
    assert not ReminderPolicy.objects.exists()


def test_a_new_policy_begins_as_the_settings_are(desk: Pages) -> None:
    form = desk.get("predictions_reminderpolicy_add").context["adminform"].form
    assert form["before"].value() == "7"
    assert (form["every"].value(), form["escalate_after"].value()) == (7, 14)


@pytest.mark.parametrize("given", ["soon", "0", "7;3", "-1", "3651", "9" * 40, "1.5", "²"])
def test_what_is_no_list_of_days_is_refused_and_named(
    desk: Pages, topic: Topic, given: str
) -> None:
    data = {"topic": topic.key, **WANTED, "before": given}
    page = desk.post("predictions_reminderpolicy_add", data=data)
    assert list(page.context["adminform"].form.errors) == ["before"]
    assert "write it as 14, 3, 1" in text_of(page)
    assert not ReminderPolicy.objects.exists()


@pytest.mark.parametrize("field", ["every", "escalate_after"])
@pytest.mark.parametrize("given", ["0", "soon", "-2", "99999999"])
def test_what_is_no_number_of_days_is_refused_and_named(
    desk: Pages, topic: Topic, field: str, given: str
) -> None:
    data = {"topic": topic.key, **WANTED, field: given}
    page = desk.post("predictions_reminderpolicy_add", data=data)
    assert list(page.context["adminform"].form.errors) == [field]
    assert "give one from 1 to 3,650, or nothing" in text_of(page)
    assert not ReminderPolicy.objects.exists()


@pytest.mark.parametrize("given", ["", "hay", "harvest x"])
def test_what_is_no_topic_is_refused_and_named(desk: Pages, topic: Topic, given: str) -> None:
    page = desk.post("predictions_reminderpolicy_add", data={**WANTED, "topic": given})
    assert list(page.context["adminform"].form.errors) == ["topic"]
    assert "the key of" in text_of(page)
    assert not ReminderPolicy.objects.exists()


def test_a_topic_has_one_policy(desk: Pages, topic: Topic) -> None:
    ReminderPolicy.objects.create(topic=topic)
    page = desk.post("predictions_reminderpolicy_add", data={"topic": topic.key, **WANTED})
    assert "change that one instead" in text_of(page)
    assert ReminderPolicy.objects.count() == 1
