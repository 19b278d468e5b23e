"""Who may do what in the admin, page by page: the table that `test_matrix` holds it to.

A page goes by the name of its address. One that is added without a row here fails the test:

- a model with an admin: a row in `MODELS`, for the pages that Django makes for it;
- an action of a list: a row in `ACTIONS`;
- any other page: a row in `PAGES`; it overrules what `MODELS` says of its name.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

Who = frozenset[str]

GROUPS: Who = frozenset({"viewer", "editor", "adjudicator", "auditor"})
SUPERUSERS: Who = frozenset({"superuser"})
EVERYBODY = GROUPS | SUPERUSERS
NOBODY: Who = frozenset()


def only(*roles: str) -> Who:
    """These roles, and superusers as ever."""
    return SUPERUSERS | set(roles)


EDITORS, ADJUDICATORS, AUDITORS = only("editor"), only("adjudicator"), only("auditor")
RECORDERS = only("editor", "adjudicator")


@dataclass(frozen=True)
class Row:
    """Who may open a page, and who may act there; and what its address goes with."""

    opens: Who
    acts: Who
    query: Mapping[str, str] = field(default_factory=dict)


def act(who: Who) -> Row:
    return Row(who, who)


def read(who: Who) -> Row:
    """A page on which there is nothing to do: what is sent to it is answered as if it was not."""
    return Row(who, who)


@dataclass(frozen=True)
class Model:
    """Who may look at the rows of a model, add some, and change them. Nobody deletes any."""

    looks: Who
    adds: Who = NOBODY
    changes: Who = NOBODY

    def rows(self) -> dict[str, Row]:
        return {
            "changelist": read(self.looks),
            "history": read(self.looks),
            "change": Row(self.looks, self.changes),
            "add": act(self.adds),
            "delete": act(NOBODY),
        }


FACT, NOTICE, PEOPLE = Model(EVERYBODY), Model(AUDITORS), Model(AUDITORS, SUPERUSERS, SUPERUSERS)

MODELS = {
    "ledger_entry": FACT,
    "ledger_checkpoint": FACT,
    "predictions_topic": FACT,
    "predictions_outlet": FACT,
    "predictions_article": FACT,
    "predictions_forecaster": FACT,
    "predictions_phrase": FACT,
    "predictions_question": FACT,
    "predictions_prediction": FACT,
    "predictions_statement": FACT,
    "predictions_event": Model(EVERYBODY, adds=RECORDERS),
    "predictions_bearing": FACT,
    "predictions_outcome": FACT,
    "predictions_review": FACT,
    "predictions_score": FACT,
    "predictions_message": NOTICE,
    "predictions_report": NOTICE,
    "predictions_subscription": Model(AUDITORS, adds=SUPERUSERS),
    "predictions_verification": NOTICE,
    "predictions_apitoken": NOTICE,
    "predictions_user": PEOPLE,
    "auth_group": PEOPLE,
}

ACTIONS = {
    ("predictions_message", "retry"): SUPERUSERS,
    ("predictions_subscription", "confirm"): SUPERUSERS,
    ("predictions_subscription", "end"): SUPERUSERS,
    ("predictions_apitoken", "revoke"): SUPERUSERS,
}

PAGES = {
    "index": read(EVERYBODY),
    "app_list": read(EVERYBODY),
    "search": read(EVERYBODY),
    "view_on_site": read(EVERYBODY),
    "autocomplete": Row(
        EVERYBODY,
        EVERYBODY,
        {"app_label": "predictions", "model_name": "prediction", "field_name": "question"},
    ),
    "password_change": act(EVERYBODY),
    "password_change_done": read(EVERYBODY),
    "auth_user_password_change": act(SUPERUSERS),
    "ledger_entry_receipt": read(EVERYBODY),
    # The page of a question shows, whatever it is sent.
    "predictions_question_change": read(EVERYBODY),
    "predictions_question_outcome": act(ADJUDICATORS),
    "predictions_question_correct": act(ADJUDICATORS),
    "predictions_question_withdraw": act(ADJUDICATORS),
    "predictions_question_review": act(RECORDERS),
    "predictions_question_link": act(RECORDERS),
    "predictions_verification_ask": act(AUDITORS),
    "predictions_verification_export": read(AUDITORS),
}

# What leads in or out, for whom it may concern; each has tests of its own.
OPEN = {"login", "logout", "jsi18n"}
