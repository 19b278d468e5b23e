"""Handing a message over: to an SMTP server over one kept connection, or to a mail provider.

In two steps. `offer` tells all but the last word, and can be taken back; `confirm` says it, and
from then on the message may be out. What is between them, such as marking the message before, costs
no time of its own. Whatever goes wrong is a `NotSent` that says what is to be done about it.
"""

import re
import smtplib
import socket
from dataclasses import dataclass
from typing import Any, Protocol

from anymail.exceptions import AnymailAPIError, AnymailError, AnymailRecipientsRefused
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend as SmtpBackend
from requests import exceptions as http

from predictions.mail import mime
from predictions.models import Message

_DOT = re.compile(rb"^\.", re.MULTILINE)
_CLOSING, _TOO_BIG = 421, 552
# RFC 3463: the refusal is about who sends or what is sent, and not about the address.
_POLICY = re.compile(r"\b5\.7\.\d+\b")
# Of HTTP: these are about the message; the others are about the service, or nobody's fault.
_MESSAGE_REFUSED = {400, 406, 413, 415, 422}


@dataclass(eq=False)
class NotSent(Exception):
    """Why a message did not go out, and what follows from that.

    `final`: it never will, so it is given up. `of_server`: the server is away, or refuses the
    service as such, so that the next message would fare no better. `of_recipient`: the address
    is refused for good. `doubtful`: the server may have accepted it all the same.
    """

    reason: str
    final: bool = False
    of_server: bool = False
    of_recipient: bool = False
    doubtful: bool = False

    def __str__(self) -> str:
        return self.reason


class Carrier(Protocol):
    """What takes messages, one after the other."""

    def offer(self, message: Message) -> None:
        """Tell all but the last word. Raises NotSent."""

    def confirm(self) -> None:
        """Say the last word, and hear that the message is taken. Raises NotSent."""

    def abandon(self) -> None:
        """Break off, whatever was offered."""

    def close(self) -> None:
        """Take leave."""


def carrier() -> Carrier:
    """As the settings say."""
    backend = get_connection()
    return Smtp(backend) if isinstance(backend, SmtpBackend) else Backend(backend)


class Smtp:
    """An SMTP server (RFC 5321). Django's backend opens the connection: TLS, and signing in."""

    def __init__(self, backend: SmtpBackend) -> None:
        # Any: its types know nothing of the connection it keeps.
        self._backend: Any = backend
        self._sender = mime.envelope_sender(settings.DEFAULT_FROM_EMAIL)

    def offer(self, message: Message) -> None:
        try:
            content = mime.written(message)
            recipient = mime.envelope_address(message.recipient)
        except ValueError as error:
            raise NotSent(str(error), final=True) from error
        try:
            self._tell(recipient, content)
        except (OSError, ValueError) as error:
            self.abandon()
            raise NotSent(f"mail server: {error}", of_server=True) from error

    def _tell(self, recipient: str, content: bytes) -> None:
        smtp = self._opened()
        size = [f"size={len(content)}"] if smtp.has_extn("size") else []
        code, said = smtp.mail(self._sender, size)
        if code != 250:
            self._refuse("sender", code, said, final=code == _TOO_BIG, of_server=code != _TOO_BIG)
        code, said = smtp.rcpt(recipient)
        if code not in (250, 251):
            self._refuse("recipient", code, said, of_recipient=not _POLICY.search(_text(said)))
        code, said = smtp.docmd("data")
        if code != 354:
            self._refuse("message", code, said)
        smtp.send(_DOT.sub(b"..", content))

    def _opened(self) -> smtplib.SMTP:
        opened = self._backend.open()
        smtp: smtplib.SMTP = self._backend.connection
        if opened and smtp.sock:
            # The last word is short, and must not wait until what went before is acknowledged.
            smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        smtp.ehlo_or_helo_if_needed()
        return smtp

    def confirm(self) -> None:
        smtp: smtplib.SMTP = self._backend.connection
        try:
            smtp.send(b".\r\n")
            code, said = smtp.getreply()
        except OSError as error:
            self.abandon()
            reason = f"mail server: {error}, before it said whether it took the message"
            raise NotSent(reason, of_server=True, doubtful=True) from error
        if code < 200:  # no answer that means anything
            self.abandon()
            raise NotSent(f"mail server: {code} {_text(said)}", of_server=True, doubtful=True)
        if code >= 300:
            self._refuse("message", code, said)

    def _refuse(
        self,
        what: str,
        code: int,
        said: bytes,
        *,
        final: bool | None = None,
        of_server: bool = False,
        of_recipient: bool = False,
    ) -> None:
        """The server answered, and the answer was no. 5xx is for good, but for the sender's."""
        closing = code == _CLOSING
        self.abandon() if closing else self._reset()
        for_good = code >= 500 if final is None else final
        raise NotSent(
            f"{what} refused: {code} {_text(said)}",
            final=for_good,
            of_server=of_server or closing,
            of_recipient=of_recipient and for_good,
        )

    def _reset(self) -> None:
        """The same connection serves for the next message."""
        try:
            self._backend.connection.rset()
        except OSError:
            self.abandon()

    def abandon(self) -> None:
        """Without a QUIT, which would be a line of the message that is being told."""
        for smtp in (self._backend.connection, self._backend._partial_connection):
            if smtp is not None:
                smtp.close()
        self._backend.connection = self._backend._partial_connection = None

    def close(self) -> None:
        try:
            self._backend.close()
        except OSError:
            self.abandon()


class Backend:
    """Any other backend of Django's: a provider's API, which takes a message in one request."""

    def __init__(self, backend: BaseEmailBackend) -> None:
        self._backend = backend
        self._mail: EmailMessage | None = None

    def offer(self, message: Message) -> None:
        try:
            self._mail = mime.mail_of(message)
        except ValueError as error:
            raise NotSent(str(error), final=True) from error

    def confirm(self) -> None:
        try:
            self._backend.open()
            self._backend.send_messages([self._mail] if self._mail else [])
        except (AnymailError, OSError, ValueError) as error:
            self.abandon()
            raise _not_sent(error) from error

    def abandon(self) -> None:
        self._mail = None
        self._backend.close()

    def close(self) -> None:
        self.abandon()


def _not_sent(error: Exception) -> NotSent:
    """What an error of a provider's means."""
    if isinstance(error, AnymailRecipientsRefused):
        return NotSent(f"recipient refused: {error}", final=True, of_recipient=True)
    if isinstance(error, AnymailAPIError | OSError):
        return _of_request(error)
    # An address or a header that cannot be written, or something that this provider cannot do.
    return NotSent(str(error), final=True)


def _of_request(error: Exception) -> NotSent:
    status = getattr(error, "status_code", None)
    if status is None:
        never_there = isinstance(error, http.ConnectTimeout | ConnectionRefusedError)
        never_there = never_there or "NewConnectionError" in repr(error.__cause__)
        return NotSent(f"mail provider: {error}", of_server=True, doubtful=not never_there)
    if status < 300:  # it answered, but not in words that anybody understands
        return NotSent(f"mail provider: {error}", of_server=True, doubtful=True)
    final = status in _MESSAGE_REFUSED
    return NotSent(f"mail provider refused: {error}", final=final, of_server=not final)


def _text(said: bytes) -> str:
    return said.decode("utf-8", "replace")
