"""Settings, all from the environment and safe without any.

What is not set is either safe (no debugging, secure cookies behind TLS) or provided by
`config.embedded`, which starts a real PostgreSQL, Valkey and mail sink and names them in
DATABASE_URL, REDIS_URL and EMAIL_URL before this module is read.
"""

import datetime as dt
import os
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from config.mail import hook_secret, mail_settings
from config.secrets import stored_secret

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "var"))).resolve()
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="") or stored_secret(DATA_DIR / "secrets" / "secret_key")
# The service always answers itself, for health checks; no mail takes its addresses from a request.
ALLOWED_HOSTS = [*env.list("ALLOWED_HOSTS", default=[]), "127.0.0.1", "localhost", "[::1]"]
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
PORT = env.int("PORT", default=8000)
# Where the service is reached from outside: the start of every address in a mail.
SITE_URL = env.str("SITE_URL", default=f"http://127.0.0.1:{PORT}").rstrip("/")

# Under what name the log's first key is made; a key keeps its name whatever becomes of SITE_URL.
LEDGER_ORIGIN = env.str("LEDGER_ORIGIN", default="")
LEDGER_ORIGIN = LEDGER_ORIGIN or f"{urlsplit(SITE_URL).hostname or 'localhost'}/ledger"
# The key that signs checkpoints: `PRIVATE+KEY+…`, or else a file, made on first use.
LEDGER_KEY = env.str("LEDGER_KEY", default="")
LEDGER_KEY_FILE = DATA_DIR / "secrets" / "ledger_key"
# What the signer remembers; never to be restored together with the database.
LEDGER_STATE_FILE = DATA_DIR / "secrets" / "ledger_state.json"

# Reading is public unless this is switched off; writing never is.
PUBLIC_READ = env.bool("PUBLIC_READ", default=True)

# Whether who recorded a prediction on a question is kept from adjudicating it (`services.eyes`).
FOUR_EYES = env.bool("FOUR_EYES", default=False)
# Whether the page for recording proposes to keep an article's text, for those who may record.
KEEP_TEXTS = env.bool("KEEP_TEXTS", default=False)

# Not anymail: as an app it would only add checks, for which every process imports an HTTP client.
INSTALLED_APPS = [
    "unfold",
    # The desk's pages are imported by `config.urls`: commands, worker and beat need none of them.
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "config.apps.SigningIn",
    "django_filters",
    "django_otp",
    "django_otp.plugins.otp_static",
    "django_otp.plugins.otp_totp",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "qsessions",
    "rest_framework",
    "ledger",
    "predictions",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "predictions.web.middleware.find_address",
    "predictions.web.middleware.refuse_nul",
    "predictions.web.middleware.refuse_charsets",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "qsessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "predictions.admin.signing_in.gate.Gate",
    "predictions.admin.doors.Doors",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]


# What a session asks for when it starts goes before what the database or a role has set for it:
# nothing there may decide which tables are meant, or that none can be written to.
SESSION = (
    "-c search_path=public,pg_temp -c default_transaction_read_only=off"
    r" -c default_transaction_isolation=read\ committed"
)


def _database(url: str) -> dict[str, Any]:
    database: dict[str, Any] = env.db_url_config(url)
    options = database.setdefault("OPTIONS", {})
    if socket_folder := options.pop("host", ""):
        database["HOST"] = socket_folder  # where `dbshell` looks for it
    # libpq reads PGOPTIONS only where nothing is given. Of two settings, the last holds.
    given = options.get("options") or env.str("PGOPTIONS", default="")
    options["options"] = f"{given} {SESSION}".strip()
    return database


# Type checkers and `--help` read the settings with no server up; the empty name then fails on use.
_url = env.str("DATABASE_URL", default="") or "postgres:///"
_owner_url = env.str("DATABASE_OWNER_URL", default="") or _url
DATABASES = {"default": _database(_url)}
# Who owns the tables and migrates (`ledger.roles`); where nobody is named, the service itself.
DATABASE_OWNER = _database(_owner_url)
if _owner_url != _url and not (DATABASE_OWNER["USER"] and DATABASES["default"]["USER"]):
    raise ImproperlyConfigured("DATABASE_URL and DATABASE_OWNER_URL must each name their role")
if DATABASE_OWNER["NAME"] != DATABASES["default"]["NAME"]:
    raise ImproperlyConfigured("DATABASE_URL and DATABASE_OWNER_URL must name the same database")
DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=60)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")

AUTH_USER_MODEL = "predictions.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",  # first: who is locked out is not asked further
    "django.contrib.auth.backends.ModelBackend",
]


def _at_least(least: int, name: str, default: int) -> int:
    value: int = env.int(name, default=default)
    if value < least:
        raise ImproperlyConfigured(f"{name} is {value}; set it to {least} or more")
    return value


def _between(least: int, most: int, name: str, default: int) -> int:
    value: int = env.int(name, default=default)
    if not least <= value <= most:
        raise ImproperlyConfigured(f"{name} is {value}; set it to a number from {least} to {most}")
    return value


