"""The service's settings on servers of the tests' own, which end with the tests."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from config import embedded
from tests import prepared

_folder = tempfile.mkdtemp(prefix="prediction-ledger-tests-")
# Registered first, so it runs last: after the servers have stopped.
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
os.environ["DATA_DIR"] = _folder
for _name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "EMAIL_URL"):
    os.environ.pop(_name, None)
_is_migrated = prepared.begin(Path(_folder))
embedded.ensure(data_dir=Path(_folder))

from config.settings import *  # noqa: E402, F403 -- they read what `ensure` has set

# With the rights of the service's role, in a session that a test can lend the owner's (`guards`).
_acting = {**DATABASE_OWNER["OPTIONS"], "assume_role": DATABASES["default"]["USER"]}  # noqa: F405
DATABASES["default"] = {**DATABASES["default"], **DATABASE_OWNER, "OPTIONS": _acting}  # noqa: F405
if _is_migrated:
    DATABASES["default"]["TEST"] = {"TEMPLATE": DATABASES["default"]["NAME"]}  # noqa: F405
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # quick, for tests alone
INSTALLED_APPS = [*INSTALLED_APPS, "tests"]  # noqa: F405 -- for its `flush`
# Else each client of a test would look at every static file anew before its first answer.
WHITENOISE_AUTOREFRESH = True
