"""The sign of life, heard by a real HTTP server, or not."""

import datetime as dt
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.utils import timezone

from predictions import tasks
from predictions.mail import heartbeat
from predictions.models import Sweep
from tests.making_mail import message
from tests.ports import free_port

pytestmark = pytest.mark.django_db


class Listener(ThreadingHTTPServer):
    """Keeps what it was asked for."""

    heard: list[str]
    answer = 200
    silent: threading.Event | None = None


class _Handler(BaseHTTPRequestHandler):
    server: Listener

    def do_GET(self) -> None:
        self.server.heard.append(self.path)
        if self.server.silent:
            self.server.silent.wait(30)
        self.send_response(self.server.answer)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def listener(settings: Any) -> Iterator[Listener]:
    server = Listener(("127.0.0.1", 0), _Handler)
    server.heard = []
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    settings.HEARTBEAT_URL = f"http://127.0.0.1:{server.server_port}/ping/secret"
    yield server
    server.shutdown()
    server.server_close()
    serving.join()


def test_a_sweep_that_ended_well_gives_a_sign_of_life(listener: Listener) -> None:
    tasks.sweep_reminders()
    assert listener.heard == ["/ping/secret"]


def test_nothing_is_sent_without_the_setting(listener: Listener, settings: Any) -> None:
    settings.HEARTBEAT_URL = ""
    tasks.sweep_reminders()
    assert listener.heard == []


def test_there_is_none_while_mail_is_late(listener: Listener) -> None:
    waits = message(now=timezone.now() - dt.timedelta(minutes=61))
    tasks.sweep_reminders()
    assert listener.heard == []
    waits.delete()
    tasks.sweep_reminders()
    assert len(listener.heard) == 1


@pytest.mark.parametrize("how", ["away", "refuses"])
def test_a_sign_that_is_not_heard_is_logged_without_its_address_and_stops_nothing(
    listener: Listener, settings: Any, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    if how == "away":
        settings.HEARTBEAT_URL = f"http://127.0.0.1:{free_port()}/ping/secret"
    listener.answer = 500
    with caplog.at_level(logging.WARNING):
        tasks.sweep_reminders()
    assert Sweep.objects.filter(name="reminders").exists()
    [record] = [one for one in caplog.records if one.name == heartbeat.__name__]
    assert record.getMessage().startswith("the heartbeat was not heard: ")
    assert "secret" not in record.getMessage()


def test_who_does_not_answer_is_waited_for_a_few_seconds(listener: Listener) -> None:
    listener.silent = threading.Event()
    began = timezone.now()
    assert heartbeat.heartbeat_send(now=began) is False
    listener.silent.set()
    assert 4 < (timezone.now() - began).total_seconds() < 15
