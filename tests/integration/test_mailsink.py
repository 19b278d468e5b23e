"""The mail sink, spoken to over SMTP."""

import smtplib
import socket
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from config.mailsink import MAX_MESSAGE_BYTES, MailFolder, MailSink


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "mail"


@pytest.fixture
def sink(folder: Path) -> Iterator[MailSink]:
    sink = MailSink(folder)
    sink.start()
    yield sink
    sink.close()


def address_of(sink: MailSink) -> tuple[str, int]:
    host, port = sink.url.removeprefix("smtp://").split(":")
    return host, int(port)


@pytest.fixture
def sender(sink: MailSink) -> Iterator[smtplib.SMTP]:
    with smtplib.SMTP(*address_of(sink), timeout=10) as sender:
        yield sender


def send(sender: smtplib.SMTP, message: bytes, *recipients: str) -> None:
    sender.sendmail("ledger@example.org", recipients or ["a@example.org"], message)


def stored(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(folder.iterdir())]


def test_a_message_is_stored_byte_for_byte_below_its_envelope(
    sender: smtplib.SMTP, folder: Path
) -> None:
    message = (
        "Subject: Grüße\r\nFrom: x@example.org\r\n\r\n.\r\n..\r\n.dot\r\n\ttab \r\n\r\nend"
    ).encode() + b"\x00\xff\xfe\r\n"
    send(sender, message, "a@example.org", "b@example.org")
    assert stored(folder) == [
        b"X-MailFrom: ledger@example.org\r\nX-RcptTo: a@example.org, b@example.org\r\n" + message
    ]


def test_names_sort_in_the_order_of_arrival_and_only_the_owner_can_read(
    sender: smtplib.SMTP, folder: Path
) -> None:
    for number in range(20):
        send(sender, f"Subject: {number}\r\n\r\n".encode())
    found = [message.rpartition(b"Subject: ")[2].strip() for message in stored(folder)]
    assert found == [str(number).encode() for number in range(20)]
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert all(path.suffix == ".eml" for path in folder.iterdir())


def test_many_senders_at_once_lose_nothing(sink: MailSink, folder: Path) -> None:
    def send_ten(who: int) -> None:
        with smtplib.SMTP(*address_of(sink), timeout=10) as sender:
            for number in range(10):
                send(sender, f"Subject: {who}-{number}\r\n\r\n".encode())

    threads = [Thread(target=send_ten, args=[who]) for who in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(stored(folder))) == 80


def test_a_message_beyond_the_limit_is_refused(sender: smtplib.SMTP, folder: Path) -> None:
    line = b"x" * 70 + b"\r\n"
    with pytest.raises(smtplib.SMTPResponseException) as caught:
        send(sender, line * (MAX_MESSAGE_BYTES // len(line) + 1))
    assert caught.value.smtp_code == 552
    assert stored(folder) == []


def test_a_message_that_breaks_off_is_not_stored(folder: Path) -> None:
    sink = MailSink(folder)
    sink.start()
    with socket.create_connection(address_of(sink), timeout=10) as connection:
        dialogue = connection.makefile("rwb")
        dialogue.readline()
        for command in (b"HELO x", b"MAIL FROM:<a@b.c>", b"RCPT TO:<a@b.c>", b"DATA"):
            dialogue.write(command + b"\r\n")
            dialogue.flush()
            dialogue.readline()
        dialogue.write(b"Subject: half a mess")
        dialogue.close()
    sink.close()
    assert stored(folder) == []


def test_a_message_that_cannot_be_stored_is_refused_for_now(
    sender: smtplib.SMTP, folder: Path
) -> None:
    folder.rmdir()
    with pytest.raises(smtplib.SMTPDataError) as caught:
        send(sender, b"Subject: lost\r\n\r\n")
    assert caught.value.smtp_code == 452


def test_half_written_files_of_a_crash_are_swept_away(folder: Path) -> None:
    folder.mkdir()
    (folder / ".20260101T000000.000000Z-000001.eml.part").write_bytes(b"half")
    MailFolder(folder)
    assert stored(folder) == []


def test_a_sink_can_be_closed_while_a_sender_is_connected(folder: Path) -> None:
    sink = MailSink(folder)
    sink.start()
    address = address_of(sink)
    with socket.create_connection(address, timeout=10) as idle:
        assert idle.recv(100).startswith(b"220 localhost")
        sink.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=1)