# Whether the admin asks for a second factor those who have set one up, or everybody; or, of all
# others, superusers and whoever is in a group so named.
TWO_FACTOR = env.str("TWO_FACTOR", default="optional")
if TWO_FACTOR not in ("optional", "required"):
    raise ImproperlyConfigured(f"TWO_FACTOR is {TWO_FACTOR!r}; set it to optional or required")
TWO_FACTOR_ROLES = env.list("TWO_FACTOR_ROLES", default=[])
OTP_TOTP_ISSUER = "Prediction Ledger"

# So many failures lock out a user name at an address, or an address whatever the names.
AXES_FAILURE_LIMIT = _at_least(1, "LOCKOUT_FAILURES", 5)
LOCKOUT_ADDRESS_FAILURES = _at_least(1, "LOCKOUT_ADDRESS_FAILURES", 50)
AXES_COOLOFF_TIME = dt.timedelta(minutes=_at_least(1, "LOCKOUT_MINUTES", 15))
# How many proxies stand in front, each of which adds to X-Forwarded-For whom it was asked by.
PROXIES = _at_least(0, "PROXIES", 0)

AXES_HANDLER = "predictions.services.locks.Handler"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]  # the address by itself: see the handler
AXES_USERNAME_CALLABLE = "predictions.services.locks.username_of"
AXES_LOCKOUT_CALLABLE = "predictions.admin.signing_in.lockout.locked_out"
AXES_RESET_ON_SUCCESS = True
# Who is locked out and goes on trying is not locked out for longer, nor is who shares the address.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "code", "csrfmiddlewaretoken"]
AXES_ENABLE_ACCESS_FAILURE_LOG = True
AXES_VERBOSE = False
AXES_ENABLE_ADMIN = False  # ours is `predictions.admin.signing_in.attempts`

# Sessions name their user, address and browser; so long after they were last used, they end.
SESSION_ENGINE = "qsessions.backends.db"
SESSION_COOKIE_AGE = _at_least(1, "SESSION_DAYS", 14) * 86_400

LANGUAGE_CODE = "en"
# In which dates of reports may be written; their text is English.
LANGUAGES = [
    ("de", "Deutsch"),
    ("en", "English"),
    ("es", "español"),
    ("fr", "français"),
    ("it", "italiano"),
    ("nl", "Nederlands"),
    ("pl", "polski"),
    ("pt", "português"),
]
TIME_ZONE = "UTC"
USE_TZ = True

# Where matplotlib keeps its list of fonts; a service has no home folder for it to be in.
os.environ.setdefault("MPLCONFIGDIR", str(DATA_DIR / "matplotlib"))

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
# Served straight from the apps: a fresh clone needs no collectstatic step.
WHITENOISE_USE_FINDERS = True

EMAIL_URL = env.str("EMAIL_URL", default="smtp://127.0.0.1:25")
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Prediction Ledger <ledger@localhost>")
# Found out here: to delivery it would look as if no message could ever be sent, and be given up.
if "@" not in parseaddr(DEFAULT_FROM_EMAIL)[1]:
    raise ImproperlyConfigured(
        f"DEFAULT_FROM_EMAIL is {DEFAULT_FROM_EMAIL!r}; set it to an address or Name <address>"
    )
# How long a worker may hold a message before another takes it for dead and sends it.
MAIL_LEASE_SECONDS = env.int("MAIL_LEASE_SECONDS", default=300)
# Of one answer of the mail server; handing a message over takes some eight, within half the lease.
EMAIL_TIMEOUT = min(env.int("EMAIL_TIMEOUT", default=15), MAIL_LEASE_SECONDS / 16)
# NAME:PASSWORD, which a provider's hook must give; without it there are no hooks.
ANYMAIL_WEBHOOK_SECRET = hook_secret(env.str("ANYMAIL_WEBHOOK_SECRET", default=""))
vars().update(mail_settings(EMAIL_URL, timeout=EMAIL_TIMEOUT))
# After a first failure; each later pause is twice as long.
MAIL_FIRST_PAUSE_SECONDS = _at_least(1, "MAIL_FIRST_PAUSE_SECONDS", 30)
# A server may be away over a long weekend before its messages are given up.
MAIL_GIVE_UP_HOURS = env.int("MAIL_GIVE_UP_HOURS", default=96)
# So often a day an address is asked whether it wants what somebody has subscribed it to.
CONFIRMATIONS_A_DAY = _at_least(1, "CONFIRMATIONS_A_DAY", 3)
# So often an hour one network address may subscribe.
SUBSCRIBING_AN_HOUR = _at_least(1, "SUBSCRIBING_AN_HOUR", 10)

# When a message has waited so long, the desk and `/readyz` turn red.
MAIL_LATE_MINUTES = _at_least(1, "MAIL_LATE_MINUTES", 60)
# Is asked for after each sweep of reminders, unless mail is late: it tells somebody if it is not.
HEARTBEAT_URL = env.str("HEARTBEAT_URL", default="")
if HEARTBEAT_URL and urlsplit(HEARTBEAT_URL).scheme not in ("http", "https"):
    raise ImproperlyConfigured(
        "HEARTBEAT_URL must begin with https:// or http://; mend or unset it"
    )

