"""Where mail goes: an SMTP server, or one of the usual providers, by the scheme of EMAIL_URL."""

import re
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

# Scheme → what stands after it, in the order of the address: `mailgun://KEY@DOMAIN`.
PROVIDERS = {
    "brevo": ("API_KEY",),
    "mailgun": ("API_KEY", "SENDER_DOMAIN"),
    "mailjet": ("API_KEY", "SECRET_KEY"),
    "postmark": ("SERVER_TOKEN",),
    "resend": ("API_KEY",),
    "sendgrid": ("API_KEY",),
    "sparkpost": ("API_KEY",),
}
_SHOWN = {"mailgun": "mailgun://KEY@DOMAIN", "mailjet": "mailjet://KEY:SECRET"}


def mail_settings(url: str, *, timeout: float) -> dict[str, Any]:
    """The settings that EMAIL_URL stands for. Raises ImproperlyConfigured, with the fix.

    No message of an error holds the address, as that holds a password or a key.
    """
    scheme = url.partition("://")[0]
    anymail = {"REQUESTS_TIMEOUT": timeout}
    if scheme in PROVIDERS:
        backend = f"anymail.backends.{scheme}.EmailBackend"
        return {"EMAIL_BACKEND": backend, "ANYMAIL": anymail | _provider(scheme, url)}
    if scheme not in environ.Env.EMAIL_SCHEMES:
        raise ImproperlyConfigured(
            f"EMAIL_URL begins with {scheme!r}; use smtp, smtp+tls or smtp+ssl for a mail server, "
            f"or one of {', '.join(PROVIDERS)}. Any other provider is reached by SMTP"
        )
    server = environ.Env.email_url_config(url)
    _check_host(server["EMAIL_HOST"] or "")
    return {**server, "ANYMAIL": anymail}


def _check_host(host: str) -> None:
    try:
        host.encode("idna")
    except UnicodeError:
        raise ImproperlyConfigured(f"EMAIL_URL names the host {host!r}; that is no name") from None


def _provider(scheme: str, url: str) -> dict[str, str]:
    """What anymail calls it; a region of its own is given as `?api_url=https://…`."""
    parts, names = urlsplit(url), PROVIDERS[scheme]
    given = [unquote(value) for value in re.split("[:@]", parts.netloc)]
    if len(given) != len(names) or not all(given):
        shown = _SHOWN.get(scheme, f"{scheme}://KEY")
        raise ImproperlyConfigured(
            f"EMAIL_URL does not say what {scheme} needs; write it as {shown}, "
            "with any : / @ in a key as %3A %2F %40"
        )
    settings = dict(zip((f"{scheme.upper()}_{name}" for name in names), given, strict=True))
    options = parse_qs(parts.query)
    if unknown := options.keys() - {"api_url"}:
        raise ImproperlyConfigured(
            f"EMAIL_URL has {', '.join(sorted(unknown))} after the ?; only api_url can stand there"
        )
    return settings | {f"{scheme.upper()}_API_URL": value[-1] for value in options.values()}


def hook_secret(secret: str) -> str:
    """NAME:PASSWORD as given, or nothing. Raises ImproperlyConfigured, with the fix."""
    name, colon, password = secret.partition(":")
    if secret and not (name and colon and len(password) >= 16):
        raise ImproperlyConfigured(
            "ANYMAIL_WEBHOOK_SECRET must be NAME:PASSWORD, with a password of 16 characters or more"
        )
    return secret
