"""How long people live, and whether the last years went one way: what is unknown says why."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from maillage.methods import rates
from maillage.methods.rates import Reason

few = settings(max_examples=40)


def close(value: Any, *, rel: float = 1e-9) -> Any:
    return pytest.approx(np.asarray(value, float), rel=rel, abs=1e-12, nan_ok=True)


# ---- life expectancy

MORTALITY = np.array([
    0.004, 0.0002, 0.0001, 0.0001, 0.0003, 0.0005, 0.0006, 0.0007, 0.001, 0.0015,
    0.0025, 0.004, 0.006, 0.01, 0.016, 0.026, 0.044, 0.08, 0.14, 0.25,
])  # fmt: skip
PEOPLE = np.array([600.0, 2400, *(3000,) * 15, 1800, 1200, 700])
DEATHS = np.round(PEOPLE * MORTALITY) + 1


def test_two_bands_by_hand():
    found = rates.life_expectancy([10, 40], [1000, 400], ages=[0, 5], minimum_population=0)
    dying = 5 * 0.01 / (1 + 5 * 0.9 * 0.01)
    years = 5 * (1 - dying + 0.1 * dying) + (1 - dying) * 10
    assert found.estimate == close([years, 10])
    from_first = (dying**2 * (1 - dying) / 10) * (0.9 * 5 + 10) ** 2
    from_open = 1 / (40 * 0.1**2)
    assert found.standard_error == close(np.sqrt([from_first + (1 - dying) ** 2 * from_open, from_open]))
    assert found.lower == close(found.estimate - 1.959963984540054 * found.standard_error)
    assert found.upper == close(found.estimate + 1.959963984540054 * found.standard_error)


@given(st.integers(0, 19), st.integers(1, 60))
@few
def test_more_deaths_at_any_age_never_lengthen_a_life(age, more):
    worse = DEATHS.copy()
    worse[age] += more
    before, after = rates.life_expectancy(DEATHS, PEOPLE), rates.life_expectancy(worse, PEOPLE)
    assert after.estimate[0] < before.estimate[0]
    assert after.estimate[age + 1 :] == close(before.estimate[age + 1 :])


@given(st.integers(2, 50))
@few
def test_twice_the_deaths_and_twice_the_people_is_the_same_life_known_more_surely(times):
    once, more = rates.life_expectancy(DEATHS, PEOPLE), rates.life_expectancy(times * DEATHS, times * PEOPLE)
    assert more.estimate == close(once.estimate)
    assert more.standard_error == close(once.standard_error / np.sqrt(times))


def test_chiangs_limits_are_narrower_since_they_take_the_open_band_as_certain():
    silcocks = rates.life_expectancy(DEATHS, PEOPLE)
    chiang = rates.life_expectancy(DEATHS, PEOPLE, variance="chiang")
    assert chiang.estimate == close(silcocks.estimate)
    assert (chiang.standard_error < silcocks.standard_error).all()
    assert chiang.standard_error[-1] == 0


def test_limits_of_life_widen_with_confidence():
    usual, sure = (rates.life_expectancy(DEATHS, PEOPLE, confidence=level) for level in (0.95, 0.998))
    assert (sure.lower < usual.lower).all()
    assert (sure.upper > usual.upper).all()


def test_who_dies_later_in_the_band_lived_longer():
    as_it_is = np.array([0.1, *(0.5,) * 18])
    usual = rates.life_expectancy(DEATHS, PEOPLE)
    assert rates.life_expectancy(DEATHS, PEOPLE, lived=as_it_is).estimate == close(usual.estimate)
    later = rates.life_expectancy(DEATHS, PEOPLE, lived=as_it_is + 0.1)
    assert later.estimate[0] > usual.estimate[0]


def test_no_life_expectancy_without_enough_people_or_where_something_cannot_be_and_it_says_why():
    deaths, people = np.tile(DEATHS, (5, 1)), np.tile(PEOPLE, (5, 1))
    people[1] *= 5000 / people[1].sum()  # just as many as are too few
    deaths[2, 7] = people[2, 7] + 1
    deaths[3, -1] = 0
    people[4] *= 5001 / people[4].sum()
    found = rates.life_expectancy(np.minimum(deaths, np.where(np.arange(5) == 2, 1e9, people.T).T), people)
    assert found.reason[:4, 0].tolist() == [
        Reason.KNOWN, Reason.SMALL_POPULATION, Reason.MORE_DEATHS_THAN_PEOPLE, Reason.NO_DEATH_AT_THE_END,
    ]  # fmt: skip
    assert found.reason[4, 0] == Reason.KNOWN
    for name in ("estimate", "standard_error", "lower", "upper"):
        assert np.isnan(getattr(found, name)[:, 0]).tolist() == [False, True, True, True, False]
    assert (rates.life_expectancy(deaths[1] / 9, people[1], minimum_population=0).reason == Reason.KNOWN).all()


def test_an_age_that_nobody_reaches_has_no_life_expectancy():
    deaths = DEATHS.copy()
    deaths[17] = 0.6 * PEOPLE[17]  # three in five each year: the band of five years is the last
    found = rates.life_expectancy(deaths, PEOPLE)
    assert found.reason[17:].tolist() == [Reason.KNOWN, Reason.NOBODY_LEFT, Reason.NOBODY_LEFT]
    assert np.isnan(found.estimate).tolist() == [False] * 18 + [True] * 2


def test_where_the_interval_is_wider_than_twenty_years_only_the_estimate_is_unknown():
    deaths, people = np.array([0.0, 2]), np.array([6000.0, 60])
    wide = rates.life_expectancy(deaths, people, ages=[0, 5])
    assert wide.reason.tolist() == [Reason.WIDE_INTERVAL] * 2
    assert np.isnan(wide.estimate).all()
    assert np.isfinite([wide.lower, wide.upper, wide.standard_error]).all()
    told = rates.life_expectancy(deaths, people, ages=[0, 5], widest=np.inf)
    assert told.estimate == close([35, 30])
    assert told.lower == close(wide.lower)


# ---- trends

YEARS = arrays(float, 5, elements=st.integers(50, 90).map(float))


@given(YEARS, st.integers(-30, 30), st.integers(1, 9))
@few
def test_a_trend_turns_with_the_years_and_is_deaf_to_a_constant_and_to_a_factor(years, more, times):
    error = np.array([2.0, 1, 3, 1, 2])
    found = rates.recent_trend(years, error)
    turned = rates.recent_trend(years[::-1], error[::-1])
    assert (turned.direction, turned.slope, turned.chi_square) == close(
        (-found.direction, -found.slope, found.chi_square)
    )
    scaled = rates.recent_trend(times * years + more, times * error)
    assert scaled.slope == close(times * found.slope)
    assert (scaled.chi_square, scaled.pvalue) == close((found.chi_square, found.pvalue))


def test_a_trend_stands_when_its_chi_square_passes_the_quantile():
    just, error = 0.1 * np.sqrt(9.54953570608324), np.full(5, np.sqrt(10) * 0.1)  # a slope's standard error of 0.1
    for slope, direction in ((just * 1.0001, 1), (just * 0.9999, 0), (-just * 1.0001, -1)):
        found = rates.recent_trend(slope * np.arange(5), error)
        assert found.direction == direction
        assert found.chi_square == close((slope / 0.1) ** 2)
    assert rates.recent_trend(just * 0.9 * np.arange(5), error, confidence=0.95).direction == 1
    assert found.pvalue == pytest.approx(0.002, rel=1e-2)


def test_one_strange_year_makes_no_trend_nor_does_a_year_without_which_nothing_moves():
    found = rates.recent_trend(
        [[50, 50.4, 50.2, 49.8, 60], [0.1, 0.1, 0.1, 0.1, 9], [50, 52, 54, 56, 58]], np.ones((3, 5))
    )
    assert (found.chi_square > 9.55).all()
    assert found.direction.tolist() == [0, 0, 1]


def test_only_the_last_points_count():
    past = np.array([90.0, 10, 50, 52, 54, 56, 58])
    found = rates.recent_trend(past, np.ones(7))
    assert found.slope == close(2)
    assert rates.recent_trend(past, np.ones(7), points=7).slope != close(2)


def test_a_missing_year_or_too_few_leave_the_trend_unknown():
    years = np.array([[np.nan, 50, 52, 54, 56, 58], [40, 50, 52, np.nan, 56, 58]])
    found = rates.recent_trend(years, np.ones((2, 6)))
    assert found.reason.tolist() == [Reason.KNOWN, Reason.MISSING_YEARS]
    assert np.isnan([found.direction[1], found.slope[1], found.chi_square[1], found.pvalue[1]]).all()
    short = rates.recent_trend([50, 52, 54, 56], np.ones(4))
    assert short.reason == Reason.MISSING_YEARS
    assert rates.recent_trend([50, 52], [1, 1], points=10**12).reason == Reason.MISSING_YEARS
    assert rates.recent_trend([], []).reason == Reason.MISSING_YEARS
    shares = rates.recent_trend_of_proportions([5, 6, np.nan, 8, 9], np.full(5, 20.0))
    assert shares.reason == Reason.MISSING_YEARS


@given(arrays(float, 5, elements=st.integers(1, 99).map(float)))
@few
def test_counting_those_who_do_not_have_it_turns_the_direction_and_keeps_the_chi_square(seen):
    people = np.array([100.0, 120, 150, 130, 110])
    has = rates.recent_trend_of_proportions(seen, people)
    has_not = rates.recent_trend_of_proportions(people - seen, people)
    assert has_not.chi_square == close(has.chi_square)
    assert (has_not.slope, has_not.direction) == close((-has.slope, -has.direction))


@given(arrays(float, 5, elements=st.integers(1, 99).map(float)))
@few
def test_armitages_chi_square_is_as_he_wrote_it(x):
    n, t = np.array([100.0, 120, 150, 130, 110]), np.arange(1.0, 6)
    above = n.sum() * (n.sum() * (x @ t) - x.sum() * (n @ t)) ** 2
    below = x.sum() * (n.sum() - x.sum()) * (n.sum() * (n @ t**2) - (n @ t) ** 2)
    assert rates.recent_trend_of_proportions(x, n).chi_square == close(above / below)


def test_nobody_or_everybody_in_one_year_leaves_the_trend_unknown():
    found = rates.recent_trend_of_proportions([[0, 6, 7, 8, 9], [5, 6, 7, 8, 20]], np.full((2, 5), 20.0))
    assert found.reason.tolist() == [Reason.NO_ODDS] * 2
    assert np.isnan(found.direction).all()
