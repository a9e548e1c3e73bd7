"""Who differs by more than chance: limits that are exact, and places in them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import pdtr

from maillage.methods import rates
from maillage.methods.rates import Position

levels = st.sampled_from([0.8, 0.9, 0.95, 0.998])
few = settings(max_examples=40)


def close(value: Any, *, rel: float = 1e-9) -> Any:
    return pytest.approx(np.asarray(value, float), rel=rel, abs=1e-12, nan_ok=True)


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
