"""`/ledger/`, where a stranger with an old report asks whether it still holds."""

import base64
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ledger import verifier
from ledger.checkpoints import checkpoint_make, latest, verifier_keys
from ledger.merkle import EMPTY_ROOT
from ledger.notes import Signer, checkpoint_text, sign
from ledger.rotation import key_rotate
from predictions.models import User
from tests.ledger.exports import verify
from tests.ledger.logs import cut, head_follows, roots, tamper, write_log

pytestmark = pytest.mark.django_db(transaction=True)
YES, NO = "✓ Yes", "✗ No"


@pytest.fixture
def log() -> None:
    """31 entries; the newest checkpoint knows 21."""
    write_log(20)
    checkpoint_make()
    write_log(10)


def note() -> str:
    signed = latest()
    assert signed is not None
    return signed.note


def told(answer: Any) -> str:
    """What the page says, as one line of words."""
    text = re.sub(r"<style.*?</style>|<[^>]*>", " ", answer.content.decode(), flags=re.DOTALL)
    return " ".join(text.replace("&gt;", ">").replace("&#x27;", "'").split())


def check(client: Client, held: str, status: int = 200) -> str:
    answer = client.post("/ledger/", {"held": held})
    assert answer.status_code == status
    return told(answer)


def lines(size: int, root: str | None = None) -> str:
    return f"{size} entries, root\n{root or roots()[size].hex()}\n"


@pytest.mark.usefixtures("log")
def test_the_page_shows_head_newest_note_keys_and_checkpoints(client: Client) -> None:
    page = told(client.get("/ledger/"))
    for words in (
        "Entries 31",
        f"Root {roots()[31].hex()}",
        "Checkpoint 1 signs the first 21 entries",
        "10 newer entries wait for the next signature, at most 300 seconds.",
        " ".join(note().split()),
        f"{verifier_keys()[0]} Introduced in entry 21",
        "checkpoint-1.txt",
        "A page cannot prove itself",
        "verifier.py --checkpoint new.txt",
    ):
        assert words in page


def test_before_anything_is_written_the_page_says_so(client: Client) -> None:
    page = told(client.get("/ledger/"))
    assert "Entries 0" in page
    assert "None is signed yet" in page
    nothing = check(client, lines(0, EMPTY_ROOT.hex()))
    assert "Not checked. Every ledger begins with 0 entries" in nothing
    assert YES not in nothing
    assert NO not in nothing
    assert "this ledger has only 0 entries; yours knew 5" in check(client, lines(5, "ab" * 32))


HELD = {
    "as it was": "{size} entries, root {root}",
    "in two lines": "{size} entries, root\n{root}\n",
    "quoted": "> > {size} entries, root\r\n> > {root}\r\n",
    "wrapped": ">{size} entries,\n>  root\n> {first}\n> {rest}\n",
    "in the middle of a mail": "Dear reader,\n\n> {size} entries, root\n> {root}\n> Keep this.\n",
    "in capitals": "{size} entries, root {capitals}",
    "as HTML": "<td>{size}&nbsp;entries, root<br>\n<code>{root}</code></td>",
}


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize("form", HELD)
def test_what_a_report_said_is_answered_however_it_was_pasted(client: Client, form: str) -> None:
    for size in (1, 8, 21, 30, 31):
        root = roots()[size].hex()
        held = HELD[form].format(
            size=size, root=root, capitals=root.upper(), first=root[:40], rest=root[40:]
        )
        page = check(client, held)
        assert f"{YES}: today’s ledger of 31 entries begins with exactly those {size}" in page
        assert NO not in page


@pytest.mark.usefixtures("log")
def test_a_whole_note_is_answered_and_its_signature_too(client: Client) -> None:
    for held in (note(), note().replace("\n", "\r\n"), re.sub("(?m)^", "> ", note()), note()[:-1]):
        page = check(client, f"See the attached:\n{held}")
        assert f"{YES}: today’s ledger of 31 entries begins with exactly those 21" in page
        assert "The signature is by a key of this ledger." in page


