import io
import re
import sys

import pytest
from django.core.management import CommandError, call_command

from ledger import journal
from ledger.models import Entry
from predictions.models import Article, Forecaster, User
from tests.making import Maker

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("erase", *arguments, stdout=out)
    return out.getvalue()


def refused(*arguments: str) -> str:
    with pytest.raises(CommandError) as error:
        run(*arguments)
    assert error.value.returncode == 2
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_forecaster_is_erased_and_the_entry_named(make: Maker) -> None:
    row = make.forecaster(key="zoe", name="Zoë Quill")
    make.prediction(forecaster=row)
    told = run("--forecaster", "zoe", "--reason", "request", "--yes")
    assert told.startswith("to erase: forecaster zoe (Zoë Quill): key, name, note")
    assert "3 parts that" in told
    assert "1 prediction, 0 statements and their scores stay" in told
    [entry] = re.findall(r"^entry ([0-9a-f-]{36})$", told, re.MULTILINE)
    journal.flush()
    assert Entry.objects.get(uuid=entry).kind == "forecaster.erased"
    assert Forecaster.objects.get(pk=row.pk).is_erased


def test_a_byline_is_erased(make: Maker) -> None:
    make.article(key="almanac", byline="Zoë Quill")
    told = run("--article", "almanac", "--reason", "mistake", "--yes")
    assert "its byline (Zoë Quill)" in told
    assert "erased: 1 part that" in told
    assert Article.objects.get().byline == "(erased)"


def test_a_user_is_erased_without_a_reason_or_an_entry(adjudicator: User) -> None:
    User.objects.create_user("zoe", "zoe@example.org")
    told = run("--user", "zoe", "--yes")
    assert "user zoe (zoe@example.org)" in told
    assert "no entry: the ledger names no user" in told
    assert not User.objects.filter(username="zoe").exists()


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--forecaster", "zoe", "--reason", "request", "--yes"], "no forecaster 'zoe'"),
        (["--article", "zoe", "--reason", "request", "--yes"], "no article 'zoe'"),
        (["--user", "zoe", "--yes"], "no user 'zoe'"),
        (["--forecaster", "zoe", "--yes"], "say why: --reason request|court_order|mistake"),
        (["--user", "ada", "--yes"], "the last active superuser"),
    ],
)
def test_what_cannot_be_erased_is_said_in_one_line(
    adjudicator: User, arguments: list[str], problem: str
) -> None:
    assert problem in refused(*arguments)


def test_one_of_the_three_is_named_and_a_reason_of_the_list() -> None:
    for arguments in (
        [],
        ["--forecaster", "a", "--article", "b"],
        ["--forecaster", "a", "--reason", "because"],
    ):
        with pytest.raises(CommandError):
            run(*arguments)


def test_who_was_erased_is_not_erased_again(make: Maker) -> None:
    row = make.forecaster(key="zoe")
    run("--forecaster", "zoe", "--reason", "request", "--yes")
    row.refresh_from_db()
    assert "was erased already" in refused("--forecaster", row.key, "--reason", "request", "--yes")


@pytest.fixture
def zoe(make: Maker) -> Forecaster:
    return make.forecaster(key="zoe")


@pytest.mark.parametrize(("said", "erased"), [("yes\n", True), ("y\n", False), ("", False)])
def test_a_terminal_is_asked_and_only_yes_erases(
    zoe: Forecaster, monkeypatch: pytest.MonkeyPatch, said: str, erased: bool
) -> None:
    monkeypatch.setattr(sys, "stdin", _Terminal(said))
    arguments = ("--forecaster", "zoe", "--reason", "request")
    if erased:
        assert "Type yes to erase" in run(*arguments)
    else:
        assert refused(*arguments) == "nothing was erased"
    zoe.refresh_from_db()
    assert zoe.is_erased is erased


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class _Stopped(_Terminal):
    def readline(self, _size: int | None = -1, /) -> str:  # type: ignore[override]
        raise KeyboardInterrupt


def test_who_stops_at_the_question_is_told_that_nothing_was_erased(
    zoe: Forecaster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", _Stopped())
    with pytest.raises(CommandError, match=r"^nothing was erased$") as error:
        run("--forecaster", "zoe", "--reason", "request")
    assert error.value.returncode == 130
    zoe.refresh_from_db()
    assert not zoe.is_erased


def test_nobody_at_a_terminal_needs_yes(zoe: Forecaster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("yes\n"))
    assert "give --yes" in refused("--forecaster", "zoe", "--reason", "request")
    zoe.refresh_from_db()
    assert not zoe.is_erased
