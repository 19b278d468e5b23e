"""The dead man's switch: a sign of life to somewhere else, which tells when it stays away.

Whatever stands on the desk is seen by who looks at it. A service that is down as a whole is noticed
only from outside, by one that expects to hear from it (Healthchecks and others).
"""

import datetime as dt
import logging
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.request import urlopen

from django.conf import settings

from predictions.mail.watch import running

logger = logging.getLogger(__name__)

_SECONDS = 5


def heartbeat_send(*, now: dt.datetime) -> bool:
    """GET `HEARTBEAT_URL`, if there is one and no mail is late; returns whether it was heard.

    Never raises for a failure: what is not heard there is what tells.
    """
    if not settings.HEARTBEAT_URL or running(now).mail_is_late:
        return False
    try:
        with urlopen(settings.HEARTBEAT_URL, timeout=_SECONDS):  # noqa: S310 -- of HTTP: `settings`
            return True
    except (OSError, HTTPException) as error:
        # Without the address: whoever knows it can give signs of life in our name.
        logger.warning("the heartbeat was not heard: %s", error)
        if isinstance(error, HTTPError):
            error.close()  # for it is also the answer
        return False
