"""A need that rises against its own past is said; a few people never are."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from maillage.orientation import actions, existing
from maillage.orientation.models import UnmetNeed
from maillage.orientation.queries import vocabulary
from maillage.orientation.signals import signals
from tests.testland import NOW

TODAY = date(2026, 11, 20)  # a Friday
MONDAY = date(2026, 11, 16)


@pytest.fixture
def weeks(land):
    """weeks([.., two weeks ago, last week, this one]): so many misses on the Tuesday of each."""

    def weeks(counts, need="emergency-shelter", area="north", cause="full"):
        for back, number in enumerate(reversed(counts)):
            day = MONDAY + timedelta(1) - timedelta(7 * back)
            if number:
                UnmetNeed.objects.create(territory=land, need=need, area=area, cause=cause, day=day, count=number)

    return weeks


QUIET = [9, 11, 10, 8, 12, 10, 9, 11, 10, 10]


def test_a_need_that_doubles_is_said_everywhere_and_in_its_area(land, weeks):
    weeks([*QUIET, 30, 3])
    found = signals(vocabulary(land), today=TODAY)
    assert [(one.need, one.area) for one in found] == [("emergency-shelter", ""), ("emergency-shelter", "north")]
    one = found[0]
    assert (one.week, one.is_running, one.count, one.usual) == (MONDAY - timedelta(7), False, 30, 10)
    assert one.weeks[-3:] == (10, 10, 30)
    assert len(one.weeks) == 12


def test_the_week_that_runs_alarms_as_soon_as_it_has_too_many(land, weeks):
    weeks([*QUIET, 10, 32])
    found = signals(vocabulary(land), today=TODAY)
    assert {(one.week, one.is_running, one.count) for one in found} == {(MONDAY, True, 30)}


def test_quiet_weeks_and_weeks_without_anything_alarm_nothing(land, weeks):
    assert signals(vocabulary(land), today=TODAY) == []
    weeks([*QUIET, 11, 9])
    assert signals(vocabulary(land), today=TODAY) == []


@pytest.mark.parametrize("counts", [[0] * 10 + [9, 0], [4] * 10 + [9, 0]])
def test_a_few_people_raise_no_alarm(land, weeks, counts):
    weeks(counts)
    assert signals(vocabulary(land), today=TODAY) == []


def test_questions_left_and_what_a_person_declined_are_no_lack(land, weeks):
    weeks([*QUIET, 40, 0], cause="abandoned")
    more = [("emergency-shelter", "north", "person", "", "", MONDAY - timedelta(5), 50)]
    assert signals(vocabulary(land), today=TODAY, more=more) == []


def test_places_that_were_refused_raise_one_too_and_today_does_not(land, weeks):
    weeks([*QUIET, 10, 0])
    refused = ("emergency-shelter", "north", "no_place", "families", "")
    assert signals(vocabulary(land), today=TODAY, more=[(*refused, TODAY, 90)]) == []
    found = signals(vocabulary(land), today=TODAY, more=[(*refused, MONDAY - timedelta(3), 25)])
    assert found[0].count == 35


def test_a_need_without_an_area_is_said_once(land, weeks):
    weeks([*QUIET, 30, 0], area="")
    assert [(one.need, one.area) for one in signals(vocabulary(land), today=TODAY)] == [("emergency-shelter", "")]


def test_a_need_that_nobody_said_raises_nothing(land):
    for _ in range(40):
        actions.unmet.count_unmet(land, "empty", needs=[], area="north", on=MONDAY)
    assert signals(vocabulary(land), today=TODAY) == []


def test_what_exists_for_a_need_is_told_the_nearest_first(land):
    words = vocabulary(land)
    near = existing.existing(words, "emergency-shelter", area="north", at=NOW)
    assert len(near) > 1
    known = [one.km for one in near if one.km is not None]
    assert known == sorted(known)
    assert len({one.service for one in near}) == len(near)
    anywhere = existing.existing(words, "housing", at=NOW)
    assert {one.service for one in near} <= {one.service for one in anywhere}
    assert all(one.km is None for one in anywhere)
    assert existing.existing(words, "nothing-here", area="north", at=NOW) == []
