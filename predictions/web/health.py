"""`/healthz`: the process answers. `/readyz`: it can do its work, and what runs by itself does."""

import datetime as dt
from collections.abc import Callable

import redis
from django.conf import settings
from django.db import Error as DatabaseError
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from ledger.guards import unsafe_settings
from predictions.mail.watch import Clock, Running, running

# What is checked → the pass that must come round. The signer's does not end if it refuses.
_PASSES = {
    "sweep": "reminders",
    "reports": "reports",
    "deliveries": "deliveries",
    "checkpoint": "checkpoints",
}


@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """200 with every check `ok`, or 503 with what is wrong in words; and when each last ended."""
    checks = {"database": _tried(_database), "redis": _tried(_redis)}
    try:
        seen = running(timezone.now())
    except DatabaseError as error:
        checks |= dict.fromkeys((*_PASSES, "mail"), _failed(error))
        last = {}
    else:
        checks |= _passes(seen)
        last = {clock.name.removeprefix("last "): clock.at for clock in seen.clocks}
    ready = all(said == "ok" for said in checks.values())
    return JsonResponse(
        {"status": "ok" if ready else "unavailable", "checks": checks, "last": last},
        status=200 if ready else 503,
    )


def _tried(check: Callable[[], str]) -> str:
    try:
        return check()
    except (DatabaseError, redis.RedisError, OSError) as error:
        return _failed(error)


def _failed(error: Exception) -> str:
    # The class alone: the message may name hosts and users.
    return f"failed ({type(error).__name__})"


def _database() -> str:
    unsafe = " and ".join(unsafe_settings())
    return f"{unsafe} off: a crash could lose acknowledged entries" if unsafe else "ok"


def _redis() -> str:
    # A Unix socket's address, as Celery writes it and as redis-py does.
    url = settings.REDIS_URL.replace("redis+socket://", "unix://", 1)
    with redis.Redis.from_url(url, socket_timeout=2) as client:
        client.ping()
    return "ok"


def _passes(seen: Running) -> dict[str, str]:
    clocks = {clock.name: clock for clock in seen.sweeps}
    return {
        **{check: _came_round(clocks[name]) for check, name in _PASSES.items()},
        "mail": _mail(seen),
    }


def _came_round(clock: Clock) -> str:
    if clock.at is None:
        return "no sweep has ended yet"
    return f"late: the last one ended at {_written(clock.at)}" if clock.late else "ok"


def _mail(seen: Running) -> str:
    if seen.waiting_since is None:
        return "ok"
    return f"late: a message has waited since {_written(seen.waiting_since)}"


def _written(moment: dt.datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
