"""Links in mail that others open, forge or bend."""

import pytest

from predictions.errors import Invalid
from predictions.mail import links


def test_a_link_that_a_scanner_opened_first_still_opens() -> None:
    token = links.sealed("unsubscribe", {"subscription": 7})
    opened = [links.opened("unsubscribe", token) for _ in range(3)]
    assert opened == [{"subscription": 7}] * 3


def test_nobody_can_make_or_bend_a_link_to_what_is_anothers() -> None:
    mine = links.sealed("unsubscribe", {"subscription": 7})
    forged = links.sealed("unsubscribe", {"subscription": 8}).split(":")[0]
    bent = ":".join([forged, *mine.split(":")[1:]])
    for token in (bent, mine[:-1], mine + "x", "", "7", forged):
        with pytest.raises(Invalid):
            links.opened("unsubscribe", token)
    with pytest.raises(Invalid):
        links.opened("review", mine)
