"""`manage.py`, as somebody types it who has not read how."""

import os
import signal
import socket
import subprocess
import sys


def test_without_the_virtual_environment_it_names_it() -> None:
    done = subprocess.run(
        [sys.executable, "-S", "manage.py", "check"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "manage.py: use .venv/bin/python manage.py (`make run` makes it)\n"


def test_who_stops_a_command_sees_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # a database that never answers
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        named = {
            "DATABASE_URL": f"postgres://u:p@{address}/x",
            "REDIS_URL": f"redis://{address}",
            "EMAIL_URL": f"smtp://{address}",
        }
        command = [sys.executable, "manage.py", "verify_ledger"]
        with subprocess.Popen(
            command, env={"PATH": os.environ["PATH"], **named}, stderr=subprocess.PIPE, text=True
        ) as running:
            silent.settimeout(60)
            asked, _ = silent.accept()
            with asked:
                running.send_signal(signal.SIGINT)
                _, told = running.communicate(timeout=60)
    assert (running.returncode, told) == (130, "\nmanage.py: stopped\n")
