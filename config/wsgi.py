"""The web application, for gunicorn: `gunicorn config.wsgi`."""

import os

import django

from config import embedded
from config.application import Application
from config.durability import REFUSED_BOOT, insist

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
embedded.ensure()
django.setup(set_prefix=False)
insist("web", REFUSED_BOOT)
application = Application()
