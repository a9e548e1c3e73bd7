"""How many one case infects: known cases behind it, an honest width, and no number where there is none."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import gammainc, ndtr

from maillage.methods.reproduction import (
    Reason,
    UncertainInterval,
    interval_distribution,
    pooled,
    reproduction_number,
)

FLU = (2.6, 1.5)
UNCERTAIN = UncertainInterval(2.6, 0.5, (1.6, 3.6), 1.5, 0.3, (0.8, 2.2), samples=60)
epidemics = arrays(float, st.integers(10, 40), elements=st.integers(0, 300).map(float))
intervals = st.tuples(st.floats(1.2, 8), st.floats(0.3, 4))


@settings(max_examples=20)
@given(epidemics, intervals, st.integers(1, 9))
def test_every_window_of_as_many_days_from_day_2_on_has_its_place(cases, interval, window):
    found = reproduction_number(cases, serial_interval=interval, window=window)
    assert found.start.tolist() == list(range(2, len(cases) - window + 2))
    assert (found.end - found.start == window - 1).all()
    assert found.quantiles.shape == (len(found.start), 3)


@settings(max_examples=20)
@given(epidemics, intervals, st.tuples(st.floats(0.5, 8), st.floats(0.5, 8)))
def test_the_posterior_is_a_gamma_of_the_cases_and_the_infectivity_of_the_window(cases, interval, prior):
    found = reproduction_number(cases, serial_interval=interval, window=5, prior=prior)
    weight = interval_distribution(*interval, len(cases))
    infectivity = [weight[: day + 1] @ cases[day::-1] for day in range(len(cases))]
    shape, scale = (prior[0] / prior[1]) ** 2, prior[1] ** 2 / prior[0]
    for window in np.flatnonzero(found.reason != Reason.TOO_EARLY):
        days = slice(found.start[window] - 1, found.end[window])
        assert found.shape[window] == pytest.approx(shape + cases[days].sum())
        assert found.scale[window] == pytest.approx(1 / (1 / scale + sum(infectivity[days])))
        assert found.estimate[window] == pytest.approx(found.shape[window] * found.scale[window])
        assert found.standard_error[window] == pytest.approx(np.sqrt(found.shape[window]) * found.scale[window])


@settings(max_examples=20)
@given(epidemics)
def test_a_quantile_leaves_its_share_of_the_posterior_below(cases):
    asked = (0.001, 0.025, 0.5, 0.9, 0.999)
    found = reproduction_number(cases, serial_interval=FLU, quantiles=asked)
    known = found.reason != Reason.TOO_EARLY
    below = gammainc(found.shape[known][:, None], found.quantiles[known] / found.scale[known][:, None])
    assert below == pytest.approx(np.broadcast_to(asked, below.shape), rel=1e-10)
    assert (found.lower[known] < found.upper[known]).all()


def test_many_series_are_estimated_at_once():
    cases = np.random.default_rng(1).poisson(9, (4, 30))
    imported = np.random.default_rng(2).binomial(cases, 0.2)
    together = reproduction_number(cases, imported=imported, serial_interval=FLU)
    for row in range(4):
        alone = reproduction_number(cases[row], imported=imported[row], serial_interval=FLU)
        for name in ("estimate", "standard_error", "quantiles", "reason", "shape", "scale"):
            assert np.array_equal(getattr(together, name)[row], getattr(alone, name), equal_nan=True), name


def test_windows_may_be_any_days():
    cases = np.random.default_rng(1).poisson(9, 30)
    weekly = reproduction_number(cases, serial_interval=FLU)
    chosen = reproduction_number(cases, serial_interval=FLU, window=([20, 5, 2], [26, 11, 30]))
    assert chosen.estimate[:2] == pytest.approx(weekly.estimate[[18, 3]])
    assert chosen.shape[2] == 1 + cases[1:].sum()


def test_as_many_cases_every_day_are_one_infected_by_each():
    found = reproduction_number(np.full(60, 1000), serial_interval=FLU)
    assert found.estimate[20:] == pytest.approx(1, abs=0.002)


def test_an_epidemic_that_grows_is_above_one_and_one_that_shrinks_below():
    days = np.arange(40)
    growing = reproduction_number(np.round(20 * 1.1**days), serial_interval=FLU)
    shrinking = reproduction_number(np.round(5000 * 0.9**days), serial_interval=FLU)
    assert (growing.lower[10:] > 1).all()
    assert (shrinking.upper[10:30] < 1).all()


@settings(max_examples=20)
@given(epidemics)
def test_the_more_cases_are_imported_the_less_is_infected_here(cases):
    none = reproduction_number(cases, serial_interval=FLU)
    half = reproduction_number(cases, imported=cases // 2, serial_interval=FLU)
    known = none.reason != Reason.TOO_EARLY
    assert (half.estimate[known] <= none.estimate[known]).all()
    assert (half.scale[known] == none.scale[known]).all()  # they infect all the same


def test_the_cases_of_day_one_count_as_imported():
    cases = np.array([7.0, 1, 3, 2, 5, 4, 2, 6])
    told = reproduction_number(cases, imported=[7, 0, 0, 0, 0, 0, 0, 0], serial_interval=FLU)
    assert told.estimate == pytest.approx(reproduction_number(cases, serial_interval=FLU).estimate)


def test_a_window_that_ends_before_one_mean_serial_interval_has_no_number():
    found = reproduction_number(np.full(20, 50), serial_interval=[0, 0, 0, 0, 1], window=1)
    assert found.reason[:3].tolist() == [Reason.TOO_EARLY] * 3  # days 2, 3 and 4, the mean itself
    assert np.isnan(found.estimate[:3]).all()
    assert np.isnan(found.quantiles[:3]).all()
    assert found.estimate[3:] == pytest.approx((1 + 50) / (0.2 + 50))


def test_without_any_case_the_prior_alone_speaks():
    found = reproduction_number(np.zeros((2, 12)), serial_interval=FLU, prior=(3, 2))
    assert found.estimate == pytest.approx(np.full((2, 5), 3))
    assert found.standard_error == pytest.approx(np.full((2, 5), 2))
    assert (found.reason == Reason.NO_SOURCE).all()


def test_cases_without_anybody_who_can_have_infected_them_are_told():
    found = reproduction_number([0, 0, 0, 0, 30, 30, 30], serial_interval=[0, 0.5, 0.5], window=1)
    assert found.reason[3] == Reason.NO_SOURCE
    assert found.reason[4] == Reason.KNOWN


def test_a_window_that_is_early_by_the_mean_given_and_not_by_what_fits_into_the_series_is_told():
    found = reproduction_number(np.full(12, 30), serial_interval=(11, 3), window=([2, 3, 4], [9, 11, 12]))
    assert found.reason.tolist() == [Reason.NEARLY_EARLY, Reason.NEARLY_EARLY, Reason.KNOWN]
    assert not np.isnan(found.estimate).any()


@pytest.mark.parametrize(("cases", "reason"), [(10, Reason.FEW_CASES), (11, Reason.KNOWN)])
def test_less_than_eleven_cases_infected_here_are_few(cases, reason):
    found = reproduction_number([20, 0, 0, 0, cases], serial_interval=FLU, window=([2], [5]))
    assert found.reason.tolist() == [reason]


# ---- the serial interval


@given(st.floats(3, 12), st.floats(0.1, 4))
def test_a_discrete_interval_keeps_its_mean_and_infects_nobody_on_the_day_itself(mean, deviation):
    found = interval_distribution(mean, deviation, 400)
    assert found[0] == 0
    assert (found >= 0).all()
    assert found.sum() == pytest.approx(1, abs=1e-6)
    assert found @ np.arange(400) == pytest.approx(mean, rel=1e-4)


def test_what_lies_beyond_the_last_day_is_left_out():
    long = interval_distribution(8, 3, 100)
    assert interval_distribution(8, 3, 6) == pytest.approx(long[:6])


@settings(max_examples=20)
@given(epidemics, intervals)
def test_a_distribution_may_be_given_in_the_place_of_its_mean_and_deviation(cases, interval):
    pair = reproduction_number(cases, serial_interval=interval)
    given_whole = reproduction_number(cases, serial_interval=interval_distribution(*interval, 200))
    both = (pair.reason != Reason.TOO_EARLY) & (given_whole.reason != Reason.TOO_EARLY)
    assert pair.estimate[both] == pytest.approx(given_whole.estimate[both])


def test_an_interval_that_is_nearly_certain_answers_as_a_certain_one():
    cases = np.random.default_rng(3).poisson(40, 30)
    sure = reproduction_number(cases, serial_interval=FLU)
    nearly = UncertainInterval(2.6, 1e-6, (2.5, 2.7), 1.5, 1e-6, (1.4, 1.6), samples=50)
    found = reproduction_number(cases, serial_interval=nearly, draws=400, seed=1)
    assert found.estimate == pytest.approx(sure.estimate, rel=1e-5)
    assert found.standard_error == pytest.approx(sure.standard_error, rel=1e-4)
    assert found.quantiles == pytest.approx(sure.quantiles, rel=0.03)


def test_an_uncertain_interval_widens_the_estimate():
    cases = np.round(100 * 1.1 ** np.arange(30))
    sure = reproduction_number(cases, serial_interval=FLU)
    unsure = reproduction_number(cases, serial_interval=UNCERTAIN)
    assert (unsure.standard_error[5:] > 1.5 * sure.standard_error[5:]).all()
    assert unsure.shape.shape == (60, len(sure.start))


def test_the_same_seed_draws_the_same():
    cases = np.random.default_rng(3).poisson(40, 20)
    one, same, other = (reproduction_number(cases, serial_interval=UNCERTAIN, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one.quantiles, same.quantiles)
    assert not np.array_equal(one.quantiles, other.quantiles)


def test_many_series_with_an_uncertain_interval_are_what_each_is_alone():
    cases = np.random.default_rng(3).poisson(40, (2, 20))
    together = reproduction_number(cases, serial_interval=UNCERTAIN)
    assert together.estimate.shape == (2, 13)
    assert together.shape.shape == (2, 60, 13)
    for row in range(2):
        alone = reproduction_number(cases[row], serial_interval=UNCERTAIN)
        for name in ("estimate", "standard_error", "quantiles", "reason", "shape", "scale"):
            assert np.array_equal(getattr(together, name)[row], getattr(alone, name), equal_nan=True), name
    assert reproduction_number(cases[:1], serial_interval=UNCERTAIN).quantiles.shape == (1, 13, 3)


def test_a_mean_is_drawn_as_a_normal_number_that_is_known_to_lie_in_its_range():
    uncertain = UncertainInterval(3, 2, (2, np.inf), 0.2, 0.1, (0.1, 0.3), samples=2000)
    found = reproduction_number(np.full(40, 9), serial_interval=uncertain, window=([2], [4]), draws=1)
    # the window that ends on day 4 is too early for a mean of 4 days or more: half an error up or more, of those above half down
    assert np.isnan(found.shape).mean() == pytest.approx((1 - ndtr(0.5)) / (1 - ndtr(-0.5)), abs=0.04)


def test_intervals_are_drawn_in_their_range_however_narrow():
    wide = UncertainInterval(3, 50, (2, 4), 1, 1e6, (0.5, 1.5), samples=200)
    found = reproduction_number(np.full(40, 1000), serial_interval=wide, window=([30], [40]))
    # where nothing changes, R is 1 whatever the interval; a mean outside 2 to 4 days would end some windows too early
    assert found.estimate == pytest.approx(1, abs=0.001)
    assert not np.isnan(found.shape).any()


def test_several_intervals_are_equally_likely():
    cases, both = np.full(12, 40), [[0, 1, 0], [0, 0, 1]]
    found = reproduction_number(cases, serial_interval=both, window=([2, 2], [2, 12]), draws=2000)
    each = [reproduction_number(cases, serial_interval=one, window=([2, 2], [2, 12])) for one in both]
    assert found.estimate[0] == each[0].estimate[0]  # the second is too early there
    means = np.array([one.estimate[1] for one in each])
    errors = np.array([one.standard_error[1] for one in each])
    assert found.estimate[1] == pytest.approx(means.mean())
    assert found.standard_error[1] == pytest.approx(np.sqrt((errors**2).mean() + means.var()))


# ---- pooled


def test_equal_rows_pooled_are_one_of_them():
    rows = reproduction_number(np.full((300, 15), 9), serial_interval=FLU)
    found = pooled(rows, draws=100)
    assert found.estimate == pytest.approx(rows.estimate[0], nan_ok=True)
    assert found.standard_error == pytest.approx(rows.standard_error[0], nan_ok=True)
    assert found.quantiles == pytest.approx(rows.quantiles[0], rel=0.05, nan_ok=True)
    assert found.reason.tolist() == rows.reason[0].tolist()


def test_where_no_row_has_an_answer_there_is_none():
    found = reproduction_number(np.full(12, 40), serial_interval=[[0, 0, 1], [0, 0, 1]], window=1)
    assert found.reason[0] == Reason.TOO_EARLY
    assert np.isnan(found.estimate[0])
    assert np.isnan(found.quantiles[0]).all()
    assert not np.isnan(found.estimate[1:]).any()


def test_rows_where_nobody_can_have_infected_are_told_when_all_are():
    found = pooled(reproduction_number(np.zeros((3, 12)), serial_interval=FLU), quantiles=[0.5])
    assert (found.reason == Reason.NO_SOURCE).all()
    assert found.quantiles.shape == (len(found.start), 1)


# ---- what cannot be


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"incidence": [1, float("nan"), 3]}, "incidence: a known number was expected, not nan at 1"),
        ({"incidence": [1, -2, 3]}, "incidence: at least 0 was expected, not -2 at 1"),
        ({"incidence": []}, "incidence: a series with days was expected, not the shape (0,)"),
        ({"incidence": np.ones((0, 12))}, "incidence: a series with days was expected, not the shape (0, 12)"),
        ({"incidence": 5}, "incidence: an array of 1 axis or an array of 2 axes was expected"),
        ({"imported": [1, 0]}, "imported: the shape of incidence"),
        ({"imported": np.full(12, 99)}, "imported: at most the incidence of each day was expected"),
        ({"imported": np.full(12, -1)}, "imported: at least 0"),
        ({"window": 0}, "window: a whole number of at least 1"),
        ({"window": 12}, "window: less than the 12 days of the incidence was expected, not 12"),
        ({"window": ([1], [5])}, "window: at least 2 was expected, not 1"),
        ({"window": ([5], [4])}, "window: as many last days as first days"),
        ({"window": ([5, 6], [7])}, "window: as many last days as first days"),
        ({"window": ([2.5], [7])}, "window: as many last days as first days"),
        ({"window": ([2], [8], [9])}, "window: first days and last days were expected, not 3 rows"),
        ({"window": "7"}, "window: a whole number of at least 1"),
        ({"window": ([2], [13])}, "window: at most 12 was expected, not 13"),
        ({"prior": (0, 5)}, "prior: more than 0"),
        ({"prior": (5, 5, 5)}, "prior: a mean and a standard deviation"),
        ({"quantiles": []}, "quantiles: increasing numbers between 0 and 1"),
        ({"quantiles": (0.5, 0.1)}, "quantiles: increasing numbers between 0 and 1"),
        ({"quantiles": (0.5, 1)}, "quantiles: increasing numbers between 0 and 1"),
        ({"quantiles": (0, 1)}, "quantiles: more than 0"),
        (
            {"serial_interval": (1, 2)},
            "serial_interval: a mean above 1 day and a deviation above 0 were expected, not (1, 2)",
        ),
        ({"serial_interval": (3, 0)}, "serial_interval: a mean above 1 day and a deviation above 0"),
        ({"serial_interval": [0.5, 0.3, 0.2]}, "serial_interval: probabilities"),
        ({"serial_interval": [0, 0.3, 0.2]}, "serial_interval: probabilities"),
        ({"serial_interval": [0, 1.3, -0.3]}, "serial_interval: at least 0"),
        ({"serial_interval": np.zeros((0, 4))}, "serial_interval: probabilities"),
        ({"serial_interval": UNCERTAIN, "draws": 0}, "draws: a whole number of at least 1"),
        ({"serial_interval": UncertainInterval(3, 1, (4, 5), 1, 1, (0.5, 2))}, "mean_range: limits around 3"),
        (
            {"serial_interval": UncertainInterval(3, 1, (0.5, 5), 1, 1, (0.5, 2))},
            "mean_range: limits around 3, from 1 on",
        ),
        ({"serial_interval": UncertainInterval(3, 1, (2, 5), 1, 0, (0.5, 2))}, "deviation_error: more than 0"),
        (
            {"serial_interval": UncertainInterval("3", 1, (2, 5), 1, 1, (0.5, 2))},
            "mean: numbers were expected, not '3'",
        ),
        (
            {"serial_interval": UncertainInterval(3, [1, 2], (2, 5), 1, 1, (0.5, 2))},
            "mean_error: a number was expected",
        ),
        ({"serial_interval": UncertainInterval(3, 1, (2,), 1, 1, (0.5, 2))}, "mean_range: limits around 3"),
        ({"serial_interval": UncertainInterval(3, 1, (2, np.nan), 1, 1, (0.5, 2))}, "mean_range: a known number"),
        ({"serial_interval": UncertainInterval(3, 1, (2, 5), 1, 1, (1, 1))}, "deviation_range: limits around 1"),
        (
            {"serial_interval": UncertainInterval(3, 1, (2, 5), 1, 1, (0.5, 2), 1)},
            "samples: a whole number of at least 2",
        ),
        ({"seed": -1}, "seed: a whole number of at least 0"),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(changed, said):
    usual = {"incidence": np.full(12, 5), "serial_interval": FLU}
    with pytest.raises(ValueError, match=f"^{re.escape(said)}"):
        reproduction_number(**(usual | changed))


def test_one_series_cannot_be_pooled():
    with pytest.raises(ValueError, match="found: rows"):
        pooled(reproduction_number(np.full(12, 5), serial_interval=FLU))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ((3, 1, 0), "days: a whole number of at least 1"),
        ((1, 1, 5), "mean: more than 1 was expected, not 1"),
        ((np.inf, 1, 5), "mean: a finite number"),
        (([3], 1, 5), "mean: a number was expected"),
        ((3, 0, 5), "deviation: more than 0 was expected, not 0"),
        ((3, np.nan, 5), "deviation: a known number"),
    ],
)
def test_an_interval_that_cannot_be_is_refused_by_its_name(asked, said):
    with pytest.raises(ValueError, match=f"^{said}"):
        interval_distribution(*asked)


def test_a_window_may_be_any_kind_of_whole_number():
    cases = np.random.default_rng(1).poisson(9, 30)
    for window in (7.0, np.int8(7), np.float64(7)):
        found = reproduction_number(cases, serial_interval=FLU, window=window)
        assert found.estimate == pytest.approx(reproduction_number(cases, serial_interval=FLU).estimate)


def test_what_is_given_is_never_changed_and_may_be_read_only_or_of_any_kind():
    cases = np.asfortranarray(np.random.default_rng(1).poisson(9, (2, 40)))[:, ::2].astype(np.int8)
    cases.flags.writeable = False
    imported = np.zeros((2, 20), bool)
    one = reproduction_number(cases, imported=imported, serial_interval=FLU)
    other = reproduction_number(cases.tolist(), serial_interval=list(FLU), quantiles=[0.025, 0.5, 0.975])
    assert np.array_equal(one.quantiles, other.quantiles, equal_nan=True)


def test_billions_of_cases_have_quantiles_too():
    found = reproduction_number(np.full(30, 1e9), serial_interval=FLU, window=([21], [27]), quantiles=[1e-6, 0.5])
    assert found.quantiles[0, 1] == pytest.approx(1, abs=1e-6)
    far = (found.quantiles[0, 0] - found.estimate[0]) / found.standard_error[0]
    assert far == pytest.approx(-4.753424308822899, rel=1e-4)
