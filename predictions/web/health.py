"""`/healthz`: the process answers. `/readyz`: it can do its work, and the sweeps come round."""

from collections.abc import Callable

import redis
from django.conf import settings
from django.db import Error as DatabaseError
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from ledger.guards import unsafe_settings
from predictions.models import Sweep


@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """200 with every check `ok`, or 503 with what is wrong in words."""
    checks = {
        name: _tried(check)
        for name, check in (
            ("database", _database),
            ("redis", _redis),
            ("sweep", _sweep),
            ("checkpoint", _checkpoint),
        )
    }
    ready = all(said == "ok" for said in checks.values())
    return JsonResponse(
        {"status": "ok" if ready else "unavailable", "checks": checks}, status=200 if ready else 503
    )


def _tried(check: Callable[[], str]) -> str:
    try:
        return check()
    except (DatabaseError, redis.RedisError, OSError) as error:
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


def _sweep() -> str:
    return _came_round("reminders")


def _checkpoint() -> str:
    """Red when the signer refuses: then its sweep does not end."""
    return _came_round("checkpoints")


def _came_round(name: str) -> str:
    last = Sweep.objects.filter(name=name).first()
    if last is None:
        return "no sweep has ended yet"
    if last.is_late(timezone.now()):
        return f"late: the last one ended at {last.ended_at:%Y-%m-%d %H:%M:%S} UTC"
    return "ok"
