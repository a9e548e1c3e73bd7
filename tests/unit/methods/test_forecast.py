"""A forecast adds what was going on; its band is judged by what it held."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from maillage.methods.forecast import adaptive_conformal, backtest, carried_forward, damped_drift

series = arrays(float, st.integers(40, 70), elements=st.integers(0, 900).map(float))


def test_a_straight_line_goes_on_more_and_more_slowly():
    line = np.arange(40.0)
    assert damped_drift(line, horizon=3, damping=1.0) == pytest.approx([40, 41, 42])
    assert damped_drift(line, horizon=3, damping=0.5) == pytest.approx([39.5, 39.75, 39.875])
    assert damped_drift(line, horizon=2, damping=0.0) == pytest.approx([39, 39])


@given(series, st.integers(-100, 100), st.integers(1, 30))
def test_a_constant_added_to_the_past_is_added_to_the_forecast_and_so_is_a_factor(past, more, days):
    said = damped_drift(past, horizon=days)
    assert said.shape == (days,)
    assert damped_drift(past + more, horizon=days) == pytest.approx(said + more)
    assert damped_drift(past * 3, horizon=days) == pytest.approx(said * 3)


def test_many_series_are_forecast_at_once():
    past = np.random.default_rng(1).poisson(50, (4, 60)).astype(float)
    together = damped_drift(past, horizon=7)
    assert together == pytest.approx(np.array([damped_drift(row, horizon=7) for row in past]))


@given(series, st.integers(1, 9))
def test_a_backtest_says_what_the_forecast_of_that_day_would_have_missed(past, ahead):
    errors = backtest(past, ahead=ahead)
    by_hand = [
        past[day + ahead] - damped_drift(past[: day + 1], horizon=ahead)[-1] for day in range(28, len(past) - ahead)
    ]
    assert errors == pytest.approx(by_hand)


def test_a_history_that_is_just_too_short_to_be_judged_has_no_error():
    assert backtest(np.arange(30.0), ahead=9).size == 0


def test_an_error_that_is_not_known_yet_changes_no_band():
    errors = np.random.default_rng(2).normal(0, 10, 200)
    before = adaptive_conformal(errors[:150], delay=7).half
    assert adaptive_conformal(errors, delay=7).half[: len(before)] == pytest.approx(before, nan_ok=True)


@given(st.integers(0, 10_000), st.integers(1, 30), st.sampled_from([0.8, 0.9]))
def test_a_band_holds_about_as_often_as_it_promises_even_when_the_world_changes(seed, delay, level):
    chance = np.random.default_rng(seed)
    errors = np.concatenate([chance.normal(0, 5, 300), chance.normal(0, 25, 300)])
    band = adaptive_conformal(errors, delay=delay, level=level)
    assert band.measured == 600 - 51 - delay
    assert abs(band.coverage - level) < 0.06


def test_scaling_the_errors_scales_the_bands():
    errors = np.random.default_rng(3).normal(0, 1, 90)
    once, tenfold = adaptive_conformal(errors, delay=3), adaptive_conformal(errors * 10, delay=3)
    assert tenfold.half == pytest.approx(once.half * 10, nan_ok=True)
    assert tenfold.coverage == once.coverage


def test_missed_too_often_the_band_grows_beyond_every_error_that_was_known():
    band = adaptive_conformal(np.arange(1.0, 40), delay=1, window=5, gamma=0.2)  # each worse than all before
    assert band.coverage > 0.8
    assert (band.half[6:9] > np.arange(6.0, 9)).all()
    fixed = adaptive_conformal(np.arange(1.0, 40), delay=1, window=5, gamma=0)
    assert fixed.coverage == 0


def test_with_too_few_errors_there_is_no_band_and_no_coverage():
    band = adaptive_conformal(np.ones(51), delay=7)
    assert np.isnan(band.half).all()
    assert np.isnan(band.coverage)
    assert band.measured == 0
    assert np.isnan(band.now)


def test_a_window_may_be_written_as_a_decimal_and_the_past_as_any_array_which_stays_as_it_was():
    past = np.arange(80)[::2]
    past.flags.writeable = False
    for known in (past, past.tolist(), past.astype(np.int8), past.astype(object)):
        assert damped_drift(known, horizon=2.0, window=7.0).tolist() == damped_drift(past, horizon=2, window=7).tolist()
        assert backtest(known, ahead=2.0, window=7.0).tolist() == backtest(past, ahead=2, window=7).tolist()


@given(st.integers(0, 10_000), st.integers(1, 9), st.sampled_from([0, 0.03, 0.3]))
def test_a_half_width_is_the_quantile_of_the_last_errors_that_were_known(seed, delay, gamma):
    errors = np.abs(np.random.default_rng(seed).normal(size=40))
    half, allowed = np.full(40 + delay, np.nan), 0.2
    for origin in range(delay, 40 + delay):
        known = errors[: origin - delay + 1]
        if not np.isnan(half[origin - delay]):
            allowed += gamma * (0.2 - (known[-1] > half[origin - delay]))
        if len(known) >= 10:
            last = known[-10:]
            half[origin] = np.quantile(last, 1 - min(allowed, 1)) if allowed >= 0 else last.max() * (1 - allowed / 0.2)
    found = adaptive_conformal(errors, delay=delay, level=0.8, window=10, gamma=gamma)
    assert found.half == pytest.approx(half, nan_ok=True)


def test_a_missing_day_repeats_the_last_one_known():
    nan = float("nan")
    assert carried_forward([nan, 3, nan, nan, 5]) == pytest.approx([nan, 3, 3, 3, 5], nan_ok=True)
    assert carried_forward([]).size == 0


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda: damped_drift([1.0] * 28, horizon=7), "history: more than 28 days were expected, not 28"),
        (lambda: damped_drift(3.0, horizon=7), "history: more than 28 days were expected, not 0"),
        (lambda: damped_drift([float("nan")] * 40, horizon=7), "carried_forward"),
        (lambda: damped_drift([1.0] * 40, horizon=0), "horizon: a whole number of at least 1 was expected, not 0"),
        (lambda: damped_drift([1.0] * 40, horizon=7, window=0), "window: a whole number of at least 1"),
        (lambda: damped_drift([1.0] * 40, horizon=7, damping=1.1), "damping: between 0 and 1"),
        (lambda: backtest(np.ones((2, 40)), ahead=1), "history: one series"),
        (lambda: backtest(np.ones(40), ahead=0), "ahead: a whole number of at least 1"),
        (lambda: damped_drift([float("inf")] * 40, horizon=7), "history: a finite number was expected, not inf at 0"),
        (lambda: damped_drift(["many"] * 40, horizon=7), "history: numbers were expected"),
        (lambda: damped_drift([1.0] * 40, horizon=7.5), "horizon: a whole number of at least 1 was expected, not 7.5"),
        (lambda: damped_drift([1.0] * 40, horizon=7, damping="half"), "damping: numbers were expected, not 'half'"),
        (lambda: damped_drift([1.0] * 40, horizon=7, damping=None), "damping: between 0 and 1 was expected, not None"),
        (
            lambda: damped_drift([1.0] * 40, horizon=7, damping=float("nan")),
            "damping: between 0 and 1 was expected, not nan",
        ),
        (lambda: adaptive_conformal([float("inf")], delay=1), "errors: a finite number was expected, not inf at 0"),
        (lambda: adaptive_conformal([[1.0]], delay=1), "errors: an array of 1 axis was expected"),
        (lambda: adaptive_conformal([1.0], delay=0), "delay: a whole number of at least 1 was expected, not 0"),
        (
            lambda: adaptive_conformal([1.0], delay=float("nan")),
            "delay: a whole number of at least 1 was expected, not nan",
        ),
        (lambda: adaptive_conformal([1.0], delay=1, window=0), "window: a whole number of at least 1"),
        (lambda: adaptive_conformal([1.0], delay=1, gamma=-1), "gamma: at least 0"),
        (lambda: carried_forward([[1.0]]), "history: an array of 1 axis was expected"),
        (lambda: adaptive_conformal([1.0], delay=1, level=1), "level: between 0 and 1"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_name(wrong, said):
    with pytest.raises(ValueError, match=said):
        wrong()
