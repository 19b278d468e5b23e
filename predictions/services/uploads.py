"""Files of predictions that are uploaded: previewed first, recorded once somebody agrees.

Operational: nothing here is in the ledger but what `predictions_import` records.
"""

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from predictions.errors import Conflict, Denied, Invalid, PredictionsError
from predictions.importing import Read, read
from predictions.models import Upload, User
from predictions.models.choices import UploadState
from predictions.services.imports import Preview, predictions_import, predictions_preview

Progress = Callable[[int, int], None]

# Shown of what there may be thousands of.
_SHOWN = 100
_FORGOTTEN_AFTER = dt.timedelta(days=1)
_ZIP = b"PK\x03\x04"


def upload_preview(*, name: str, content: bytes, by: User, now: dt.datetime) -> Upload:
    """Keep a file, with what recording it would do, until somebody agrees.

    Raises Invalid, naming `file`, and ImportRefused with each bad cell; then nothing is kept.
    """
    found = predictions_preview(read=_read(content), now=now)
    return Upload.objects.create(
        name=name[:200],
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
        by=by,
        at=now,
        preview=_shown(found),
        digest=found.digest,
        total=found.imported.predictions,
    )


def _read(content: bytes) -> Read:
    if len(content) > settings.UPLOAD_MEGABYTES * 1_000_000:
        raise Invalid("file", f"is larger than {settings.UPLOAD_MEGABYTES} MB; split it")
    if content.startswith(_ZIP):
        raise Invalid("file", "is a workbook (XLSX, ODS); save it as CSV, in UTF-8 with commas")
    lines = content.count(b"\n")
    if lines > settings.UPLOAD_ROWS + 1:
        most = f"{settings.UPLOAD_ROWS:,}"
        raise Invalid("file", f"has {lines:,} lines, and {most} are the most; split it")
    return read(content)


def _shown(found: Preview) -> dict[str, Any]:
    """What the page of an upload tells; of long lists the beginning."""
    imported = found.imported
    counts = ("topics", "forecasters", "questions", "predictions", "outcomes", "late", "early")
    return {
        **{name: getattr(imported, name) for name in (*counts, "known")},
        "new_questions": found.questions[:_SHOWN],
        "new_forecasters": found.forecasters[:_SHOWN],
        "warnings": [
            {"line": warning.line, "column": warning.column, "message": warning.message}
            for warning in imported.warnings[:_SHOWN]
        ],
        "warnings_count": len(imported.warnings),
    }


def upload_confirm(*, upload: Upload, digest: str, by: User, now: dt.datetime) -> Upload:
    """Record a previewed file: at once if it is short, else by the worker's next sweep.

    Raises Conflict if it is not waiting any more, if `digest` is not that of its preview, or if
    what would be recorded has changed since; Denied for another than who uploaded it, unless it
    holds outcomes, which are then `by`'s as the rest is the uploader's; and ImportRefused.
    """
    with transaction.atomic():
        waiting = Upload.objects.select_for_update().filter(pk=upload.pk).first()
        if waiting is None:
            raise Conflict("the upload was cancelled, or forgotten; upload the file again")
        if not waiting.preview["outcomes"]:
            _refuse_others(waiting, by)
        if waiting.state != UploadState.PREVIEWED:
            raise Conflict(f"{waiting.name} {waiting.get_state_display()} already")
        if digest != waiting.digest:
            raise Conflict("the preview that you saw is another; look at this one")
        waiting.state, waiting.agreed_by = UploadState.QUEUED, by
        waiting.save(update_fields=["state", "agreed_by"])
        if waiting.total <= settings.UPLOAD_AT_ONCE:
            _record(waiting, now)
    return waiting


def upload_cancel(*, upload: Upload, by: User) -> None:
    """Forget a file that waits; what is being recorded, or was, stays. Denied for others."""
    _refuse_others(upload, by)
    count, _ = Upload.objects.filter(pk=upload.pk, state=UploadState.PREVIEWED).delete()
    if not count:
        raise Conflict("the upload does not wait any more")


def _refuse_others(upload: Upload, by: User) -> None:
    if upload.by_id != by.pk:
        raise Denied("own-upload", f"{upload.name} is {upload.by}'s upload; upload it yourself")


def uploads_record(*, clock: Callable[[], dt.datetime]) -> int:
    """Record, one after the other, what was agreed to; returns how many were looked at.

    Does nothing while another does it: a sweep must not wait for a long one.
    """
    looked_at = 0
    with _turn() as mine:
        while mine and (upload := _next()):
            _try(upload, clock())
            looked_at += 1
    return looked_at


def upload_look_again(*, upload: Upload, now: dt.datetime) -> Upload:
    """What recording a waiting file would do now. Raises ImportRefused."""
    found = predictions_preview(read=read(bytes(upload.content)), now=now)
    upload.preview, upload.digest = _shown(found), found.digest
    upload.total = found.imported.predictions
    upload.save(update_fields=["preview", "digest", "total"])
    return upload


def uploads_forget(*, now: dt.datetime) -> int:
    """Forget files that nobody has agreed to for a day; returns how many."""
    left = Upload.objects.filter(state=UploadState.PREVIEWED, at__lt=now - _FORGOTTEN_AFTER)
    count, _ = left.delete()
    return count


@contextmanager
def _turn() -> Iterator[bool]:
    """Whether nobody else records uploads meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext('record uploads'))")
        [mine] = cursor.fetchone()
        try:
            yield mine
        finally:
            if mine:
                cursor.execute("SELECT pg_advisory_unlock(hashtext('record uploads'))")


def _next() -> Upload | None:
    return Upload.objects.filter(state=UploadState.QUEUED).order_by("at").first()


def _try(upload: Upload, now: dt.datetime) -> None:
    """Record it, or note why not; either way it is not tried again."""
    try:
        with transaction.atomic(), _told(upload) as progress:
            _record(upload, now, progress)
    except PredictionsError as error:
        upload.state, upload.problem, upload.content = UploadState.REFUSED, str(error), b""
        upload.save(update_fields=["state", "problem", "content"])


def _record(
    upload: Upload, now: dt.datetime, progress: Progress = lambda done, total: None
) -> None:
    imported = predictions_import(
        read=read(bytes(upload.content)),
        by=upload.by,
        judge=upload.agreed_by,
        now=now,
        agreed=upload.digest,
        progress=progress,
    )
    upload.state, upload.content, upload.done = UploadState.RECORDED, b"", imported.predictions
    upload.save(update_fields=["state", "content", "done"])


@contextmanager
def _told(upload: Upload) -> Iterator[Progress]:
    """Progress that others see, though what it tells of is not committed yet."""
    beside = connection.copy()

    def tell(done: int, total: int) -> None:
        with beside.cursor() as cursor:
            cursor.execute(
                "UPDATE predictions_upload SET done = %s WHERE id = %s", [done, upload.pk]
            )

    try:
        yield tell
    finally:
        beside.close()
