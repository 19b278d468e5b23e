"""docker-compose.yml, as far as can be said of it without a Docker engine."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "docker-compose.yml"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(FILE.read_text())
    return loaded


def test_it_fits_the_schema_of_the_compose_specification() -> None:
    checked = subprocess.run(
        [
            *(sys.executable, "-m", "check_jsonschema"),
            *("--builtin-schema", "vendor.compose-spec", str(FILE)),
        ],
        capture_output=True,
        text=True,
    )
    assert checked.returncode == 0, checked.stdout


def test_the_schema_would_find_a_mistake(tmp_path: Path) -> None:
    wrong = tmp_path / "docker-compose.yml"
    wrong.write_text(FILE.read_text().replace("image: postgres:18", "imagine: postgres:18"))
    checked = subprocess.run(
        [
            *(sys.executable, "-m", "check_jsonschema"),
            *("--builtin-schema", "vendor.compose-spec", str(wrong)),
        ],
        capture_output=True,
        text=True,
    )
    assert checked.returncode == 1
    assert "imagine" in checked.stdout


def test_it_runs_every_part_and_each_long_running_one_has_a_health_check(
    compose: dict[str, Any],
) -> None:
    services = compose["services"]
    assert set(services) == {"prepare", "web", "worker", "beat", "database", "redis", "mail"}
    for name, service in services.items():
        assert ("healthcheck" in service) == (name != "prepare"), name


def test_images_are_pinned_and_data_lies_in_named_volumes(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for name in ("database", "redis", "mail"):
        assert re.search(r":v?\d", services[name]["image"])
        for volume in services[name]["volumes"]:
            assert volume.split(":")[0] in compose["volumes"]
    assert services["database"]["image"] == "postgres:18"
    assert services["database"]["volumes"] == ["database:/var/lib/postgresql"]


def test_no_secret_has_a_default() -> None:
    for use in re.findall(r"\$\{(\w*(?:PASSWORD|SECRET)\w*)([^}]*)\}", FILE.read_text()):
        # Without a secret of its own, a provider's hook is not served at all.
        assert use[1].startswith(":?") or use == ("ANYMAIL_WEBHOOK_SECRET", ":-"), use


def test_the_worker_alone_signs_and_its_key_and_memory_outlive_it(
    compose: dict[str, Any],
) -> None:
    services = compose["services"]
    signing = {name for name, one in services.items() if "LEDGER_KEY" in one.get("environment", {})}
    assert signing == {"worker"}
    assert services["worker"]["environment"]["LEDGER_KEY"] == "${LEDGER_KEY:-}"
    assert services["worker"]["volumes"] == ["signer:/data"]
    assert "signer" in compose["volumes"]


def test_only_what_migrates_knows_the_owners_password(compose: dict[str, Any]) -> None:
    services = compose["services"]
    prepare = services["prepare"]["environment"]
    assert "://ledger:${POSTGRES_PASSWORD" in prepare["DATABASE_OWNER_URL"]
    for name in ("web", "worker", "beat"):
        environ = services[name]["environment"]
        assert "://ledger_service:${SERVICE_PASSWORD" in environ["DATABASE_URL"]
        assert "POSTGRES_PASSWORD" not in str(environ)
    assert services["database"]["environment"]["POSTGRES_USER"] == "ledger"


def test_every_name_it_asks_for_is_explained_in_the_example() -> None:
    asked = set(re.findall(r"(?<!\$)\$\{(\w+)", FILE.read_text())) - {"MAIL_PORT"}
    explained = set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert asked <= explained
    for line in (ROOT / ".env.example").read_text().splitlines():
        if re.match(r"#?\w*(PASSWORD|SECRET|LEDGER_KEY)\w*=", line):
            assert line.endswith("=")


def test_published_ports_stay_on_this_machine(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:")
