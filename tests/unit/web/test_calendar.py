"""When activities take place."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given
from hypothesis import strategies as st

from maillage.web.presenters import calendar
from maillage.web.queries import Timing

ZONE = ZoneInfo("Europe/Brussels")
DAYS = st.lists(st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"]), min_size=1, max_size=3, unique=True).map(
    ",".join
)
RULES = st.one_of(
    st.just("FREQ=DAILY"),
    DAYS.map(lambda days: f"FREQ=WEEKLY;BYDAY={days}"),
    st.tuples(st.sampled_from("1234"), DAYS).map(lambda pair: f"FREQ=MONTHLY;BYDAY={pair[0]}{pair[1].split(',')[0]}"),
    DAYS.map(lambda days: f"FREQ=WEEKLY;INTERVAL=2;BYDAY={days}"),
    st.just("FREQ=WEEKLY"),
)
BEGINS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(ZONE), allow_imaginary=False)


def timing(begin: datetime, rule: str = "", until: date | None = None, excluded: tuple[str, ...] = ()) -> Timing:
    return Timing(1, uuid4(), begin, 60, rule, until, list(excluded), False)


@given(BEGINS, RULES, st.dates(date(2026, 1, 1), date(2027, 6, 1)), st.integers(0, 20))
def test_dates_are_those_of_the_rule_between_the_first_day_and_the_last(
    begin: datetime, rule: str, first: date, length: int
) -> None:
    last = first + timedelta(days=length)
    begin = begin.replace(microsecond=0)
    local = begin.replace(tzinfo=None)
    every = rrulestr(rule, dtstart=local).between(
        datetime.combine(first, time.min), datetime.combine(last, time.max), inc=True
    )
    found = list(calendar.starts(timing(begin, rule), ZONE, first, last))
    assert [moment.replace(tzinfo=None) for moment in found] == every


def test_the_clock_time_stays_when_the_hour_changes() -> None:
    begin = datetime(2026, 10, 21, 12, 0, tzinfo=UTC)  # 14:00 in summer
    found = list(calendar.starts(timing(begin, "FREQ=WEEKLY;BYDAY=WE"), ZONE, date(2026, 10, 21), date(2026, 10, 28)))
    assert [moment.strftime("%H:%M %z") for moment in found] == ["14:00 +0200", "14:00 +0100"]


@pytest.mark.parametrize("rule", ["nonsense", "FREQ=OFTEN", "FREQ=WEEKLY;BYDAY=XX", "FREQ=DAILY;COUNT=x"])
def test_a_rule_that_cannot_be_read_never_breaks_the_page(rule: str) -> None:
    begin = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    assert len(list(calendar.starts(timing(begin, rule), ZONE, date(2026, 11, 1), date(2026, 11, 30)))) <= 1


def test_an_end_and_excluded_dates_are_kept() -> None:
    begin = datetime(2026, 11, 4, 13, 0, tzinfo=UTC)
    held = timing(begin, "FREQ=WEEKLY;BYDAY=WE;UNTIL=20300101T000000Z", date(2026, 11, 18), ("2026-11-11",))
    found = calendar.starts(held, ZONE, date(2026, 11, 1), date(2026, 12, 31))
    assert [moment.date() for moment in found] == [date(2026, 11, 4), date(2026, 11, 18)]


def test_what_does_not_repeat_takes_place_once() -> None:
    begin = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)  # after midnight in Brussels
    assert [
        moment.date() for moment in calendar.starts(timing(begin), ZONE, date(2026, 11, 1), date(2026, 11, 30))
    ] == [date(2026, 11, 21)]
    assert list(calendar.starts(timing(begin), ZONE, date(2026, 11, 22), date(2026, 11, 30))) == []
