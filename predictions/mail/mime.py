"""A message row as the bytes that a mail server is handed, and as Django's mail for a provider.

Written here and not by `email`'s classes, which take several times as long as the hand-over itself.
Only seven-bit lines come out, so that a server without 8BITMIME takes them as they are, and the
same bytes at every attempt.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.header import Header
from email.mime.base import MIMEBase
from email.mime.text import MIMEText
from functools import lru_cache
from urllib.parse import quote

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.message import sanitize_address

from predictions.models import Message

_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
_NAME = re.compile(r"[!-9;-~]+")
_TYPE = re.compile(r"[A-Za-z0-9.+-]+/[A-Za-z0-9.+-]+")
_CID = re.compile(r"[A-Za-z0-9.@+_-]+")
# RFC 5322: a line is at most 998 characters long, and should not be longer than 78.
_LONGEST, _LONG = 998, 78
# What every mail has of its own; a header of a row that is so named would be there twice.
_OURS = {"from", "to", "cc", "bcc", "sender", "reply-to", "subject", "date", "message-id"}
_OURS |= {"auto-submitted", "mime-version", "return-path", "received"}


@dataclass(frozen=True)
class Part:
    """A MIME part: its header lines, and its body in seven-bit lines that end in CRLF."""

    headers: tuple[str, ...]
    body: bytes

    def written(self) -> bytes:
        return "\r\n".join((*self.headers, "", "")).encode("ascii") + self.body


def written(message: Message) -> bytes:
    """The whole mail. Raises ValueError for what cannot be written as one, and says what."""
    whole = _content(message)
    headers = [f"{name}: {value}" for name, value in _headers(message).items()]
    return Part((*headers, "MIME-Version: 1.0", *whole.headers), whole.body).written()


def mail_of(message: Message) -> EmailMultiAlternatives:
    """The same for a backend of Django's that takes no bytes. Raises ValueError as `written`."""
    mail = EmailMultiAlternatives(
        subject=_line("Subject", message.subject),
        body=message.text,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[envelope_address(message.recipient)],
        headers={
            "Message-ID": _line("Message-ID", message.message_id),
            "Auto-Submitted": "auto-generated",
            **_own_headers(message),
        },
    )
    if message.html:
        mail.attach_alternative(message.html, "text/html")
    for attachment in message.attachments:
        mail.attach(_mime(Attachment.of(attachment)))
    return mail


@lru_cache(maxsize=8)
def envelope_sender(from_email: str) -> str:
    """The address alone of `Name <address>`, as the server is told it."""
    return sanitize_address(from_email, "utf-8").rpartition("<")[2].rstrip(">")


def envelope_address(address: str) -> str:
    """An address as every server understands it: ASCII before the @, punycode after it."""
    local, at, domain = _line("recipient", address).strip().rpartition("@")
    if not (local and at and domain) or re.search(r"[\s<>,;]|@.*@", address.strip()):
        raise ValueError(f"recipient {address!r} is no address; write name@domain")
    if not local.isascii():
        raise ValueError(
            f"recipient {address!r} has letters before the @ that mail servers do not take; "
            "use an address in plain ASCII"
        )
    return f"{local}@{domain if domain.isascii() else domain.encode('idna').decode('ascii')}"


# -- headers --------------------------------------------------------------------------------------


def _headers(message: Message) -> dict[str, str]:
    """All of them but MIME's own, ready to be written."""
    return {
        "From": _sender(settings.DEFAULT_FROM_EMAIL),
        "To": envelope_address(message.recipient),
        "Subject": _encoded("Subject", message.subject),
        "Date": message.created_at.strftime("%a, %d %b %Y %H:%M:%S +0000"),
        "Message-ID": _line("Message-ID", message.message_id),
        "Auto-Submitted": "auto-generated",
        **_own_headers(message),
    }


def _own_headers(message: Message) -> dict[str, str]:
    return {name: _own(name, value) for name, value in message.headers.items()}


def _own(name: str, value: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"header {name!r}: no name of a header; use letters, digits and hyphens")
    if name.lower() in _OURS or name.lower().startswith(("content-", "resent-")):
        raise ValueError(f"header {name}: every mail has its own; leave it out")
    # An address to follow is of use only in one piece, so nothing is folded that need not be.
    line = _line(name, value)
    encoded = line if line.isascii() else _encoded(name, line)
    if len(name) + 2 + max(map(len, encoded.split("\r\n"))) > _LONGEST:
        raise ValueError(f"header {name}: longer than the {_LONGEST} characters of a line")
    return encoded


def _line(name: str, value: object) -> str:
    """The value, if it is text that adds no header of its own."""
    if not isinstance(value, str) or _CONTROLS.search(value):
        raise ValueError(f"{name} {value!r} holds a line break or is no text; give one line")
    return value


def _encoded(name: str, value: str) -> str:
    """On one line if it is short and ASCII, else as encoded words or folded."""
    line = _line(name, value)
    if line.isascii() and len(name) + 2 + len(line) <= _LONG and "=?" not in line:
        return line
    charset = "us-ascii" if line.isascii() and "=?" not in line else "utf-8"
    return Header(line, charset, header_name=name).encode(linesep="\r\n")


