"""A count that rises above its own past alarms; what is not known does not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from maillage.methods.outbreak import ears

NAN = float("nan")
weeks = arrays(float, st.integers(14, 40), elements=st.integers(0, 60).map(float))
QUIET = [8, 12, 9, 11, 10, 9, 11, 10, 12, 9]


@pytest.mark.parametrize("method", ["C1", "C2"])
def test_a_jump_alarms_and_a_usual_week_does_not(method):
    found = ears([*QUIET, 10, 25], method=method)
    assert found.alarm.tolist() == [False] * 11 + [True]
    past = [*QUIET[4:], 10] if method == "C1" else QUIET[2:9]
    assert found.expected[11] == pytest.approx(np.mean(past))
    assert found.upperbound[11] == pytest.approx(np.mean(past) + 3.090232 * np.std(past, ddof=1), rel=1e-6)
    assert found.score[11] == pytest.approx((25 - np.mean(past)) / np.std(past, ddof=1))


def test_a_slow_rise_does_not_hide_itself_from_c2():
    rising = [*QUIET, 16, 17, 18]
    assert not ears(rising, method="C1").alarm[-1]
    assert ears(rising, method="C2").alarm[-1]


def test_c3_adds_up_the_two_steps_before():
    found = ears([*QUIET, 10, 30, 30, 30, 10], method="C3")
    assert found.alarm.tolist() == [False] * 12 + [True, True, True]


@given(weeks, st.floats(1e-5, 0.2), st.floats(1e-5, 0.2))
def test_thresholds_grow_when_alpha_shrinks(counts, one, other):
    small, large = sorted((one, other))
    strict, loose = (ears(counts, method="C2", alpha=alpha).upperbound for alpha in (small, large))
    known = ~np.isnan(strict)
    assert (strict[known] >= loose[known] - 1e-9).all()


@given(weeks, st.integers(1, 100))
def test_adding_a_constant_adds_it_to_the_thresholds(counts, more):
    before, after = ears(counts), ears(counts + more)
    assert after.upperbound == pytest.approx(before.upperbound + more, nan_ok=True)


@given(arrays(float, (3, 20), elements=st.integers(0, 60).map(float)), st.sampled_from(["C1", "C2", "C3"]))
def test_series_do_not_see_each_other(counts, method):
    together = ears(counts, method=method)
    for row, alone in enumerate(ears(one, method=method) for one in counts):
        assert together.upperbound[row] == pytest.approx(alone.upperbound, nan_ok=True)
        assert together.alarm[row].tolist() == alone.alarm.tolist()


@pytest.mark.parametrize(("method", "first"), [("C1", 7), ("C2", 9), ("C3", 11)])
def test_there_is_no_threshold_before_there_is_a_past(method, first):
    found = ears(np.tile(QUIET, 3).astype(float), method=method)
    assert np.isnan(found.upperbound[:first]).all()
    assert not np.isnan(found.upperbound[first:]).any()
    assert np.isnan(ears([1, 2], method=method).upperbound).all()


def test_a_missing_week_is_not_a_week_without_anything():
    found = ears([*QUIET, NAN, 25], method="C1")
    assert not found.alarm[10:].any()
    assert np.isnan(found.upperbound[11])
    assert not np.isnan(found.upperbound[10])


def test_a_past_without_variation_alarms_at_one_more_unless_a_smallest_deviation_is_asked():
    assert ears([5] * 9 + [6]).alarm[-1]
    assert not ears([5] * 9 + [6], minimum_sd=1).alarm[-1]
    each = ears([[5] * 9 + [6], [5] * 9 + [6]], minimum_sd=[0, 1]).alarm[:, -1]
    assert each.tolist() == [True, False]


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ("method: C1, C2 or C3", {"counts": [1.0], "method": "C4"}),
        ("counts: an array of 1 axis or an array of 2 axes was expected", {"counts": np.ones((2, 2, 2))}),
        ("counts: at least 0 was expected, not -1 at 0", {"counts": [-1.0]}),
        ("baseline: a whole number of at least 3", {"counts": [1.0], "baseline": 2}),
        ("alpha: between 0 and 1", {"counts": [1.0], "alpha": 0}),
        ("minimum_sd: at least 0", {"counts": [1.0], "minimum_sd": -1}),
        ("minimum_sd: a number, or one for each", {"counts": [[1.0], [1.0]], "minimum_sd": [1, 1, 1]}),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_name(said, wrong):
    with pytest.raises(ValueError, match=said):
        ears(**wrong)