# One sweep looks for what is due; `/readyz` turns red when none has ended for three of these.
SWEEP_SECONDS = env.int("SWEEP_SECONDS", default=30)
# Who reviews a question is reminded so many days before the day on which it falls due, on that day,
# and every so many days after it; after so many, adjudicators are told as well. 0 is never.
_LONGEST_DAYS = 3_650


def _days(name: str, default: int) -> int:
    return _between(0, _LONGEST_DAYS, name, default)


def _days_before(name: str, default: str) -> tuple[int, ...]:
    given = env.str(name, default=default)
    days = [part.strip() for part in given.split(",") if part.strip()]
    if not all(part.isdecimal() and 1 <= int(part) <= _LONGEST_DAYS for part in days):
        raise ImproperlyConfigured(
            f"{name} is {given!r}; set it to days from 1 to {_LONGEST_DAYS:,}, such as 14,3,"
            " or to nothing"
        )
    return tuple(sorted({int(part) for part in days}, reverse=True))


REMIND_BEFORE = _days_before("REMIND_BEFORE", "7")
REMIND_EVERY = _days("REMIND_EVERY", 7)
ESCALATE_AFTER = _days("ESCALATE_AFTER", 14)
# On the clock of whoever is reminded.
REMINDER_HOUR = _between(0, 23, "REMINDER_HOUR", 8)

# How often the head of the ledger is signed, if it has grown; late as above.
CHECKPOINT_SECONDS = env.int("CHECKPOINT_SECONDS", default=300)

# An XLSX is written as a whole before it is sent; a CSV has no limit.
EXPORT_XLSX_ROWS = env.int("EXPORT_XLSX_ROWS", default=200_000)
# Of a file of predictions that is uploaded; longer ones are for `import_predictions`.
UPLOAD_MEGABYTES = env.int("UPLOAD_MEGABYTES", default=20)
UPLOAD_ROWS = env.int("UPLOAD_ROWS", default=100_000)
# Up to so many rows an upload is recorded while its page waits; more are left to a worker.
UPLOAD_AT_ONCE = env.int("UPLOAD_AT_ONCE", default=1_000)

HTTPS = env.bool("HTTPS", default=SITE_URL.startswith("https://"))
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000 if HTTPS else 0)
# Behind a proxy that ends TLS; it must overwrite the header, or a client could claim TLS.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
X_FRAME_OPTIONS = "DENY"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["predictions.api.auth.BearerAuthentication"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "predictions.api.parsing.Negotiation",
    "DEFAULT_FILTER_BACKENDS": ["predictions.api.filters.StrictFilterBackend"],
    "DEFAULT_METADATA_CLASS": None,  # the schema says more than OPTIONS would
    "DEFAULT_PAGINATION_CLASS": "predictions.api.pagination.CursorPages",
    "DEFAULT_PARSER_CLASSES": ["predictions.api.parsing.ExactJSONParser"],
    "DEFAULT_PERMISSION_CLASSES": ["predictions.api.auth.Scoped"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "predictions.api.schema.Schema",
    "EXCEPTION_HANDLER": "predictions.api.problems.handle",
    "NON_FIELD_ERRORS_KEY": "body",
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Prediction Ledger",
    "DESCRIPTION": "Dated predictions, outcomes, proper scores, and the log that holds them.\n\n"
    "A bare date stands for its end in UTC. Scores are losses: lower is better. Lists come in"
    " pages: follow `next`. Every refusal is an `application/problem+json` (RFC 9457).",
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_NAME_OVERRIDES": {
        "QuestionState": "predictions.api.filtersets.QUESTION_STATES",
        "PredictionState": "predictions.api.filtersets.PREDICTION_STATES",
        "ForecasterKind": "predictions.models.choices.ForecasterKind",
        "QuestionKind": "predictions.models.choices.QuestionKind",
        "StatementKind": "predictions.models.choices.StatementKind",
    },
    # Served by ourselves: the documentation is there without the internet.
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

UNFOLD = {
    "SITE_TITLE": "Prediction Ledger",
    "SITE_HEADER": "Prediction Ledger",
    "SITE_SUBHEADER": "Desk",
    "SITE_SYMBOL": "menu_book",
    "SITE_FAVICONS": [{"rel": "icon", "href": "data:,"}],
    "SHOW_HISTORY": False,  # the ledger is the history
    "COLORS": {"primary": "predictions.admin.looks.primary"},
    "STYLES": ["predictions.admin.looks.stylesheet"],
    "DASHBOARD_CALLBACK": "predictions.admin.desk.desk",
    "SIDEBAR": {"navigation": "predictions.admin.looks.navigation"},
    "ACCOUNT": {"navigation": "predictions.admin.looks.account_links"},
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    # Who is refused is told so; the operator need not be, at length.
    "loggers": {"django.request": {"level": "ERROR"}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="WARNING")},
}
