"""Settings of mail that mean nothing are found out at the start, not one message at a time."""

import os
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured


@pytest.mark.parametrize(
    ("name", "value"),
    [("EMAIL_URL", "smtp://u:secret@smtp..example.org:25"), ("DEFAULT_FROM_EMAIL", "Ledger")],
)
def test_a_mistyped_setting_stops_the_service_and_gives_up_no_message(
    name: str, value: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import config.settings"],
        env={**os.environ, name: value},
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stderr.rpartition(ImproperlyConfigured.__name__)[2]
    assert f": {name} " in said
    assert "secret" not in said
