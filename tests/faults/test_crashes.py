"""Writers that are killed, on a server that crashes: what was acknowledged stands, whole."""

import json
import random
import subprocess
import time
from itertools import count
from pathlib import Path

from tests.chance import seed
from tests.servers import Servers, own_servers

WRITERS = 8
CRASHES, KILLS = 3, 5
SECONDS = 9.0


class Crew:
    """The writers; one that was killed is replaced."""

    def __init__(self, servers: Servers, folder: Path, chance: random.Random) -> None:
        self._servers, self._folder, self._chance = servers, folder, chance
        self._numbers = count(1)
        self._writers = [self._hire() for _ in range(WRITERS)]

    def kill_one(self) -> None:
        place = self._chance.randrange(WRITERS)
        self._writers[place].kill()
        self._writers[place].wait(timeout=10)
        self._writers[place] = self._hire()

    def stop(self) -> None:
        """All end by themselves: what they were at is done to its end."""
        (self._folder / "stop").touch()
        for writer in self._writers:
            assert writer.wait(timeout=30) == 0, self.said()

    def end(self) -> None:
        for writer in self._writers:
            writer.kill()
            writer.wait(timeout=10)

    def acknowledged(self) -> int:
        """Transactions, so far."""
        files = self._folder.glob("*.acknowledged")
        return sum(file.read_text().count("\n") for file in files)

    def said(self) -> str:
        return "\n".join(log.read_text() for log in self._folder.glob("*.log"))

    def _hire(self) -> subprocess.Popen[bytes]:
        name = f"writer{next(self._numbers)}"
        arguments = (str(self._folder), name, str(self._chance.getrandbits(32)))
        log = self._folder / f"{name}.log"
        return self._servers.start("-m", "tests.faults.writer", *arguments, log=log)


def test_what_was_acknowledged_survives_killed_writers_and_a_crashing_server(
    tmp_path: Path,
) -> None:
    chance = random.Random(seed("crashes"))
    with own_servers() as servers:
        crew = Crew(servers, tmp_path, chance)
        try:
            _wait_for_work(crew, 20)
            for act in _plan(chance):
                time.sleep(SECONDS / (CRASHES + KILLS) * chance.uniform(0.2, 1.8))
                if act == "crash":
                    servers.crash_postgres()
                else:
                    crew.kill_one()
            _wait_for_work(crew, crew.acknowledged() + 20)
            crew.stop()
        finally:
            crew.end()
        found = json.loads(servers.run("-m", "tests.faults.audit", str(tmp_path)))
    assert found["problems"] == []
    assert found["size"] >= found["acknowledged"] > 200


def _plan(chance: random.Random) -> list[str]:
    acts = ["crash"] * CRASHES + ["kill"] * KILLS
    chance.shuffle(acts)
    return acts


def _wait_for_work(crew: Crew, transactions: int) -> None:
    end = time.monotonic() + 30
    while crew.acknowledged() < transactions:
        assert time.monotonic() < end, crew.said()
        time.sleep(0.1)
