"""Erasing who somebody is. The log keeps its entries; what they commit to is deleted.

What a forecaster predicted, and how it scored, stays: it is said of nobody any more.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Q, QuerySet

from ledger import parts
from ledger.parts import ERASED
from predictions.errors import Conflict, Invalid, NotFound
from predictions.models import Article, Fact, Forecaster, Message, Subscription, User
from predictions.models.choices import ErasureReason, MessageState
from predictions.services.posting import post_erased
from predictions.services.scrubbing import Words, copies_count, copies_scrub
from predictions.services.sign_ins import sign_ins_erase
from predictions.services.sweeps import take_turns
from predictions.services.texts import texts_drop, texts_to_drop
from predictions.services.two_factor import two_factor_forget

_Erasable = TypeVar("_Erasable", Forecaster, Article)
_NOWHERE = "erased.invalid"  # RFC 2606: no mail is ever delivered there


@dataclass(frozen=True)
class Erasure:
    """What an erasure deletes or did: parts, operational rows, and what it cannot reach.

    `entry` is the uuid of the entry that says so; None beforehand, and for a user, whom no entry
    names. `in_clear` are columns whose value stands in entries in clear: they were recorded before
    parts were kept apart, and no entry can be changed. `in_delivery` are messages that a mail
    server may be taking at this moment, as they were.
    """

    entry: UUID | None
    parts: int
    copies: int
    in_clear: tuple[str, ...] = ()
    in_delivery: int = 0


@transaction.atomic
def forecaster_erase(
    *, forecaster: Forecaster, reason: str, by: User | None, now: dt.datetime
) -> Erasure:
    """Erase a forecaster's key, name and note, for one of `ErasureReason`.

    Kept texts of articles that name them are deleted. Their predictions, statements and scores
    stay, and count as those of "(erased)". Raises Conflict if they were erased already, Invalid
    (naming the field).
    """
    _take_all_turns()
    row = _locked(Forecaster, forecaster)
    key = _free_key(row)
    return _erase(row, {"key": key, "name": ERASED, "note": ""}, reason, by, now)


@transaction.atomic
def article_byline_erase(
    *, article: Article, reason: str, by: User | None, now: dt.datetime
) -> Erasure:
    """Erase an article's byline, for one of `ErasureReason`, and its text, if that was kept.

    The rest of the article stays. Raises Conflict if it was erased already, Invalid (naming the
    field).
    """
    _take_all_turns()
    return _erase(_locked(Article, article), {"byline": ERASED}, reason, by, now)


def erasure_preview(*, row: Forecaster | Article, now: dt.datetime) -> Erasure:
    """What erasing a forecaster or an article's byline would delete, as it stands."""
    words = _words_of(row, {})
    return Erasure(
        entry=None,
        parts=len(parts.parts_of(row.pk)),
        copies=copies_count(words) + len(texts_to_drop(row, words)),
        in_clear=_in_clear(row),
        in_delivery=_in_delivery(now).count(),
    )


def _erase(
    row: Forecaster | Article,
    placeholders: Mapping[str, str],
    reason: str,
    by: User | None,
    now: dt.datetime,
) -> Erasure:
    if reason not in ErasureReason.values:
        raise Invalid("reason", f"{reason!r} is not one of {', '.join(ErasureReason.values)}")
    in_clear = _in_clear(row)
    words = _words_of(row, placeholders)
    copies = copies_scrub(words) + texts_drop(row, words)
    for field, placeholder in placeholders.items():
        setattr(row, field, placeholder)
    # Last: a row whose key changes holds up whoever records something about it.
    entry = post_erased(by=by, row=row, about={"reason": reason})
    return Erasure(
        entry=entry,
        parts=parts.erase(owner=row.pk, entry=entry),
        copies=copies,
        in_clear=in_clear,
        in_delivery=_in_delivery(now).count(),
    )


def _locked(model: type[_Erasable], row: Fact) -> _Erasable:
    """The row as it is now, held: of two erasures at once the second finds it erased."""
    locked = model._default_manager.select_for_update(no_key=True).filter(pk=row.pk).first()
    if locked is None:
        raise NotFound(f"there is no {model._meta.verbose_name} {row.pk}")
    if locked.is_erased:
        raise Conflict(f"{locked.subject} was erased already")
    return locked


def _free_key(forecaster: Forecaster) -> str:
    keys = forecaster.erased_keys
    taken = set(Forecaster.objects.filter(key__in=keys).values_list("key", flat=True))
    return next(key for key in keys if key not in taken)


def _words_of(row: Fact, placeholders: Mapping[str, str]) -> Words:
    """Everything personal that the row's columns hold or have held.

    Reasons for amendments are parts of the row as well, but no words to look for: one may be
    "wrong", which many a mail says.
    """
    known = [*parts.parts_of(row.pk), *((field, getattr(row, field)) for field in row.personal)]
    columns = [(field, word) for field, word in known if field in row.personal]
    return Words({word: placeholders.get(field) or ERASED for field, word in columns})


