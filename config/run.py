"""What `make run` ends in: from whatever state to a service that runs, in one process to stop.

Makes the database and the first administrator, loads the seeds, prints how things stand and where
they are, then runs web, worker and beat until Ctrl-C or SIGTERM.
"""

import logging
import os
import sys
import urllib.error
import urllib.request

from config import embedded
from config.supervisor import Child, PortTaken, require_free_port, supervise

HOST = "127.0.0.1"


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        port = _port()
        require_free_port(HOST, port)
        embedded.ensure()
    except (embedded.EmbeddedError, PortTaken, ValueError) as error:
        _complain(str(error))
        return 2
    return _serve(port)


def _port() -> int:
    text = os.environ.get("PORT") or "8000"
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise ValueError(f"PORT {text!r} is not a port; set it to a number from 1 to 65535")
    return int(text)


def _serve(port: int) -> int:
    import django
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management.base import CommandError
    from django.db import Error as DatabaseError

    from ledger.errors import LedgerError

    try:
        django.setup()
        account = _prepare()
    except (CommandError, DatabaseError, ImproperlyConfigured, LedgerError) as error:
        _complain(" ".join(str(error).split()))
        return 2
    _introduce(port, account)
    return supervise(
        _children(port),
        check=lambda: _answers(port),
        lost=embedded.lost,
        ready=lambda: print(f"\nReady: http://{HOST}:{port}", flush=True),
    )


def _prepare() -> tuple[str, str] | None:
    """Migrate, load the seeds, make the administrator; returns the sign-in if it is new."""
    from django.core.management import call_command
    from django.db import connection, transaction
    from django.utils import timezone

    from config.durability import insist
    from ledger import roles
    from predictions.services.accounts import administrator_ensure

    roles.ensure_service_role()  # before anything can be said as the service
    insist("make run", 2)
    # Two services that start at once on one database take turns.
    lock = "SELECT pg_advisory_{}(hashtext('prepare'))"
    with connection.cursor() as cursor:
        cursor.execute(lock.format("lock"))
        call_command("migrate", verbosity=0)
        email = os.environ.get("ADMIN_EMAIL") or "admin@localhost"
        # Both or neither: a password that is shown once must not be lost to a mistake in a file.
        with transaction.atomic():
            account = administrator_ensure(email=email, now=timezone.now())
            call_command("load_seeds")
        cursor.execute(lock.format("unlock"))
    return account


def _introduce(port: int, account: tuple[str, str] | None) -> None:
    from django.conf import settings
    from django.core.management import call_command

    print()
    call_command("scoreboard")
    site = f"http://{HOST}:{port}"
    print()
    for name, address in (
        ("Dashboard", f"{site}/"),
        ("Admin", f"{site}/admin/"),
        ("API", f"{site}/api/v1/"),
        ("API docs", f"{site}/api/docs/"),
        ("Data", str(settings.DATA_DIR)),
    ):
        print(f"  {name:<10}{address}")
    if (settings.DATA_DIR / "mail").is_dir():
        print(f"  {'Mail':<10}{settings.DATA_DIR / 'mail'}")
    if account:
        print(f"  {'Sign in':<10}{account[0]} / {account[1]}  (shown this once)")
    else:
        print(f"  {'Sign in':<10}as before; manage.py changepassword makes a new password")


def _children(port: int) -> list[Child]:
    from django.conf import settings

    # Who runs has no need of the owner's password, and cannot lose what it has not.
    environ = {name: value for name, value in os.environ.items() if name != embedded.OWNER_URL}
    schedule = settings.DATA_DIR / "run" / "beat-schedule"
    # Celery warns root at length; the bundled servers see to privileges themselves.
    quiet = ["-W", "ignore:You're running the worker with superuser"]
    celery = [sys.executable, *quiet, "-m", "celery", "--app", "config.celery", "--quiet"]
    return [
        Child(
            "worker",
            [*celery, "worker", "--loglevel", "WARNING", "--concurrency", "2"],
            environ,
        ),
        Child(
            "beat",
            [*celery, "beat", "--loglevel", "WARNING", "--schedule", str(schedule), "--pidfile="],
            environ,
        ),
        Child(
            "web",
            [
                *(sys.executable, "-m", "gunicorn", "config.wsgi"),
                *("--config", "python:config.gunicorn"),
                *("--bind", f"{HOST}:{port}", "--workers", "2", "--threads", "4"),
                *("--log-level", "warning", "--worker-tmp-dir", str(schedule.parent)),
                # No proxy stands before it, so nobody is believed to have come by TLS.
                *("--forwarded-allow-ips", ""),
            ],
            environ,
        ),
    ]


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}/healthz", timeout=1) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _complain(problem: str) -> None:
    sys.stderr.write(f"make run: {problem}\n")


if __name__ == "__main__":
    logging.captureWarnings(capture=True)
    sys.exit(main())
