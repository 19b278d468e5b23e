"""`Idempotency-Key`: a request that is sent again is answered again and not done twice.

The key's row is made first, in the transaction of the write. Of two requests at once the second
waits on its unique constraint, until the first has committed (then it replays the answer) or was
rolled back (then it does the work itself). What was refused leaves no row: it may be mended and
sent again under the same key.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Callable
from typing import Any

from django.db import transaction
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from predictions.api.problems import KeyReused
from predictions.models import IdempotencyKey

HEADER = "Idempotency-Key"
MAX_LENGTH = 200


def once(request: Request, act: Callable[[], Response], *, now: dt.datetime) -> Response:
    """The answer of `act`, which is called at most once for a token and key."""
    key = request.headers.get(HEADER)
    if key is None:
        return act()
    if not (key.isascii() and key.isprintable() and 1 <= len(key) <= MAX_LENGTH):
        raise ValidationError({HEADER: [f"must be 1 to {MAX_LENGTH} printable ASCII characters"]})
    digest = _digest(request)
    token: Any = request.auth
    with transaction.atomic():
        kept, is_new = IdempotencyKey.objects.get_or_create(
            token=token,
            key=key,
            defaults={"request_digest": digest, "status": 0, "body": {}, "created_at": now},
        )
        if is_new:
            return _keep(kept, act())
    if kept.request_digest != digest:
        raise KeyReused
    return _replay(kept)


def _keep(kept: IdempotencyKey, response: Response) -> Response:
    kept.status = response.status_code
    # As text, since a JSON column would set the keys in an order of its own.
    kept.body = {
        "text": JSONRenderer().render(response.data).decode(),
        "location": response["Location"],
    }
    kept.save(update_fields=["status", "body"])
    return response


def _replay(kept: IdempotencyKey) -> Response:
    headers = {"Location": kept.body["location"], "Idempotent-Replayed": "true"}
    return Response(json.loads(kept.body["text"]), status=kept.status, headers=headers)


def _digest(request: Request) -> str:
    """Of what is asked, however it is spelt: the order of keys and white space do not count."""
    asked: list[Any] = [request.method, request.path, request.data]
    return hashlib.sha256(json.dumps(asked, sort_keys=True, default=str).encode()).hexdigest()
