"""What every command, worker and web process begins with."""

import subprocess
import sys

_BEGIN = "import django; django.setup(); from django.urls import get_resolver"
_ALL = "get_resolver().url_patterns; import predictions.tasks, sys"
# Each takes longer to import than most commands take to run.
_SLOW = ("matplotlib", "scipy.optimize", "scipy.special", "icalendar", "xlsxwriter")


def test_a_process_begins_without_what_few_of_them_use() -> None:
    code = f"{_BEGIN}; {_ALL}; print([name for name in {_SLOW} if name in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_a_command_begins_without_the_desk() -> None:
    code = "import django; django.setup(); import sys; print('predictions.admin' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