@pytest.mark.usefixtures("log")
def test_the_note_of_an_older_key_is_still_that_of_this_ledger(client: Client) -> None:
    old = note()
    key_rotate(reason="Every year")
    page = check(client, old)
    assert "The signature is by a key of this ledger." in page
    assert "Introduced in entry 32 in place of" in page


@pytest.mark.usefixtures("log")
def test_a_note_that_another_has_signed_is_no(client: Client) -> None:
    text = note().partition("\n\n")[0] + "\n"
    origin = text.splitlines()[0]
    forged = sign(text, [Signer(origin, bytes(32))])
    false = note()[:-10] + ("B" if note()[-10] == "A" else "A") + note()[-9:]
    for held in (forged, false):
        page = check(client, held)
        assert "✗ Not by this ledger’s key. Another key has signed your note" in page
        assert "Its size and root do fit this ledger, but anybody can copy these" in page
        assert YES not in page
        assert "begins with" not in page
    for size, words in ((21, "Nor does its root fit"), (99, "Nor does its size fit")):
        other = sign(checkpoint_text(origin, size, bytes(32)), [Signer(origin, bytes(32))])
        page = check(client, other)
        assert words in page
        assert page.count("✗") == 1


@pytest.mark.usefixtures("log")
def test_another_root_is_no_with_the_root_there_is(client: Client) -> None:
    page = check(client, lines(5, "ab" * 32))
    assert f"{NO}: this ledger is not the one you were shown" in page
    assert f"Here 5 entries, root {roots()[5].hex()}" in page
    assert YES not in page


@pytest.mark.usefixtures("log")
def test_more_entries_than_there_are_were_taken_away(client: Client) -> None:
    assert f"{NO}: this ledger has only 31 entries; yours knew 32" in check(
        client, lines(32, "ab" * 32)
    )


@pytest.mark.usefixtures("log")
def test_a_signed_note_that_does_not_hold_any_more_proves_it(client: Client) -> None:
    held = note()
    tamper("DELETE FROM ledger_checkpoint")
    cut(15)
    page = check(client, held)
    assert f"{NO}: this ledger has only 15 entries; yours knew 21" in page
    write_log(10)
    assert f"{NO}: this ledger is not the one you were shown" in check(client, held)


@pytest.mark.usefixtures("log")
def test_each_of_several_is_answered(client: Client) -> None:
    page = check(client, lines(3) + lines(4) + lines(5, "ab" * 32))
    assert (page.count(YES), page.count(NO)) == (2, 1)
    many = "".join(lines(size, "ab" * 32) for size in range(1, 30))
    assert "This holds 29 different checkpoints; at most 20" in check(client, many)


@pytest.mark.usefixtures("log")
def test_size_and_root_may_be_typed_in_and_linked_to(client: Client) -> None:
    root = roots()[7].hex()
    in_base64 = base64.b64encode(roots()[7]).decode()
    for given_root in (root, f" {root.upper()[:32]} {root[32:]} ", in_base64):
        answer = client.get("/ledger/", {"size": "7", "root": given_root})
        assert f"{YES}: today’s ledger of 31 entries begins with exactly those 7" in told(answer)


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"held": ""}, "Paste what stands in your report"),
        ({"held": " \n"}, "Paste what stands in your report"),
        ({"held": "hello"}, "No number of entries with its root was found"),
        ({"held": "x" * 10_001}, "is longer than 10,000 characters"),
        ({"held": "5 entries, root abc"}, "No number of entries with its root was found"),
        ({"held": f"٥ entries, root {'ab' * 32}"}, "No number of entries with its root"),
        ({"held": f"{'9' * 40} entries, root {'ab' * 32}"}, "No number of entries with its root"),
        ({"held": "a\x00b"}, "Null characters are not allowed"),
        ({"size": "7"}, "Give both the number of entries and the root"),
        ({"root": "ab" * 32}, "Give both the number of entries and the root"),
        ({"size": "7", "root": "ab"}, "as in a note; this has 2 characters."),
        ({"size": "7", "root": "a"}, "must be 64 digits from 0 to 9 and a to f, as in a report"),
        ({"size": "7", "root": "a"}, "this has 1 character."),
        ({"size": "7", "root": f"{'a' * 42}b="}, "this has 44 characters."),
        ({"size": "seven", "root": "ab" * 32}, "must be a number in plain digits"),
        ({"size": "٧", "root": "ab" * 32}, "must be a number in plain digits"),
        ({"size": "-7", "root": "ab" * 32}, "must be a number in plain digits"),
        ({"size": "9" * 5000, "root": "ab" * 32}, "must be a number in plain digits"),
        (
            {"size": "9" * 19, "root": "ab" * 32},
            "has only 31 entries; yours knew 9999999999999999999",
        ),
    ],
    ids=lambda value: repr(value)[:50],
)
def test_what_cannot_be_read_is_answered_with_how_to_mend_it(
    client: Client, sent: dict[str, str], words: str
) -> None:
    answer = client.post("/ledger/", sent)
    assert answer.status_code == 200
    assert words in told(answer)
    assert YES not in told(answer)


