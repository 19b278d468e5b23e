import pytest

from predictions.scorecards import scoreboard


@pytest.mark.usefixtures("seeded")
def test_the_scoreboard_of_the_seed_articles() -> None:
    board = scoreboard()
    total = board.total
    assert len(board.forecasters) == 2
    assert (total.questions, total.predictions) == (18, 19)
    assert (total.scored, total.void, total.open, total.late) == (14, 3, 2, 0)
    assert (total.unscorable, total.abstained) == (8, 1)
