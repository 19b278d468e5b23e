"""Environments of processes that begin servers of their own."""

import os

from config.embedded import OWNER_URL, URLS


def without_servers(*more: str) -> dict[str, str]:
    """Ours, but for what leads to our servers, our settings, and what `more` names."""
    left_out = {*URLS, OWNER_URL, "DJANGO_SETTINGS_MODULE", *more}
    return {name: value for name, value in os.environ.items() if name not in left_out}
