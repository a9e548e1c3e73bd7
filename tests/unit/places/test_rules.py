"""Decisions of the trade, without a database: nights, dates, who fits, what may become of what."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maillage.people.rules import NotAllowed
from maillage.places import rules
from maillage.places.models import Offer, Refusal, Request, Stay
from maillage.places.rules import Somebody

DAY = timedelta(days=1)
ON = date(2026, 11, 20)
DATES = st.dates(date(2020, 1, 1), date(2035, 12, 31))
GENDERS = st.sampled_from(["woman", "man", "other", ""])


@pytest.mark.parametrize(
    ("table", "states"),
    [(rules.STAY_NEXT, Stay.State), (rules.REQUEST_NEXT, Request.State), (rules.OFFER_NEXT, Offer.State)],
)
def test_every_state_stands_in_its_table_and_leads_to_states(table: Any, states: Any) -> None:
    assert set(table) == set(states.values)
    for now, following in table.items():
        assert following <= set(states.values) - {now}
        for then in states.values:
            if then in following:
                rules.check_next(table, now, then)
            else:
                with pytest.raises(rules.Refused):
                    rules.check_next(table, now, then)


@given(DATES, st.integers(0, 200))
def test_nights_are_as_many_as_the_mornings_and_leave_out_the_day_of_leaving(start: date, length: int) -> None:
    found = rules.nights(start, start + length * DAY)
    assert len(found) == len(set(found)) == length
    assert all(start <= night < start + length * DAY for night in found)


@given(st.integers(1, 40), st.integers(1, 12))
def test_a_household_is_split_over_as_few_places_as_can_be(people: int, size: int) -> None:
    parts = rules.split(people, size)
    assert sum(parts) == people
    assert all(1 <= part <= size for part in parts)
    assert len(parts) == -(-people // size)


@given(st.lists(GENDERS, min_size=1, max_size=4), st.sets(GENDERS, max_size=3))
def test_a_room_of_one_gender_never_becomes_one_of_two(household: list[str], others: set[str]) -> None:
    if rules.fits_room(household, others) and others:
        assert {*household, *others} == others != {""}
        assert len(others) == 1


@given(DATES, DATES)
def test_an_age_is_between_those_that_the_year_of_birth_leaves(born: date, on: date) -> None:
    exact, rough = Somebody(born_on=born).ages(on), Somebody(birth_year=born.year).ages(on)
    assert exact is not None
    assert rough is not None
    assert rough[0] <= exact[0] == exact[1] <= rough[1]


def test_who_is_born_on_the_29th_of_february_grows_older_on_the_1st_of_march() -> None:
    child = Somebody(born_on=date(2008, 2, 29))
    assert [child.ages(day) for day in (date(2026, 2, 28), date(2026, 3, 1))] == [(17, 17), (18, 18)]


def test_the_last_day_when_nobody_said_one() -> None:
    closes = ON + 9 * DAY
    assert rules.last_day(None, ON, None, by_night=False) is None
    assert rules.last_day(None, ON, closes, by_night=False) == closes
    assert rules.last_day(None, ON, closes, by_night=True) == ON + DAY
    assert rules.last_day(ON + 3 * DAY, ON, closes, by_night=True) == ON + 3 * DAY


@pytest.mark.parametrize(
    ("said", "minutes"),
    [
        ([], 0), ([{"criterion": rules.CLEANING, "value": 30}], 30), ([{"criterion": rules.CLEANING, "value": True}], 0),
        ([{"criterion": rules.CLEANING, "value": -5}], 0), ([{"criterion": "age", "value": 30}], 0),
    ],
)  # fmt: skip
def test_cleaning_is_a_number_of_minutes_or_none(said: list[dict[str, Any]], minutes: int) -> None:
    assert rules.cleaning_minutes(said) == minutes


def test_dates_that_a_house_cannot_promise() -> None:
    opened = {"opens_on": ON + 2 * DAY, "closes_on": ON + 9 * DAY}
    rules.check_dates(ON + 2 * DAY, ON + 9 * DAY, tonight=ON, **opened)
    for first, last in ((ON, ON + 3 * DAY), (ON + 9 * DAY, None), (ON + 3 * DAY, ON + 10 * DAY)):
        with pytest.raises(rules.Impossible):
            rules.check_dates(first, last, tonight=ON, **opened)


def test_who_runs_a_house() -> None:
    rules.check_can_run(is_of_the_house=True, keeps_the_list=False)
    rules.check_can_run(is_of_the_house=False, keeps_the_list=True)
    with pytest.raises(NotAllowed):
        rules.check_can_run(is_of_the_house=False, keeps_the_list=False)


def test_why_an_offer_is_declined_is_told_by_who_declines() -> None:
    assert set(rules.DECLINES) == set(Offer.Side.values)
    rules.check_decline("person", "too_far")
    with pytest.raises(rules.Impossible):
        rules.check_decline("provider", "too_far")
    assert {rules.NO_PLACE, rules.RULE} < set(Refusal.Cause.values)
