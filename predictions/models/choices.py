"""The closed sets of words that columns hold. Each is checked by the database as well."""

from django.db import models


class Weight(models.TextChoices):
    YES = "yes", "for yes"
    NO = "no", "for no"
    SETTLES = "settles"
    CONTEXT = "context"


class VoidReason(models.TextChoices):
    CONDITION_NOT_MET = "condition_not_met", "condition not met"
    AMBIGUOUS = "ambiguous", "ambiguous"
    WITHDRAWN = "withdrawn", "withdrawn"


class ProposalState(models.TextChoices):
    WAITING = "waiting"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    OVERTAKEN = "overtaken", "overtaken by another outcome"


class MessageKind(models.TextChoices):
    REMINDER = "reminder"
    REPORT = "report"
    CONFIRM = "confirm", "asks whether somebody subscribed"
    TEST = "test"


class MessageState(models.TextChoices):
    WAITING = "waiting"
    CLAIMED = "claimed"
    SENT = "sent"
    DEAD = "dead", "given up"
    WITHDRAWN = "withdrawn", "taken back before it went out"


class SuspensionReason(models.TextChoices):
    BOUNCED = "bounced", "its mail came back"
    COMPLAINED = "complained", "its reader complained"
    BY_HAND = "by_hand", "somebody asked for it"


class Period(models.TextChoices):
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"


class ReportScope(models.TextChoices):
    ALL = "all", "everything"
    FORECASTER = "forecaster"
    OUTLET = "outlet"
    TOPIC = "topic"


class Scope(models.TextChoices):
    READ = "read"
    RECORD = "record"
    ADJUDICATE = "adjudicate"


class QuestionKind(models.TextChoices):
    BINARY = "binary"
    CHOICE = "choice", "multiple choice"
    NUMERIC = "numeric"
    DATE = "date"


class HorizonBasis(models.TextChoices):
    STATED = "stated", "stated in the source"
    EDITORIAL = "editorial"


class Basis(models.TextChoices):
    STATED = "stated", "a number in the text"
    VERBAL = "verbal", "read off words"
    EDITORIAL = "editorial"


class StatementKind(models.TextChoices):
    UNSCORABLE = "unscorable"
    ABSTAINED = "abstained"


class UnscorableReason(models.TextChoices):
    COMPARISON = "comparison", "a comparison"
    FEELINGS = "feelings", "about feelings"
    MAXIM = "maxim", "a maxim"
    NAMES_NOBODY = "names_nobody", "names nobody"
    NAMES_NO_EVENT = "names_no_event", "names no event"
    NAMES_NO_EVENT_OR_DATE = "names_no_event_or_date", "names no event or date"
    VALUE_JUDGEMENT = "value_judgement", "a judgement of worth"
    ABSTENTION = "abstention", "an explicit abstention"


class Rule(models.TextChoices):
    BRIER = "brier", "Brier score"
    LOG = "log", "log score"
    RPS = "rps", "ranked probability score"
    CRPS = "crps", "continuous ranked probability score"


class ForecasterKind(models.TextChoices):
    PERSON = "person"
    BYLINE = "byline"
    ORGANISATION = "organisation"
    MODEL = "model"
    CROWD = "crowd"
    UNKNOWN = "unknown"


class Side(models.TextChoices):
    YES = "yes"
    NO = "no"


class ErasureReason(models.TextChoices):
    """Why somebody was erased. Closed, as it stands in the ledger: free words could name them."""

    REQUEST = "request", "the person asked for it"
    COURT_ORDER = "court_order", "a court or an authority ordered it"
    MISTAKE = "mistake", "should not have been recorded"


class UploadState(models.TextChoices):
    """How far an upload has come."""

    PREVIEWED = "previewed", "waits for a yes"
    QUEUED = "queued", "is being recorded"
    RECORDED = "recorded", "was recorded"
    REFUSED = "refused", "was not recorded"