@lru_cache(maxsize=8)
def _sender(from_email: str) -> str:
    return sanitize_address(_line("DEFAULT_FROM_EMAIL", from_email), "utf-8")


# -- parts ----------------------------------------------------------------------------------------


def _content(message: Message) -> Part:
    """mixed(alternative(text, related(HTML, images)), attachments), as far as it takes these."""
    attachments = [Attachment.of(one) for one in message.attachments]
    text = _text("plain", message.text)
    body = text
    if message.html:
        html = _text("html", message.html)
        images = [one.part(inline=True) for one in attachments if one.cid]
        shown = _several(message, "related", [html, *images]) if images else html
        body = _several(message, "alternative", [text, shown])
    rest = [one.part() for one in attachments if not (one.cid and message.html)]
    return _several(message, "mixed", [body, *rest]) if rest else body


def _several(message: Message, kind: str, parts: list[Part]) -> Part:
    digest = hashlib.sha256(f"{kind} {message.message_id}".encode()).hexdigest()[:32]
    between = f"=_{digest}"
    body = b"".join(f"--{between}\r\n".encode("ascii") + part.written() + b"\r\n" for part in parts)
    header = f'Content-Type: multipart/{kind}; boundary="{between}"'
    return Part((header,), body + f"--{between}--\r\n".encode("ascii"))


def _text(subtype: str, text: str) -> Part:
    """As it stands if seven bits and short lines are enough, else quoted-printable."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    header = f'Content-Type: text/{subtype}; charset="utf-8"'
    if lines.isascii() and max(map(len, lines.split("\n"))) < _LONGEST:
        return Part((header, "Content-Transfer-Encoding: 7bit"), _crlf(lines.encode("ascii")))
    quoted = binascii.b2a_qp(lines.encode(), istext=True)
    return Part((header, "Content-Transfer-Encoding: quoted-printable"), _crlf(quoted))


def _crlf(content: bytes) -> bytes:
    return content.replace(b"\n", b"\r\n")


@dataclass(frozen=True)
class Attachment:
    """What goes with a message; with a `cid` it stands within the HTML, which names it by that."""

    name: str
    type: str
    content: bytes
    cid: str = ""

    @classmethod
    def of(cls, given: dict[str, str]) -> "Attachment":
        """As a row holds it. Raises ValueError, naming the attachment."""
        name, kind, cid = (
            _line("attachment", given.get(key, "")) for key in ("name", "type", "cid")
        )
        if not name or not _TYPE.fullmatch(kind) or kind.startswith(("multipart/", "message/")):
            raise ValueError(f"attachment {name!r}: needs a name, and a type such as image/png")
        if cid and not _CID.fullmatch(cid):
            raise ValueError(f"attachment {name!r}: cid {cid!r} is not of letters and digits")
        return cls(name, kind, _bytes(name, kind, given), cid)

    def part(self, *, inline: bool = False) -> Part:
        """In base64, so that no server on the way rewrites a byte of it, or its line ends."""
        return Part(tuple(self._headers(inline)), _crlf(base64.encodebytes(self.content)))

    def _headers(self, inline: bool) -> Iterator[str]:
        charset = '; charset="utf-8"' if self.type.startswith("text/") else ""
        yield f"Content-Type: {self.type}{charset}"
        yield "Content-Transfer-Encoding: base64"
        yield f"Content-Disposition: {'inline' if inline else 'attachment'}; {self._file_name()}"
        if self.cid:
            yield f"Content-ID: <{self.cid}>"

    def _file_name(self) -> str:
        """RFC 2231 where it must be."""
        if re.fullmatch(r"[\w .()+-]{1,60}", self.name, re.ASCII):
            return f'filename="{self.name}"'
        return f"filename*=utf-8''{quote(self.name, safe='')}"


def _bytes(name: str, kind: str, given: dict[str, str]) -> bytes:
    if "base64" not in given:
        if not kind.startswith("text/"):
            raise ValueError(f"attachment {name!r}: what is {kind} is given in base64, not as text")
        return str(given.get("text", "")).encode()
    try:
        return base64.b64decode(given["base64"], validate=True)
    except (ValueError, TypeError):
        raise ValueError(f"attachment {name!r}: its base64 cannot be read") from None


def _mime(attachment: Attachment) -> MIMEBase:
    """For Django's mail, which providers read file names and Content-IDs from."""
    main, _, sub = attachment.type.partition("/")
    part: MIMEBase
    if main == "text":
        part = MIMEText(attachment.content.decode(), sub, "utf-8")
    else:
        part = MIMEBase(main, sub)
        part.set_payload(base64.encodebytes(attachment.content).decode("ascii"))
        part["Content-Transfer-Encoding"] = "base64"
    part.add_header(
        "Content-Disposition",
        "inline" if attachment.cid else "attachment",
        filename=attachment.name,
    )
    if attachment.cid:
        part["Content-ID"] = f"<{attachment.cid}>"
    return part
