"""Figures of health

A health officer asks four things of the figures of a territory: does a disease rise, is a neighbourhood worse off than its ages
explain, who has no doctor within reach, and would a budget by a key still give the smallest what they need. `maillage.methods` is a
library of its own: arrays in, arrays out, without a database. The figures are invented.
"""

from __future__ import annotations

from datetime import date

import numpy as np

from maillage.methods.access import FloatingCatchment
from maillage.methods.apportionment import by_key
from maillage.methods.outbreak import farrington_flexible
from maillage.methods.rates import Reason, directly_standardised


def test_a_week_alarms_when_it_is_above_what_its_season_explains() -> None:
    weeks = np.arange(312)  # six years of a disease that peaks in winter
    cases = np.round(20 + 12 * np.cos(2 * np.pi * weeks / 52.18))
    cases[-1] = 60
    found = farrington_flexible(cases, first_week=date(2020, 1, 6), last=3)
    assert found.alarm.tolist() == [False, False, True]
    assert 20 < found.expected[-1] < found.upperbound[-1] < 60


def test_a_week_that_was_not_reported_is_not_a_week_without_cases() -> None:
    cases = np.full(312, 10.0)
    cases[-1] = np.nan
    found = farrington_flexible(cases, first_week=date(2020, 1, 6), last=2)
    assert np.isnan(found.upperbound).tolist() == [False, True]


def test_two_neighbourhoods_with_the_same_risks_have_the_same_standardised_rate() -> None:
    people = np.array([[9_000, 1_000], [5_000, 5_000]])  # young and old: the second is an old neighbourhood
    deaths = np.array([[9, 20], [5, 100]])  # one young person in a thousand, one old person in fifty, in both
    found = directly_standardised(deaths, people, [7_000, 3_000], multiplier=100_000)
    assert deaths.sum(axis=1).tolist() == [29, 105]  # the crude numbers say that the second is far worse off
    assert np.round(found.estimate).tolist() == [670, 670]
    assert (found.lower < found.estimate).all()
    assert (found.estimate < found.upper).all()


def test_a_rate_of_too_few_people_is_not_given_and_says_why() -> None:
    found = directly_standardised([2, 5], [400, 300], [7_000, 3_000])
    assert np.isnan(found.estimate)
    assert found.reason == Reason.FEW_EVENTS


def test_where_nobody_is_within_reach_access_is_zero_and_a_new_practice_changes_it_at_once() -> None:
    residents, doctors = [100, 50, 30], [2, 1]
    minutes = ([0, 0, 1, 2], [0, 1, 0, 1], [5, 25, 8, 45])  # from a neighbourhood, to a practice, how long
    town = FloatingCatchment(residents, doctors, minutes, {10: 1, 20: 0.68, 30: 0.22})
    assert np.round(town.now.access, 4).tolist() == [0.0233, 0.0133, 0]
    assert town.now.reaches_nobody.tolist() == [False, False, True]
    opened = town.opening([1], ([2], [0], [6]))  # one doctor, six minutes from the third neighbourhood
    assert round(opened.access[2], 4) == 0.0333


def test_a_budget_is_shared_by_a_key_to_the_cent_and_nobody_gets_less_than_their_floor() -> None:
    shares = by_key(1_000_000_01, [50_000, 30_000, 500], [0, 0, 4_000_000])
    assert shares.sum() == 1_000_000_01
    assert shares[2] == 4_000_000
    assert round(shares[0] / shares[1], 4) == round(5 / 3, 4)
