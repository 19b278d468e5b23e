"""The service's settings on servers of the tests' own, which end with the tests."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from config import embedded

_folder = tempfile.mkdtemp(prefix="prediction-ledger-tests-")
# Registered first, so it runs last: after the servers have stopped.
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
os.environ["DATA_DIR"] = _folder
for _name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "EMAIL_URL"):
    os.environ.pop(_name, None)
embedded.ensure(data_dir=Path(_folder))

from config.settings import *  # noqa: E402, F403 -- they read what `ensure` has set

# With the rights of the service's role, in a session that a test can lend the owner's (`guards`).
_acting = {**DATABASE_OWNER["OPTIONS"], "assume_role": DATABASES["default"]["USER"]}  # noqa: F405
DATABASES["default"] = {**DATABASES["default"], **DATABASE_OWNER, "OPTIONS": _acting}  # noqa: F405
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # quick, for tests alone
INSTALLED_APPS = [*INSTALLED_APPS, "tests"]  # noqa: F405 -- for its `flush`
