import datetime as dt

import pytest

from predictions.when import display, end_of, instant


def test_a_bare_date_means_its_end_in_utc() -> None:
    end = dt.datetime(2023, 6, 25, 23, 59, 59, 999_999, tzinfo=dt.UTC)
    assert instant("2023-06-25") == instant(dt.date(2023, 6, 25)) == end_of(dt.date(2023, 6, 25))
    assert instant("2023-06-25") == end
    assert display(end) == "2023-06-25"


def test_a_time_keeps_its_moment() -> None:
    assert display(instant("2023-06-25T14:30:00+02:00")) == "2023-06-25 12:30 UTC"
    assert instant("2023-06-25T12:30:00Z") == instant("2023-06-25T14:30:00+02:00")


@pytest.mark.parametrize(
    "text", ["25.6.2023", "2023-6-5", "2023-02-30", "soon", "", "2023-06-25T25:00Z"]
)
def test_what_is_no_date_is_refused_with_the_form_to_use(text: str) -> None:
    with pytest.raises(ValueError, match=r"write 2023-06-25 or 2023-06-25T14:30:00Z"):
        instant(text)


def test_a_time_that_utc_cannot_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="outside the years"):
        instant("9999-12-31T23:59:59-12:00")


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="has no zone"):
        instant("2023-06-25T14:30:00")
