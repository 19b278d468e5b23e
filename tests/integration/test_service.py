"""A newcomer's first minutes: start it, read what it prints and mails, stop it, start it again."""

import json
import signal
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests import prepared
from tests.integration.service import Service, left_behind, service, wait_for


def get(address: str) -> Any:
    with urllib.request.urlopen(address, timeout=10) as answer:
        return json.loads(answer.read())


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    # A space in the path, as on many a laptop.
    with service(tmp_path_factory.mktemp("first run") / "var") as one:
        one.wait_until_ready()
        yield one


def test_the_scored_table_and_the_sign_in_are_printed(running: Service) -> None:
    printed = running.printed()
    assert "All, on 18 questions" in printed
    assert "admin / " in printed
    assert "Traceback" not in printed
    assert "Warning" not in printed


def test_two_mails_arrive_by_themselves_a_reminder_and_a_report(running: Service) -> None:
    wait_for(lambda: len(running.mails()) >= 2, 60)
    mails = running.mails()
    assert sorted(mail["Subject"] for mail in mails) == [
        "2 questions are due for review: Q16, Q17",
        "Scored report, everything so far: 16 outcomes",
    ]
    for mail in mails:
        assert mail["To"] == "admin@localhost"
        parts = [part.get_content_type() for part in mail.walk()]
        both = ["multipart/alternative", "text/plain", "text/html"]
        # The picture stands within the HTML; the signed head and the scores go with it.
        pictured = [*both[:2], "multipart/related", "text/html", "image/png"]
        signed = "report" in str(mail["Subject"])
        files = ["text/plain", "text/csv"]
        assert parts == (["multipart/mixed", *pictured, *files] if signed else both)
    # Several sweeps later there are still two.
    assert running.manage("send_reminders").stdout.startswith("queued 0, sent 0")
    assert running.manage("send_reports").stdout.startswith("queued 0, sent 0")
    assert len(running.mails()) == 2


def test_the_dashboard_the_api_and_the_health_checks_answer(running: Service) -> None:
    assert get(f"{running.address}/healthz") == {"status": "ok"}
    wait_for(lambda: running.manage("scoreboard", "--json").returncode == 0, 10)
    assert get(f"{running.address}/readyz")["checks"]["checkpoint"] == "ok"
    total = get(f"{running.address}/api/v1/scoreboard/")["total"]
    assert (total["questions"], total["predictions"], total["scored"]) == (18, 19, 14)
    with urllib.request.urlopen(running.address, timeout=10) as answer:
        page = answer.read().decode()
    assert "The Sun, analysis said 10 % yes" in page


def test_the_commands_work_beside_it(running: Service) -> None:
    verified = running.manage("verify_ledger")
    assert (verified.returncode, verified.stdout.split(":")[0]) == (0, "intact")
    board = json.loads(running.manage("scoreboard", "--json").stdout)
    assert (board["total"]["unscorable"], board["total"]["abstained"]) == (8, 1)
    refused = running.manage("load_seeds", "--folder", "nowhere")
    assert refused.returncode == 2
    assert len(refused.stderr.strip().splitlines()) == 1


def test_the_head_is_signed_and_no_secret_is_printed(running: Service) -> None:
    secrets = running.folder / "secrets"
    key = (secrets / "ledger_key").read_text().strip()
    rotated = running.manage("rotate_key", "--reason", "a test")
    assert (rotated.returncode, rotated.stderr) == (0, "")
    assert rotated.stdout.splitlines()[1].strip().startswith("127.0.0.1/ledger+")
    new = (secrets / "ledger_key").read_text().strip()
    assert new != key
    logs = [path.read_text(errors="replace") for path in (running.folder / "log").iterdir()]
    for secret in (key, new):
        assert secret[-30:] not in "".join([running.printed(), rotated.stdout, *logs])
    for name in ("ledger_key", "ledger_state.json"):
        assert (secrets / name).stat().st_mode & 0o777 == 0o600


def test_a_port_that_is_taken_is_said_in_one_line(running: Service, tmp_path: Path) -> None:
    with service(tmp_path / "var", PORT=str(running.port)) as second:
        assert second.process.wait(timeout=30) == 2
        [line] = second.printed().splitlines()
    assert f"PORT {running.port}" in line
    assert not left_behind(tmp_path)


def test_it_stops_whole_at_either_signal_and_starts_again_with_its_data(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    prepared.begin(folder)
    with service(folder) as first:
        first.wait_until_ready()
        assert first.stop(signal.SIGINT) == 0
    assert not left_behind(folder)
    with service(folder) as again:
        again.wait_until_ready()
        assert "nothing new: all of it is recorded already" in again.printed()
        assert "(shown this once)" not in again.printed()
        assert again.manage("verify_ledger").returncode == 0
        assert again.stop(signal.SIGTERM) == 0
    assert not left_behind(folder)


def test_when_its_database_is_taken_away_for_good_it_ends_and_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    prepared.begin(folder)
    with service(folder) as running:
        running.wait_until_ready()
        [keeper] = [
            process
            for process in psutil.process_iter(["cmdline"])
            if (process.info["cmdline"] or [])[1:3] == ["-m", "config.keeper"]
            and str(folder) in process.info["cmdline"]
        ]
        keeper.kill()
        assert running.process.wait(timeout=60) == 1
        assert "the bundled servers have ended" in running.printed()
    wait_for(lambda: not left_behind(folder), 20)
