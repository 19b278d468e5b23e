"""A report as it was sent, without what concerned its reader alone: fit for everybody to see.

The parts that do stand between `<!-- personal -->` and `<!-- /personal -->`; in the text they
follow the line `-- `, as signatures do. What should stand there and does not is blotted out.
"""

import re
from html import escape

from django.conf import settings

from predictions.models import Message

# A part that does not end is personal to the end.
_PERSONAL = re.compile(r"<!--\s*personal\s*-->.*?(?:<!--\s*/personal\s*-->|\Z)", re.DOTALL)
_MARKED = re.compile(r"<!--\s*personal\s*-->")
# The line that begins a signature (RFC 3676, 4.3).
_SIGNATURE = re.compile(r"^-- \r?$.*", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"""https?://[^\s"'<>]*/mail/[a-z-]+/[^\s"'<>]*""")
_INLINE = re.compile(r"""(?P<quote>["'])cid:(?P<cid>[^"']+)(?P=quote)""")
_PICTURES = {"image/png", "image/jpeg", "image/gif", "image/svg+xml"}


def public_html(message: Message) -> str:
    """Its HTML; pictures that came with it stand within it."""
    html = message.html
    html = _PERSONAL.sub("", html) if _MARKED.search(html) else _without_footer(html)
    return with_pictures(_blotted(html, message), message.attachments)


def public_text(message: Message) -> str:
    return _blotted(_SIGNATURE.sub("", message.text).rstrip() + "\n", message)


def public_attachments(message: Message) -> list[dict[str, str]]:
    """Those that are files to the reader, not pictures within the text."""
    return [attachment for attachment in message.attachments if not attachment.get("cid")]


def with_pictures(html: str, attachments: list[dict[str, str]]) -> str:
    """Pictures that the HTML takes from the same message, put into it."""
    found = {
        each["cid"]: f"data:{each['type']};base64,{each['base64']}"
        for each in attachments
        if each.get("cid") and each["type"] in _PICTURES
    }
    return _INLINE.sub(
        lambda at: f"{at['quote']}{found.get(at['cid'], 'data:,')}{at['quote']}", html
    )


def without_links(written: str) -> str:
    """The same with its reader's own links, such as that which ends the subscription, made void."""
    return _LINK.sub(f"{settings.SITE_URL}/subscribe/", written)


def _without_footer(html: str) -> str:
    """Of reports older than the marks: without their last paragraph, which said whose it was."""
    start = html.rfind("<p")
    end = html.find("</p>", start)
    return html[:start] + html[end + len("</p>") :] if 0 <= start < end else html


def _blotted(written: str, message: Message) -> str:
    names = {re.escape(name) for name in (message.recipient, escape(message.recipient)) if name}
    written = without_links(written)
    return re.sub("|".join(sorted(names)), "…", written, flags=re.IGNORECASE) if names else written
