import datetime as dt

import pytest

from predictions.mail.periods import last_boundary


@pytest.mark.parametrize(
    ("period", "boundary"),
    [("weekly", "2026-11-23"), ("monthly", "2026-11-01"), ("quarterly", "2026-10-01")],
)
def test_the_last_boundary_is_the_latest_that_has_passed(period: str, boundary: str) -> None:
    expected = dt.datetime.fromisoformat(boundary).replace(tzinfo=dt.UTC)
    assert last_boundary(period, dt.datetime(2026, 11, 25, 12, tzinfo=dt.UTC)) == expected
    assert last_boundary(period, expected) == expected
    assert last_boundary(period, expected - dt.timedelta(microseconds=1)) < expected
