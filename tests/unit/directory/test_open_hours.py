from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from maillage.directory.search.hours import KEPT, Hours
from maillage.directory.search.types import Window

BRUSSELS = ZoneInfo("Europe/Brussels")


def opened(osm: str, start: datetime, minutes: int = 0, country: str = "BE") -> int:
    hours = Hours(country, "Europe/Brussels")
    pattern = hours.pattern(osm)
    return int(hours.open_in(Window("w", start, start + timedelta(minutes=minutes)), np.array([pattern], np.int32))[0])


@pytest.mark.parametrize(
    ("osm", "moment", "expected"),
    [
        ("Mo-Fr 09:00-17:00; PH off", "2026-11-23T10:00", 1),
        ("Mo-Fr 09:00-17:00; PH off", "2026-11-11T10:00", 0),  # Armistice day, a Wednesday
        ("Mo-Fr 09:00-17:00; PH off", "2026-12-25T10:00", 0),
        ("Mo-Fr 09:00-17:00; PH off", "2026-07-21T10:00", 0),  # the national day
        ("Mo-Fr 09:00-17:00", "2026-11-11T10:00", 1),
        ("Mo-Su 18:00-08:00", "2026-11-23T03:00", 1),  # past midnight
        ("Mo-Su 18:00-08:00", "2026-10-25T02:30", 1),  # the hour that comes twice
        ("Mo-Su 01:00-04:00", "2026-03-29T03:30", 1),  # the night with an hour less
        ("24/7", "2028-02-29T23:59", 1),
        ("", "2026-11-23T10:00", -1),
        ("le soir, sauf le jeudi", "2026-11-23T10:00", -1),
    ],
)
def test_open_at_a_moment_with_holidays_and_the_change_of_clocks(osm: str, moment: str, expected: int) -> None:
    assert opened(osm, datetime.fromisoformat(moment).replace(tzinfo=BRUSSELS)) == expected


def test_holidays_are_those_of_the_country() -> None:
    armistice = datetime(2026, 11, 11, 10, tzinfo=BRUSSELS)
    assert opened("Mo-Fr 09:00-17:00; PH off", armistice, country="NL") == 1
    assert opened("Mo-Fr 09:00-17:00; PH off", armistice, country="") == 1


def test_a_window_is_met_by_any_moment_in_it() -> None:
    evening = datetime(2026, 11, 23, 18, 0, tzinfo=BRUSSELS)
    assert opened("Mo-Su 21:00-07:00", evening, 120) == 0
    assert opened("Mo-Su 21:00-07:00", evening, 181) == 1
    assert opened("Mo 08:00-09:00", evening, 600) == 0


def test_only_few_windows_are_remembered_and_the_answer_stays_right() -> None:
    hours = Hours("BE", "Europe/Brussels")
    row = np.array([hours.pattern("Mo-Fr 09:00-17:00")], np.int32)
    start = datetime(2026, 11, 23, 8, 30, tzinfo=BRUSSELS)
    answers = [
        int(hours.open_in(Window("w", moment, moment), row)[0])
        for moment in (start + timedelta(minutes=n) for n in range(KEPT * 2))
    ]
    assert answers == [0] * 30 + [1] * (KEPT * 2 - 30)
    later = np.array([0, hours.pattern("24/7")], np.int32)
    assert hours.open_in(Window("w", start, start), later).tolist() == [-1, 1]
