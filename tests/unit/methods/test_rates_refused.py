"""What cannot be is no rate: each argument is read, and refused by its name."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from maillage.methods import rates

DEATHS = np.arange(1.0, 21)
PEOPLE = np.full(20, 400.0)
TWO = [20.0, 30.0]
REFUSED: list[tuple[str, Callable[[], object]]] = [
    ("events: at least 0 ", lambda: rates.count_interval([3, -1])),
    ("events: a known number", lambda: rates.count_interval([np.nan])),
    ("events: a finite number", lambda: rates.rate([np.inf], [3])),
    ("events: numbers were expected", lambda: rates.count_interval(["many"])),
    ("method: byar or exact", lambda: rates.count_interval([3], method="wald")),
    ("confidence: between 0 and 1", lambda: rates.count_interval([3], confidence=95)),
    ("population: more than 0 ", lambda: rates.rate([3], [0])),
    ("population: the shape of events", lambda: rates.rate([3], [20, 30])),
    ("multiplier: more than 0 ", lambda: rates.rate([3], [20], multiplier=0)),
    ("events: at most the population", lambda: rates.proportion([30], [20])),
    ("events: the shape of population", lambda: rates.directly_standardised(TWO, [90, 90, 90], [1, 1, 1])),
    ("population: strata on the last axis", lambda: rates.directly_standardised([], [], [])),
    ("population: strata on the last axis", lambda: rates.directly_standardised(3, 20, 1)),
    ("population: more than 0 ", lambda: rates.directly_standardised(TWO, [90, 0], [1, 1])),
    ("standard: the shape", lambda: rates.directly_standardised(TWO, [90, 90], [1, 1, 1])),
    ("standard: a sum above zero", lambda: rates.directly_standardised(TWO, [90, 90], [0, 0])),
    ("standard: at least 0 ", lambda: rates.directly_standardised(TWO, [90, 90], [2, -1])),
    ("interval: dobson or gamma", lambda: rates.directly_standardised(TWO, [90, 90], [1, 1], interval="wald")),
    ("minimum_events: at least 0 ", lambda: rates.directly_standardised(TWO, [90, 90], [1, 1], minimum_events=-1)),
    ("events: the shape", lambda: rates.directly_standardised(TWO, [90, 90], [1, 1], frequencies=[1, 2])),
    ("frequencies: more than 0 ", lambda: rates.directly_standardised([TWO], [90, 90], [1, 1], frequencies=[0])),
    (
        "interval: dobson",
        lambda: rates.directly_standardised([TWO], [90, 90], [1, 1], frequencies=[1], interval="gamma"),
    ),
    ("population: strata on the last axis", lambda: rates.indirectly_standardised(3, 20, 1, 1)),
    ("population: more than 0 ", lambda: rates.indirectly_standardised(TWO, [90, 0], TWO, [90, 90])),
    ("events: the shape of population", lambda: rates.indirectly_standardised([1, 2, 3], [90, 90], TWO, [90, 90])),
    ("reference_events: the shape", lambda: rates.indirectly_standardised(TWO, [90, 90], [1], [90, 90])),
    ("reference_events: at least one", lambda: rates.indirectly_standardised(3, [90, 0], [0, 4], [90, 90])),
    ("reference_population: more than 0 ", lambda: rates.indirectly_standardised(TWO, [90, 90], TWO, [90, 0])),
    ("result: ratio or rate", lambda: rates.indirectly_standardised(TWO, [90, 90], TWO, [90, 90], result="odds")),
    ("size: more than 0 ", lambda: rates.funnel_limits([0], 0.2)),
    ("size: at least 1 ", lambda: rates.funnel_limits([0], 0.2, statistic="rate")),
    ("average: at most 1 ", lambda: rates.funnel_limits([9], 1.2)),
    ("average: more than 0 ", lambda: rates.funnel_limits([9], 0, statistic="ratio")),
    ("average: a shape that fits", lambda: rates.funnel_limits([9, 9, 9], [0.1, 0.2])),
    ("statistic: proportion, rate or ratio", lambda: rates.funnel_limits([9], 0.2, statistic="odds")),
    ("statistic: proportion, rate or ratio", lambda: rates.funnel_position([9], [20], statistic="odds")),
    ("denominator: the shape of events", lambda: rates.funnel_position([9], [20, 20])),
    ("denominator: more than 0 ", lambda: rates.funnel_position([9], [0])),
    ("denominator: NaN was expected only", lambda: rates.funnel_position([9], [np.nan], minimum_events=10)),
    ("denominator: NaN was expected only", lambda: rates.funnel_position([0], [np.nan])),
    ("events: at most the denominator", lambda: rates.funnel_position([9], [3])),
    ("events: areas on the last axis", lambda: rates.funnel_position(9, 20)),
    ("average: at most 1 ", lambda: rates.funnel_position([9], [20], average=1.2)),
    ("average: a shape that fits", lambda: rates.funnel_position([9], [20], average=[[0.1], [0.2]])),
    ("average: a shape that fits", lambda: rates.funnel_position([9, 9], [20, 20], average=[0.1, 0.2, 0.3])),
    ("deaths: the shape of population", lambda: rates.life_expectancy(DEATHS[1:], PEOPLE)),
    ("population: more than 0 ", lambda: rates.life_expectancy(DEATHS, PEOPLE * (DEATHS > 3))),
    ("population: 20 bands", lambda: rates.life_expectancy(DEATHS[1:], PEOPLE[1:])),
    ("ages: at least two", lambda: rates.life_expectancy(DEATHS, PEOPLE, ages=np.arange(1, 21))),
    ("ages: at least two", lambda: rates.life_expectancy(DEATHS, PEOPLE, ages=[0] * 20)),
    ("ages: at least two", lambda: rates.life_expectancy([3], [9], ages=[0])),
    ("lived: the shape", lambda: rates.life_expectancy(DEATHS, PEOPLE, lived=[0.1] * 20)),
    ("lived: at most 1 ", lambda: rates.life_expectancy(DEATHS, PEOPLE, lived=[5] * 19)),
    ("variance: silcocks or chiang", lambda: rates.life_expectancy(DEATHS, PEOPLE, variance="none")),
    ("standard_error: the shape of estimate", lambda: rates.recent_trend([1, 2, 3], [1, 2])),
    ("standard_error: more than 0 ", lambda: rates.recent_trend([1, 2, 3], [1, 0, 1])),
    ("points: a whole number of at least 3", lambda: rates.recent_trend([1, 2, 3], [1, 1, 1], points=2)),
    ("^estimate: years on the last axis", lambda: rates.recent_trend(1, 1)),
    ("^events: years on the last axis", lambda: rates.recent_trend_of_proportions(1, 2)),
    ("events: at most the population", lambda: rates.recent_trend_of_proportions([1, 2, 9], [3, 3, 3])),
]


@pytest.mark.parametrize(
    ("said", "work"), REFUSED, ids=[f"{number} {said}" for number, (said, _) in enumerate(REFUSED)]
)
def test_what_cannot_be_is_refused_with_the_name_of_the_argument(said, work):
    with pytest.raises(ValueError, match=said):
        work()