def _in_clear(row: Fact) -> tuple[str, ...]:
    known = set(parts.parts_of(row.pk))
    held = ((field, getattr(row, field)) for field in row.personal)
    return tuple(field for field, value in held if value and (field, value) not in known)


def _in_delivery(now: dt.datetime) -> QuerySet[Message]:
    return Message.objects.filter(state=MessageState.CLAIMED, due_at__gt=now)


def _take_all_turns() -> None:
    """No message is being written meanwhile that could still hold what is erased here."""
    for name in ("reminders", "reports"):
        take_turns(name)


@transaction.atomic
def user_erase(*, user: User, by: User | None, now: dt.datetime) -> Erasure:
    """Erase who a user is, and end all that they may do. The ledger knows them as `user:<id>`.

    Raises Conflict if they were erased already, or are the last active superuser.
    """
    _take_all_turns()
    locked = _locked_user(user)
    name = _free_username(locked)
    words = _words_of_user(locked)
    in_delivery = _theirs(locked).filter(pk__in=_in_delivery(now)).count()
    copies = _give_up_mail(locked, name) + copies_scrub(words)
    _end_access(locked, name, now)
    _blank(locked, name)
    _note(locked, by)
    return Erasure(entry=None, parts=0, copies=copies, in_delivery=in_delivery)


def user_erasure_preview(*, user: User, now: dt.datetime) -> Erasure:
    """What erasing a user would scrub, as it stands."""
    theirs = _theirs(user)
    return Erasure(
        entry=None,
        parts=0,
        copies=theirs.count() + copies_count(_words_of_user(user)),
        in_delivery=theirs.filter(pk__in=_in_delivery(now)).count(),
    )


def _locked_user(user: User) -> User:
    # All of them: two erasures at once must not each take the other for the one that is left.
    superusers = list(
        User.objects.select_for_update(no_key=True)
        .filter(Q(is_superuser=True, is_active=True) | Q(pk=user.pk))
        .order_by("pk")
    )
    locked = next((one for one in superusers if one.pk == user.pk), None)
    if locked is None:
        raise NotFound(f"there is no user {user.pk}")
    if locked.username.startswith("erased-") and not locked.email and not locked.is_active:
        raise Conflict(f"user:{locked.pk} was erased already")
    if locked.is_superuser and locked.is_active and len(superusers) == 1:
        raise Conflict(
            f"{locked.username} is the last active superuser; make another one first "
            "(manage.py createsuperuser)"
        )
    return locked


def _free_username(user: User) -> str:
    name = f"erased-{user.pk}"
    while User.objects.filter(username=name).exclude(pk=user.pk).exists():
        name += "-"
    return name


def _words_of_user(user: User) -> Words:
    return Words({user.email: ERASED, user.get_full_name(): ERASED})


def _theirs(user: User) -> QuerySet[Message]:
    """The messages to a user: also to an earlier address, and not to who shares the address."""
    theirs = Q(reminders__recipient=user) | Q(report__subscription__user=user)
    others = User.objects.filter(email__iexact=user.email).exclude(pk=user.pk)
    if user.email and not others.exists():
        theirs |= Q(recipient__iexact=user.email)
    return Message.objects.filter(pk__in=Message.objects.filter(theirs).values("pk"))


def _give_up_mail(user: User, name: str) -> int:
    theirs = list(_theirs(user).values_list("pk", flat=True))
    messages = Message.objects.filter(pk__in=theirs)
    messages.update(recipient=f"{name}@{_NOWHERE}", last_error="")
    messages.exclude(state=MessageState.SENT).update(
        state=MessageState.WITHDRAWN, last_error="the recipient was erased"
    )
    return len(theirs)


def _end_access(user: User, name: str, now: dt.datetime) -> None:
    user.groups.clear()
    user.user_permissions.clear()
    for token in user.api_tokens.all():
        token.name = f"{name}-{token.pk}"
        token.revoked_at = token.revoked_at or now
        token.save(update_fields=["name", "revoked_at"])
    Subscription.objects.filter(user=user, ended_at__isnull=True).update(ended_at=now)
    two_factor_forget(user=user)
    sign_ins_erase(user=user)


def _blank(user: User, name: str) -> None:
    # The admin's log names its objects as they were, such as a subscription by its user.
    copies_scrub(Words({user.username: ERASED}), within=(LogEntry,))
    user.username = name
    user.first_name = user.last_name = user.email = ""
    user.time_zone = "UTC"
    user.last_login = None
    user.calendar_key = None
    user.is_active = user.is_staff = user.is_superuser = False
    user.set_unusable_password()
    user.save()


def _note(user: User, by: User | None) -> None:
    """Who did it, in the admin's log: no entry of the ledger is about a user."""
    if by is not None:
        LogEntry.objects.create(
            user_id=by.pk,
            content_type=ContentType.objects.get_for_model(User),
            object_id=str(user.pk),
            object_repr=user.username,
            action_flag=CHANGE,
            change_message="Erased.",
        )
