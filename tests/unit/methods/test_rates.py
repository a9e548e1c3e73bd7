"""A rate says how sure it is; what is unknown stays unknown, and says why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import pdtr

from maillage.methods import rates
from maillage.methods.rates import Position, Reason

counts = st.integers(0, 400)
some = st.integers(1, 400)
levels = st.sampled_from([0.8, 0.9, 0.95, 0.998])
few = settings(max_examples=40)
Strata = tuple[np.ndarray, np.ndarray, np.ndarray]


def close(value: Any, *, rel: float = 1e-9) -> Any:
    return pytest.approx(np.asarray(value, float), rel=rel, abs=1e-12, nan_ok=True)


@st.composite
def strata(draw: st.DrawFn, least: int = 1) -> Strata:
    """Events, people and a standard population of a few age bands, ten events or more."""
    bands = draw(st.integers(least, 5))
    events = draw(arrays(float, bands, elements=st.integers(0, 60).map(float)))
    people = draw(arrays(float, bands, elements=st.integers(60, 5000).map(float)))
    standard = draw(arrays(float, bands, elements=st.integers(1, 100).map(float)))
    assume(events.sum() >= 10)
    return events, people, standard


# ---- counts


@given(some, levels)
def test_an_exact_interval_leaves_half_of_what_it_does_not_cover_on_each_side(events, level):
    found = rates.count_interval(events, method="exact", confidence=level)
    tail = (1 - level) / 2
    assert 1 - pdtr(events - 1, float(found.lower)) == pytest.approx(tail)
    assert pdtr(events, float(found.upper)) == pytest.approx(tail)


@given(st.floats(0.1, 60), levels)
@few
def test_an_exact_interval_never_covers_less_than_it_says(mean, level):
    seen = np.arange(300)
    found = rates.count_interval(seen, method="exact", confidence=level)
    chances = np.diff(pdtr(seen, mean), prepend=0)
    assert chances[(found.lower <= mean) & (mean <= found.upper)].sum() >= level - 1e-9


@given(some, st.sampled_from(["byar", "exact"]))
def test_limits_widen_when_confidence_grows_and_hold_the_count(events, method):
    narrow = rates.count_interval(events, method=method, confidence=0.8)
    wide = rates.count_interval(events, method=method, confidence=0.95)
    assert not narrow.lower < wide.lower
    assert narrow.upper < wide.upper
    assert not wide.lower > events
    assert wide.upper > events
    assert wide.standard_error == close(np.sqrt(events))


def test_byars_limits_are_close_to_exact_from_ten_events_on_and_closer_when_counts_are_large():
    seen = np.array([10.0, 100, 10_000])
    byar, exact = (rates.count_interval(seen, method=method) for method in ("byar", "exact"))
    for name in ("lower", "upper"):
        off = np.abs(getattr(byar, name) / getattr(exact, name) - 1)
        assert (off < [3e-3, 1e-4, 1e-6]).all()


def test_byars_lower_limit_does_not_exist_for_no_event_nor_below_zero_and_says_so():
    found = rates.count_interval([0, 1, 1, 2])
    assert found.reason.tolist() == [Reason.NO_EVENTS, Reason.KNOWN, Reason.KNOWN, Reason.KNOWN]
    assert np.isnan(found.lower[0])
    assert found.upper[0] > 3
    one = rates.count_interval(1, confidence=0.998)
    assert np.isnan(one.lower)
    assert one.reason == Reason.BELOW_ZERO


def test_the_exact_lower_limit_of_no_event_is_zero():
    found = rates.count_interval([0, 3], method="exact")
    assert found.lower[0] == 0
    assert found.upper[0] == close(-np.log(0.025))
    assert found.reason.tolist() == [Reason.KNOWN, Reason.KNOWN]


def test_a_rate_has_the_limits_of_its_count_exact_below_ten_events_and_byars_from_there_on():
    seen, people = np.array([[9.0, 10.0]]), np.array([[300.0, 400.0]])
    found = rates.rate(seen, people, multiplier=1000)
    exact, byar = rates.count_interval(seen, method="exact"), rates.count_interval(seen)
    assert found.estimate == close(1000 * seen / people)
    assert found.standard_error == close(1000 * np.sqrt(seen) / people)
    assert found.lower == close(1000 * np.array([[exact.lower[0, 0], byar.lower[0, 1]]]) / people)
    assert found.upper == close(1000 * np.array([[exact.upper[0, 0], byar.upper[0, 1]]]) / people)
    assert rates.rate(seen, people, exact_below=0).lower == close(byar.lower / people)
    assert rates.rate(seen, people, exact_below=np.inf).upper == close(exact.upper / people)


@given(some, st.integers(400, 5000), levels)
def test_twice_the_events_in_twice_the_people_is_the_same_rate_with_narrower_limits(events, people, level):
    once, twice = rates.rate(events, people, confidence=level), rates.rate(2 * events, 2 * people, confidence=level)
    assert twice.estimate == close(once.estimate)
    assert twice.upper - twice.lower < once.upper - once.lower


@given(st.integers(0, 200), st.integers(1, 200), levels)
def test_wilsons_limits_stay_between_0_and_1_and_turn_over_with_those_who_do_not_have_it(events, others, level):
    people = events + others
    has = rates.proportion(events, people, confidence=level)
    has_not = rates.proportion(others, people, confidence=level)
    assert 0 <= has.lower <= has.estimate <= has.upper <= 1
    assert has.lower < has.upper
    assert (has_not.estimate, has_not.lower, has_not.upper) == close((1 - has.estimate, 1 - has.upper, 1 - has.lower))
    assert has_not.standard_error == close(has.standard_error)


@given(st.integers(1, 199), levels)
def test_a_share_on_wilsons_limit_is_as_many_standard_errors_away_as_the_confidence_says(events, level):
    found = rates.proportion(events, 200, confidence=level)
    for limit in (found.lower, found.upper):
        half = rates.funnel_limits(200, limit, confidence=level)
        assert min(abs(half.lower - events / 200), abs(half.upper - events / 200)) < 1e-9


def test_none_of_all_and_all_of_all_have_limits_too():
    found = rates.proportion([0, 20], [20, 20], multiplier=100)
    assert (found.lower[0], found.upper[1]) == (0, 100)
    assert found.upper[0] == close(100 - found.lower[1])
    assert 10 < found.upper[0] < 20


# ---- standardised rates


@given(strata(), levels)
@few
def test_one_stratum_gives_the_crude_rate_and_its_limits(cells, level):
    events, people, standard = (one.sum(keepdims=True) for one in cells)
    dobson = rates.directly_standardised(events, people, standard, confidence=level)
    crude = rates.rate(events[0], people[0], confidence=level)
    exact = rates.rate(events[0], people[0], confidence=level, exact_below=np.inf)
    for found, wanted in (
        (dobson, crude),
        (rates.directly_standardised(events, people, standard, confidence=level, method="exact"), exact),
        (rates.directly_standardised(events, people, standard, confidence=level, interval="gamma"), exact),
    ):
        for name in ("estimate", "standard_error", "lower", "upper"):
            assert getattr(found, name) == close(getattr(wanted, name))


@given(strata(), st.sampled_from(["dobson", "gamma"]), st.integers(2, 9), st.randoms(use_true_random=False))
@few
def test_neither_the_order_of_strata_nor_the_size_of_the_standard_changes_a_standardised_rate(
    cells, interval, times, chance
):
    events, people, standard = cells
    order = list(range(len(events)))
    chance.shuffle(order)
    found = rates.directly_standardised(events, people, standard, interval=interval)
    other = rates.directly_standardised(events[order], people[order], times * standard[order], interval=interval)
    for name in ("estimate", "standard_error", "lower", "upper"):
        assert getattr(other, name) == close(getattr(found, name))
    assert found.lower <= found.estimate <= found.upper


@given(strata(), strata())
@few
def test_strata_with_the_same_rate_give_that_rate_whatever_the_standard(cells, others):
    _, people, standard = cells
    found = rates.directly_standardised(people / 50, people, standard, minimum_events=0)
    assert found.estimate == close(1 / 50)


@given(strata(least=2))
@few
def test_a_stratum_that_is_cut_in_two_alike_parts_changes_no_standardised_rate(cells):
    events, people, standard = cells
    cut = [np.concatenate([one[:1] / 2, one[:1] / 2, one[1:]]) for one in cells]
    found, other = (rates.directly_standardised(*one) for one in ((events, people, standard), cut))
    for name in ("estimate", "standard_error", "lower", "upper"):
        assert getattr(other, name) == close(getattr(found, name))


def test_gamma_limits_hold_the_truth_at_least_as_often_as_they_say_also_with_few_events():
    chance = np.random.default_rng(3)
    people, standard = np.array([4000.0, 900, 80]), np.array([5.0, 3, 2])
    risk = np.array([0.0005, 0.002, 0.01])
    events = chance.poisson(people * risk, (20_000, 3))
    found = rates.directly_standardised(
        events, np.broadcast_to(people, events.shape), standard, interval="gamma", minimum_events=0
    )
    truth = risk @ standard / standard.sum()
    assert np.mean((found.lower <= truth) & (truth <= found.upper)) > 0.95


def test_fewer_than_the_minimum_of_events_give_no_rate_and_say_so():
    events = np.array([[4.0, 5], [5, 5], [0, 0]])
    people, standard = np.full((3, 2), 500.0), [1, 3]
    found = rates.directly_standardised(events, people, standard)
    assert found.reason.tolist() == [Reason.FEW_EVENTS, Reason.KNOWN, Reason.FEW_EVENTS]
    for name in ("estimate", "standard_error", "lower", "upper"):
        assert np.isnan(getattr(found, name)).tolist() == [True, False, True]
    every = rates.directly_standardised(events, people, standard, minimum_events=0)
    assert every.estimate == close([4.75 / 500, 0.01, 0])


def test_no_event_has_limits_with_gamma_only():
    none, people = np.zeros(2), np.array([200.0, 400])
    dobson = rates.directly_standardised(none, people, [1, 1], minimum_events=0)
    assert (dobson.estimate, dobson.reason) == (0, Reason.NO_EVENTS)
    assert np.isnan([dobson.lower, dobson.upper]).all()
    gamma = rates.directly_standardised(none, people, [1, 1], minimum_events=0, interval="gamma")
    assert (gamma.estimate, gamma.lower, gamma.reason) == (0, 0, Reason.KNOWN)
    assert gamma.upper == close(-np.log(0.025) / 400)


@given(strata(), st.integers(1, 4))
@few
def test_persons_with_one_event_each_are_events_and_persons_with_more_widen_the_limits(cells, times):
    events, people, standard = cells
    once = rates.directly_standardised(events, people, standard)
    persons = np.stack([events, np.zeros_like(events)])
    found = rates.directly_standardised(persons, people, standard, frequencies=[1, times])
    assert (found.estimate, found.lower, found.upper) == close((once.estimate, once.lower, once.upper))
    repeated = rates.directly_standardised(events[None], people, standard, frequencies=[times])
    assert repeated.estimate == close(times * once.estimate)
    assert repeated.standard_error == close(times * once.standard_error)


def test_many_areas_are_standardised_at_once_each_with_its_own_standard_or_with_one():
    chance = np.random.default_rng(5)
    events, people = chance.poisson(20, (3, 4, 6)), chance.integers(50, 900, (3, 4, 6))
    standard = chance.integers(1, 9, (3, 4, 6))
    each = rates.directly_standardised(events, people, standard)
    one = rates.directly_standardised(events, people, standard[1, 2])
    assert each.estimate.shape == (3, 4)
    for name in ("estimate", "lower", "upper", "reason"):
        alone = rates.directly_standardised(events[1, 2], people[1, 2], standard[1, 2])
        assert getattr(each, name)[1, 2] == close(getattr(alone, name))
        assert getattr(one, name)[1, 2] == close(getattr(alone, name))


def test_ten_thousand_areas_have_the_rates_that_each_has_alone():
    chance = np.random.default_rng(6)
    events, people = chance.poisson(30, (10_000, 3)), chance.integers(50, 900, (10_000, 3))
    found = rates.directly_standardised(events, people, [2, 3, 5])
    for row in (0, 4095, 4096, 9999):
        alone = rates.directly_standardised(events[row], people[row], [2, 3, 5])
        assert (found.estimate[row], found.upper[row]) == close((alone.estimate, alone.upper))


@given(strata(), st.integers(1, 1000))
@few
def test_a_multiplier_multiplies(cells, times):
    for work in (
        lambda scale: rates.directly_standardised(*cells, multiplier=scale),
        lambda scale: rates.directly_standardised(*cells, multiplier=scale, interval="gamma"),
        lambda scale: rates.indirectly_standardised(cells[0], cells[1], cells[2], cells[1], multiplier=scale),
    ):
        for name in ("estimate", "standard_error", "lower", "upper"):
            assert getattr(work(times), name) == close(times * getattr(work(1), name))


@given(strata(), levels)
@few
def test_a_population_that_is_the_reference_has_as_many_events_as_expected(cells, level):
    events, people, _ = cells
    found = rates.indirectly_standardised(events, people, events, people, confidence=level)
    assert found.estimate == close(1)
    assert found.expected == close(found.observed)
    byar = rates.count_interval(events.sum(), confidence=level)
    assert (found.lower, found.upper) == close((byar.lower / events.sum(), byar.upper / events.sum()))
    assert found.standard_error == close(1 / np.sqrt(events.sum()))
    crude = rates.indirectly_standardised(events, people, events, people, result="rate")
    assert crude.estimate == close(events.sum() / people.sum())
    assert crude.reference_rate == close(events.sum() / people.sum())


def test_an_observed_total_is_enough_for_an_indirect_rate_and_few_events_have_exact_limits():
    people, known, living = np.array([[40.0, 60], [0, 80]]), [5, 9], [100, 300]
    found = rates.indirectly_standardised([3, 9], people, known, living)
    assert found.expected == close([3.8, 2.4])
    whole = rates.indirectly_standardised([[1, 2], [0, 9]], people, np.tile(known, (2, 1)), living)
    exact = rates.count_interval([3, 9], method="exact")
    for one in (found, whole):
        assert one.estimate == close([3 / 3.8, 9 / 2.4])
        assert one.lower == close(exact.lower / one.expected)
        assert one.upper == close(exact.upper / one.expected)
    assert rates.indirectly_standardised([3, 9], people, known, living, exact_below=0).lower == close(
        rates.count_interval([3, 9]).lower / [3.8, 2.4]
    )


def test_the_standard_populations_are_whole():
    assert (sum(rates.EUROPEAN_1976), len(rates.EUROPEAN_1976)) == (100_000, 18)
    assert (sum(rates.EUROPEAN_2013), len(rates.EUROPEAN_2013)) == (100_000, 19)
    assert (sum(rates.EUROPEAN_2013_TO_85), len(rates.EUROPEAN_2013_TO_85)) == (100_000, 18)


# ---- funnels


@given(st.integers(1, 10_000), st.floats(0, 1), levels)
def test_a_funnel_of_proportions_stays_between_0_and_1_and_holds_the_average(people, average, level):
    found = rates.funnel_limits(people, average, confidence=level, multiplier=100)
    assert 0 <= found.lower <= 100 * average + 1e-9
    assert 100 * average - 1e-9 <= found.upper <= 100
    assert (found.lower_at, found.upper_at) == (people, people)


@given(st.integers(1, 3000), st.floats(0.001, 5), levels)
def test_a_count_on_the_limit_of_a_funnel_is_on_the_exact_limit_of_what_is_expected_there(events, average, level):
    found = rates.funnel_limits(events, average, statistic="rate", confidence=level)
    tail = (1 - level) / 2
    assert pdtr(events, average * found.lower_at) == pytest.approx(tail)
    assert 1 - pdtr(events - 1, average * found.upper_at) == pytest.approx(tail)
    assert found.lower == close(events / found.lower_at)
    assert found.upper == close(events / found.upper_at)
    assert found.lower < average < found.upper


@pytest.mark.parametrize("statistic", ["proportion", "rate"])
def test_limits_draw_together_when_populations_grow_and_apart_when_confidence_grows(statistic):
    along = np.geomspace(10, 100_000, 40)
    inner = rates.funnel_limits(along, 0.2, statistic=statistic)
    outer = rates.funnel_limits(along, 0.2, statistic=statistic, confidence=0.998)
    assert (np.diff(inner.lower) >= 0).all()
    assert (np.diff(inner.upper) <= 0).all()
    assert (outer.lower <= inner.lower).all()
    assert (outer.upper >= inner.upper).all()


def test_a_bisection_is_as_near_to_the_exact_limit_as_its_halvings_let_it():
    events = np.arange(1.0, 400)
    exact = rates.funnel_limits(events, 1, statistic="ratio")
    stopped = rates.funnel_limits(events, 1, statistic="ratio", bisection=True)
    for name in ("lower_at", "upper_at"):
        v, near = (getattr(one, name) / (1 + events + getattr(one, name)) for one in (exact, stopped))
        assert (np.abs(v - near) <= 2.0**-24 * (1 + 1e-6)).all()


def test_an_area_at_the_average_is_within_and_others_are_outside_by_one_limit_or_two():
    people = np.full(5, 1000.0)
    seen = np.array([150.0, 172, 200, 231, 250])
    wanted = [Position.FAR_BELOW, Position.BELOW, Position.WITHIN, Position.ABOVE, Position.FAR_ABOVE]
    for statistic, size in (("proportion", people), ("rate", people), ("ratio", np.full(5, 200.0))):
        assert rates.funnel_position(seen, size, statistic=statistic).tolist() == wanted
    assert rates.funnel_position(seen, people, average=0.25)[-1] == Position.WITHIN
    assert rates.funnel_position(250, 1000, average=0.25, statistic="rate") == Position.WITHIN


@given(arrays(float, 6, elements=st.integers(0, 300).map(float)), st.sampled_from(["rate", "ratio"]))
@few
def test_an_area_is_outside_a_funnel_of_rates_where_its_own_interval_leaves_the_average_out(seen, statistic):
    size = np.array([40.0, 90, 100, 120, 150, 300])
    found = rates.funnel_position(seen, size, statistic=statistic)
    average = seen.sum() / size.sum() if statistic == "rate" else 1
    wide, narrow = (rates.rate(seen, size, confidence=level) for level in (0.998, 0.95))
    outside = [(average < one.lower).astype(int) - (average > one.upper).astype(int) for one in (wide, narrow)]
    assert found.tolist() == (outside[0] + outside[1]).tolist()


def test_standardised_rates_of_few_events_are_not_judged():
    events, rate = np.array([0.0, 9, 60, 100]), np.array([np.nan, 0.02, 0.01, 0.03])
    found = rates.funnel_position(
        events, events / np.where(events > 0, rate, np.nan), statistic="rate", minimum_events=10
    )
    assert found.tolist() == [Position.NOT_JUDGED, Position.NOT_JUDGED, Position.FAR_BELOW, Position.FAR_ABOVE]
    nobody = rates.funnel_position([0, 0], [np.nan, np.nan], statistic="rate", minimum_events=10)
    assert nobody.tolist() == [Position.NOT_JUDGED] * 2


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


# ---- what cannot be

TWO = [20.0, 30.0]
REFUSED: list[tuple[str, Callable[[], object]]] = [
    ("events: at least 0 ", lambda: rates.count_interval([3, -1])),
    ("events: numbers without NaN", lambda: rates.count_interval([np.nan])),
    ("events: finite numbers", lambda: rates.rate([np.inf], [3])),
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
    ("population: more than 0 ", lambda: rates.life_expectancy(DEATHS, PEOPLE * (MORTALITY > 0.0001))),
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
    ("years on the last axis", lambda: rates.recent_trend(1, 1)),
    ("events: at most the population", lambda: rates.recent_trend_of_proportions([1, 2, 9], [3, 3, 3])),
]


@pytest.mark.parametrize(
    ("said", "work"), REFUSED, ids=[f"{number} {said}" for number, (said, _) in enumerate(REFUSED)]
)
def test_what_cannot_be_is_refused_with_the_name_of_the_argument(said, work):
    with pytest.raises(ValueError, match=said):
        work()