PIECES = st.sampled_from(
    ["entries, root", "5", "1", "\n", "> ", "ab" * 32, "From: a\n\n", "— ", "<b>", "=", "&#0;"]
)


@pytest.mark.usefixtures("log")
@hypothesis_settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(held=st.text(max_size=60) | st.lists(PIECES | st.text(max_size=3)).map("".join))
def test_no_garbage_is_a_server_error(client: Client, held: str) -> None:
    sent = {"held": held.encode("utf-8", "replace").decode()}
    assert client.post("/ledger/", sent).status_code == 200
    assert client.get("/ledger/", {"size": held, "page": held}).status_code in {200, 400}


MAIL = "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: {}\n\n5 entries\n--b--\n"


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize("kind", ["message/rfc822", "text/plain; charset=nonsense", "multipart/x"])
def test_a_mail_with_odd_parts_is_read_as_far_as_it_goes(client: Client, kind: str) -> None:
    for encoding in ("base64", "quoted-printable", "x-uuencode", "8bit", "nonsense"):
        mail = MAIL.format(f"{kind}\nContent-Transfer-Encoding: {encoding}")
        check(client, mail)
        check(client, f"{mail}\n{lines(5)}")


@pytest.mark.usefixtures("log")
def test_a_charset_of_the_callers_lets_no_half_characters_through(client: Client) -> None:
    for path in ("/ledger/?size=%5Cud800&root=1", "/ledger/?page=%5Cud800"):
        assert (
            client.get(path, content_type="text/plain; charset=unicode_escape").status_code == 200
        )
    body = b"held=%5Cud800+5+entries"
    kind = "application/x-www-form-urlencoded; charset=unicode_escape"
    refused = client.post("/ledger/", body, content_type=kind)
    assert refused.status_code == 400
    assert b"not in UTF-8" in refused.content


@pytest.mark.usefixtures("log")
def test_the_whole_check_can_be_done_with_the_files_of_the_page(
    client: Client, tmp_path: Path
) -> None:
    held = lines(8)
    page = client.post("/ledger/", {"held": held}).content.decode()
    [proof] = re.findall(r'href="(/ledger/proofs/8-21\.json)"', page)
    [new] = set(re.findall(r'href="(/ledger/checkpoints/1\.txt)"', page))
    source = client.get("/ledger/verifier.py")
    assert source.content == Path(verifier.__file__).read_bytes()
    assert source["Content-Type"] == "text/x-python; charset=utf-8"
    assert source["Content-Disposition"] == 'attachment; filename="verifier.py"'
    (tmp_path / "proof.json").write_bytes(client.get(proof).content)
    (tmp_path / "new.txt").write_bytes(client.get(new).content)
    (tmp_path / "report.eml").write_text(held)
    done = verify(
        *("--checkpoint", tmp_path / "new.txt", "--proof", tmp_path / "proof.json"),
        *("--against", tmp_path / "report.eml", "--key", verifier_keys()[0]),
    )
    assert (done.code, done.findings) == (0, [])


