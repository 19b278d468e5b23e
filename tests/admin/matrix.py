"""Who may do what in the admin, page by page: the table that `test_matrix` holds it to.

A page goes by the name of its address. One that is added without a row here fails the test:

- a model with an admin: a row in `MODELS`, for the pages that every model of its kind has;
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
EXPORTERS = only("editor", "adjudicator", "auditor")


@dataclass(frozen=True)
class Row:
    """Who may open a page, and who may act there, if there is something to do; and what its
    address goes with."""

    opens: Who
    acts: Who | None
    query: Mapping[str, str] = field(default_factory=dict)


def act(who: Who) -> Row:
    return Row(who, who)


def read(who: Who) -> Row:
    return Row(who, None)


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
            "export": read(self.looks & EXPORTERS),
            "export_as": read(self.looks & EXPORTERS),
        }


@dataclass(frozen=True)
class Fact(Model):
    """Who may amend rows that are in the ledger, if anybody; they have proofs, and keys maybe."""

    looks: Who = EVERYBODY
    amends: Who = NOBODY
    keyed: bool = False

    def rows(self) -> dict[str, Row]:
        return {
            **super().rows(),
            "proofs": read(self.looks),
            **({"amend": act(self.amends)} if self.amends else {}),
            **({"suggest": read(self.looks)} if self.keyed else {}),
        }


LOG, NOTICE, PEOPLE = Model(EVERYBODY), Model(AUDITORS), Model(AUDITORS, SUPERUSERS, SUPERUSERS)
KEYED = Fact(adds=EDITORS, amends=EDITORS, keyed=True)
READ, SAID = Fact(), Fact(amends=EDITORS)

MODELS = {
    "ledger_entry": LOG,
    "ledger_checkpoint": LOG,
    "predictions_topic": KEYED,
    "predictions_outlet": KEYED,
    "predictions_article": KEYED,
    "predictions_forecaster": KEYED,
    "predictions_question": KEYED,
    "predictions_event": Fact(adds=RECORDERS, amends=EDITORS, keyed=True),
    "predictions_phrase": Fact(amends=ADJUDICATORS),
    "predictions_prediction": SAID,
    "predictions_statement": SAID,
    "predictions_bearing": SAID,
    "predictions_outcome": READ,
    "predictions_review": READ,
    "predictions_score": READ,
    "predictions_proposal": Model(EXPORTERS),
    "predictions_upload": Model(EXPORTERS, adds=EDITORS, changes=EDITORS),
    "predictions_message": NOTICE,
    "predictions_report": NOTICE,
    "predictions_reminderpolicy": Model(EXPORTERS, ADJUDICATORS, ADJUDICATORS),
    "predictions_subscription": Model(AUDITORS, adds=SUPERUSERS),
    "predictions_suspension": Model(AUDITORS, adds=SUPERUSERS),
    "predictions_verification": NOTICE,
    "predictions_apitoken": NOTICE,
    "axes_accessattempt": NOTICE,
    "axes_accessfailurelog": NOTICE,
    "axes_accesslog": NOTICE,
    "predictions_user": PEOPLE,
    "auth_group": PEOPLE,
}

ACTIONS = {
    ("predictions_question", "still_open"): RECORDERS,
    ("predictions_question", "snooze"): RECORDERS,
    ("predictions_question", "extend"): EDITORS,
    ("predictions_question", "reassign"): EDITORS,
    ("predictions_question", "enter_outcomes"): ADJUDICATORS,
    ("predictions_message", "retry"): SUPERUSERS,
    ("predictions_suspension", "lift"): SUPERUSERS,
    ("predictions_subscription", "ask_again"): SUPERUSERS,
    ("predictions_subscription", "end"): SUPERUSERS,
    ("predictions_apitoken", "revoke"): SUPERUSERS,
    ("predictions_user", "sign_out"): SUPERUSERS,
    ("predictions_user", "lose_device"): SUPERUSERS,
    ("axes_accessattempt", "release"): SUPERUSERS,
}

PAGES = {
    "index": read(EVERYBODY),
    "app_list": read(EVERYBODY),
    "search": read(EVERYBODY),
    "autocomplete": Row(
        EVERYBODY,
        EVERYBODY,
        {"app_label": "predictions", "model_name": "prediction", "field_name": "question"},
    ),
    "find": read(EVERYBODY),
    "password_change": act(EVERYBODY),
    "password_change_done": read(EVERYBODY),
    "two_factor": act(EVERYBODY),
    "two_factor_codes": act(EVERYBODY),
    "two_factor_remove": act(EVERYBODY),
    "sign_ins": act(EVERYBODY),
    "calendar": act(EVERYBODY),
    "auth_user_password_change": act(SUPERUSERS),
    "ledger_entry_receipt": read(EVERYBODY),
    # The page of a question shows, whatever it is sent.
    "predictions_question_change": read(EVERYBODY),
    "predictions_question_propose": act(RECORDERS),
    # Of somebody else's proposal; everybody may take back their own.
    "predictions_question_decline": act(ADJUDICATORS),
    "predictions_question_outcome": act(ADJUDICATORS),
    "predictions_question_outcomes": act(ADJUDICATORS),
    "predictions_question_correct": act(ADJUDICATORS),
    "predictions_question_withdraw": act(ADJUDICATORS),
    "predictions_question_extend": act(EDITORS),
    "predictions_question_reassign": act(EDITORS),
    "predictions_question_predict": act(EDITORS),
    "predictions_question_review": act(RECORDERS),
    "predictions_question_reviews": act(RECORDERS),
    "predictions_question_snooze": act(RECORDERS),
    "predictions_question_extend_several": act(EDITORS),
    "predictions_question_reassign_several": act(EDITORS),
    "predictions_question_link": act(RECORDERS),
    # It goes back to what the settings say.
    "predictions_reminderpolicy_delete": act(ADJUDICATORS),
    "predictions_article_record": act(EDITORS),
    "predictions_article_text": read(RECORDERS),
    "predictions_upload_template": read(EVERYBODY),
    "predictions_message_retry": act(SUPERUSERS),
    # Of a file of one's own.
    "predictions_upload_cancel": act(EDITORS),
    # Seen by who may see mail; a test of it is sent by who may change things.
    "predictions_subscription_preview": Row(AUDITORS, SUPERUSERS),
    "predictions_user_reminder": Row(AUDITORS, SUPERUSERS),
    "predictions_verification_ask": act(AUDITORS),
    "predictions_verification_ledger": read(AUDITORS),
}

# What leads in or out, for whom it may concern, each with tests of its own; and the way from a row
# to a page elsewhere, which no row has.
OPEN = {"login", "second_step", "logout", "jsi18n", "view_on_site"}
