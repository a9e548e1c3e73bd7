"""A rate says how sure it is; what is unknown stays unknown, and says why."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import pdtr

from maillage.methods import rates
from maillage.methods.rates import Reason

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


def test_shares_of_a_billion_are_known_as_surely_as_those_of_a_thousand():
    people = 1e9
    found = rates.proportion([1, people - 1], [people, people])
    assert found.standard_error[1] == pytest.approx(found.standard_error[0], rel=1e-12)
    part = rates.proportion(1e-6, 10)  # lower limit x upper limit = x^2 / n (n + z^2)
    assert part.lower * part.upper == pytest.approx(1e-12 / (10 * (10 + 1.959963984540054**2)), rel=1e-12)


def test_limits_exist_as_near_to_certainty_and_for_as_many_events_as_numbers_can_say():
    nearly = 1 - 2.0**-53
    for found in (
        rates.count_interval([0, 1e-320, 5, 1e9], confidence=nearly),
        rates.proportion([0, 5, 1e9], [9, 9, 2e9], confidence=nearly),
        rates.proportion([0, 9], [9, 9], confidence=1e-300),
    ):
        assert np.isfinite(found.upper).all()
        assert (found.upper >= found.estimate).all()


def test_no_result_shares_its_memory_with_what_was_given():
    seen, people = np.array([20.0, 30]), np.array([90.0, 80])
    for found in (
        rates.count_interval(seen).estimate,
        rates.indirectly_standardised(seen, [[9.0, 9], [8, 8]], [1, 1], [9, 9]).observed,
        rates.funnel_limits(people, 0.2).lower_at,
        rates.funnel_limits(people, 0.2).upper_at,
    ):
        found[:] = 0
    assert (seen.tolist(), people.tolist()) == ([20, 30], [90, 80])


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


def test_no_event_in_strata_that_the_standard_has_is_none_that_counts():
    found = rates.directly_standardised([20, 0], [100, 100], [0, 1])
    assert (found.estimate, found.reason) == (0, Reason.NO_EVENTS)
    assert np.isnan([found.lower, found.upper]).all()
    gamma = rates.directly_standardised([20, 0], [100, 100], [0, 1], interval="gamma")
    assert (gamma.lower, gamma.upper) == close((0, -np.log(0.025) / 100))


def test_a_lower_limit_may_fall_below_zero_where_few_events_weigh_most_but_not_with_gamma():
    cells = [9, 1], [100_000, 10], [1, 1]
    assert rates.directly_standardised(*cells).lower < 0
    assert rates.directly_standardised(*cells, interval="gamma").lower > 0


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