@pytest.mark.usefixtures("log")
def test_what_no_checkpoint_covers_yet_has_no_proof_to_download(client: Client) -> None:
    page = check(client, lines(25))
    assert "No checkpoint covers as many entries yet" in page
    assert "Download the proof" not in page


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize(
    "path",
    [
        "/ledger/checkpoints/0.txt",
        "/ledger/checkpoints/2.txt",
        f"/ledger/checkpoints/{'9' * 40}.txt",
        f"/ledger/checkpoints/{'9' * 5000}.txt",
        "/ledger/proofs/5-32.json",
        "/ledger/proofs/6-5.json",
        f"/ledger/proofs/5-{'9' * 40}.json",
    ],
)
def test_files_that_there_are_not_are_not_found(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_checkpoints_come_in_pages_newest_first(client: Client) -> None:
    for _ in range(45):
        write_log(1)
        checkpoint_make()
    numbers = []
    for page in ("", "?page=2", "?page=3", "?page=99", "?page=x", f"?page={'9' * 5000}"):
        shown = client.get(f"/ledger/{page}").content.decode()
        numbers.append([int(n) for n in re.findall(r">checkpoint-(\d+)\.txt<", shown)])
    assert numbers[:3] == [list(range(45, 25, -1)), list(range(25, 5, -1)), list(range(5, 0, -1))]
    assert numbers[3:] == [numbers[2], numbers[0], numbers[0]]


@pytest.mark.usefixtures("log")
def test_the_page_takes_a_fixed_number_of_queries(
    client: Client, django_assert_max_num_queries: Any
) -> None:
    held = lines(8)
    with django_assert_max_num_queries(7):
        client.get("/ledger/")
    with django_assert_max_num_queries(15):
        client.post("/ledger/", {"held": held})


@pytest.mark.usefixtures("log")
def test_a_ledger_that_does_not_hold_together_gives_no_answer(client: Client) -> None:
    held = lines(8)
    tamper("UPDATE ledger_entry SET body = body || ' ' WHERE sequence = 5")
    head_follows()
    page = check(client, held, 503)
    assert "No answer. The ledger does not hold together" in page
    assert YES not in page
    assert client.get("/ledger/").status_code == 200
    assert client.get("/ledger/proofs/8-21.json").status_code == 503


@pytest.mark.usefixtures("log")
def test_a_newest_note_that_was_made_unreadable_is_still_a_page(client: Client) -> None:
    tamper("UPDATE ledger_checkpoint SET note = 'gone'")
    assert client.get("/ledger/").status_code == 200


@pytest.mark.usefixtures("log")
def test_without_public_reading_the_pages_ask_to_sign_in(
    client: Client, settings: Any, adjudicator: User
) -> None:
    settings.PUBLIC_READ = False
    paths = [
        "/ledger/",
        "/ledger/checkpoints/1.txt",
        "/ledger/proofs/1-2.json",
        "/ledger/verifier.py",
    ]
    for path in paths:
        assert client.get(path)["Location"] == f"/admin/login/?next={path}"
    assert client.post("/ledger/", {"held": ""}).status_code == 302
    client.force_login(adjudicator)
    for path in paths:
        assert client.get(path).status_code == 200


@pytest.mark.usefixtures("log")
def test_the_page_loads_nothing_from_elsewhere_and_sets_no_cookie(client: Client) -> None:
    answer = client.get("/ledger/")
    page = answer.content.decode()
    assert not answer.cookies
    assert "<script" not in page
    assert not re.findall(r'(?:src|href|action)="(?!/|#|\?|data:,)[^"]*"', page)
    assert client.delete("/ledger/").status_code == 405
    assert client.post("/ledger/verifier.py").status_code == 405


def test_navigation_and_dashboard_lead_to_it(client: Client) -> None:
    page = client.get("/").content.decode()
    assert page.count('href="/ledger/"') == 2
