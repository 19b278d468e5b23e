"""So often an hour, and not more: counted in Redis, which all processes share."""

import datetime as dt
import ipaddress

import redis
from django.conf import settings

_HOUR = 3_600


def minutes_to_wait(doing: str, address: str, *, most: int, now: dt.datetime) -> int:
    """Minutes until a network address may do this again; 0 if it may now, which is counted.

    Hours are those of the clock. Raises redis.RedisError if nothing can be counted.
    """
    hour, passed = divmod(int(now.timestamp()), _HOUR)
    key = f"throttle:{doing}:{_network(address)}:{hour}"
    # A Unix socket's address, as Celery writes it and as redis-py does.
    url = settings.REDIS_URL.replace("redis+socket://", "unix://", 1)
    with redis.Redis.from_url(url, socket_timeout=2) as client:
        counted, _ = client.pipeline().incr(key).expire(key, _HOUR).execute()
    return 0 if counted <= most else -(-(_HOUR - passed) // 60)


def _network(address: str) -> str:
    """Of version 6 the half that a household has: the rest it changes as it likes."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address  # of a socket, which has none
    return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else address
