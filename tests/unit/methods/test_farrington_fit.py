"""What a week is compared with, and how that past is fitted."""

from __future__ import annotations

import sys
from dataclasses import fields
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maillage.methods import outbreak
from maillage.methods.outbreak import Reason
from maillage.methods.outbreak.baseline import baseline
from maillage.methods.outbreak.quasipoisson import Counts, Design, fit
from tests.outbreaks import FIRST, drawn, few, judged, seeds

# ---- the past of a week


@given(st.dates(date(1990, 1, 1), date(2060, 1, 1)), st.integers(1, 6))
def test_the_week_of_a_year_before_is_the_one_whose_monday_lies_nearest_to_the_same_date(day, years):
    monday = day - timedelta(days=day.weekday())
    first = monday - timedelta(weeks=400)
    past = baseline(400, first, years_back=years, window=0, periods=1, weeks_excluded=0)
    for back, week in enumerate(past.weeks[::-1], start=1):
        found = first + timedelta(weeks=int(week))
        leap = monday.month == 2 and monday.day == 29
        same = (
            date(monday.year - back, 3, 1)
            if leap and (monday.year - back) % 4
            else monday.replace(year=monday.year - back)
        )
        assert abs((found - same).days) <= 3
    assert set(np.diff([*past.weeks, 400])) <= {52, 53}


def test_week_53_moves_nothing():
    first = date(2015, 1, 5)
    place = (date(2020, 12, 28) - first).days // 7  # the week 53 of 2020
    past = baseline(place, first, years_back=2, window=0, periods=1, weeks_excluded=0)
    assert [first + timedelta(weeks=int(week)) for week in past.weeks] == [date(2018, 12, 31), date(2019, 12, 30)]


def test_a_year_before_the_29th_of_february_is_the_first_of_march():
    first = date(2014, 1, 6)
    past = baseline((date(2016, 2, 29) - first).days // 7, first, years_back=1, window=0, periods=1, weeks_excluded=0)
    assert first + timedelta(weeks=int(past.weeks[0])) == date(2015, 3, 2)


@given(st.integers(0, 6), st.integers(1, 20), st.integers(0, 60))
def test_the_past_is_cut_in_seasons_and_its_last_weeks_are_left_out(window, periods, excluded):
    past = baseline(300, FIRST, years_back=3, window=window, periods=periods, weeks_excluded=excluded)
    assert past.weeks[-1] < 300 - excluded
    own = past.weeks[(past.season == periods - 1) & (past.weeks < 300 - window)]
    assert len(own) <= 3 * (2 * window + 1)
    if excluded < 52 - window:
        assert len(own) == 3 * (2 * window + 1)
    if periods == 1:
        assert set(past.season) == {0}
    else:
        assert past.weeks[0] == own[0]
        assert (np.diff(past.weeks) == 1).all()
        year = (
            past.season[(past.weeks > own[2 * window]) & (past.weeks < own[2 * window + 1])]
            if len(own) > 2 * window + 1
            else []
        )
        sizes = np.bincount(year, minlength=periods - 1) if len(year) else [0]
        assert max(sizes) - min(sizes) <= 1
        assert (np.diff(year) >= 0).all()


@pytest.mark.parametrize("periods", [1, 5])
def test_weeks_just_before_are_of_the_own_season_where_they_are_not_left_out(periods):
    past = baseline(300, FIRST, years_back=2, window=3, periods=periods, weeks_excluded=1)
    assert past.weeks[-2:].tolist() == [297, 298]
    assert past.season[-2:].tolist() == [periods - 1] * 2
    if periods > 1:
        assert past.season[-3] == periods - 2
        assert (np.diff(past.weeks) == 1).all()


def test_a_series_that_begins_after_the_oldest_reference_week_has_no_threshold():
    counts = drawn(1, weeks=262)[0]
    found = judged(counts, last=2)
    assert found.reason.tolist() == [Reason.SHORT_PAST, Reason.NONE]
    assert np.isnan(found.upperbound).tolist() == [True, False]
    assert judged(counts[-100:]).reason == Reason.SHORT_PAST
    assert judged(counts, years_back=5000).reason.tolist() == [Reason.SHORT_PAST]
    assert judged(counts[-100:], years_back=1).reason == Reason.NONE


def test_a_past_that_is_left_out_altogether_is_too_short():
    assert judged(drawn(1)[0], weeks_excluded=310).reason == Reason.SHORT_PAST


# ---- the regression


def slow(design: Design, counts: Counts, row: int, *, trend: bool):
    """The same fit by its definition: iterated least squares on the full table of one series."""
    x = (design.season[:, None] == np.arange(design.seasons)).astype(float)
    x = np.column_stack([x, design.time]) if trend else x
    y, one = counts.y[row], np.ones(len(design.time))
    exposure = one if counts.exposure is None else counts.exposure[row]
    weight = one if counts.weight is None else counts.weight[row]
    mean, before = y + 0.1, np.inf
    for step in range(1, 26):
        response = np.log(mean / exposure) + (y - mean) / mean
        root, used = np.sqrt(weight * mean), mean
        beta = np.linalg.lstsq(x * root[:, None], response * root, rcond=1e-14)[0]
        mean = exposure * np.exp(x @ beta)
        deviance = 2 * (weight * (np.where(y > 0, y * np.log(np.maximum(y, 1) / mean), 0) - (y - mean))).sum()
        converged = step > 1 and abs(deviance - before) < 1e-8 * (0.1 + abs(deviance))
        if converged:
            break
        before = deviance
    return beta, used, mean, converged


def tables(seed: int, *, exposed: bool, weighed: bool, level: float) -> tuple[Design, Counts]:
    draw = np.random.default_rng(seed)
    season = np.repeat(np.tile(np.arange(4), 5), 6)
    y = draw.poisson(level * draw.gamma(2, 0.5, (6, season.size))).astype(float)
    y[0], y[1, season == 2], y[2, :20] = 0, 0, 0
    y[3, season == 3] *= 1000
    y[4] = 70_000  # fitted without any rest
    exposure = draw.uniform(0.5, 3, y.shape) if exposed else None
    weight = draw.uniform(0.2, 1, y.shape) * (draw.random(y.shape) < 0.9) if weighed else None
    if weight is not None:
        y[weight == 0] = 0
    return Design.of(np.arange(season.size) - 60.0, season, 4), Counts.of(y, exposure, weight)


@few
@given(seeds, st.booleans(), st.booleans(), st.booleans(), st.sampled_from([0.1, 3, 5e6]))
def test_the_fast_fit_is_that_of_iterated_least_squares_step_by_step(seed, exposed, weighed, trend, level):
    design, counts = tables(seed, exposed=exposed, weighed=weighed, level=level)
    found, residuals = fit(design, counts, trend=trend)
    for row in range(len(counts.y)):
        beta, before, mean, converged = slow(design, counts, row, trend=trend)
        assert found.converged[row] == converged
        assert found.level[row] == pytest.approx(beta[:4], rel=1e-8, abs=1e-7)
        assert found.slope[row] == pytest.approx(beta[4] if trend else 0, rel=1e-8, abs=1e-9)
        assert residuals.mean[row] == pytest.approx(mean, rel=1e-6)
        assert residuals.before[row] == pytest.approx(before, rel=1e-6)


@few
@given(seeds, st.booleans(), st.booleans(), st.booleans(), st.sampled_from([0.1, 3, 5e6]))
def test_the_compiled_fit_is_the_same(seed, exposed, weighed, trend, level):
    compiled = pytest.importorskip("maillage.methods.outbreak.compiled", exc_type=ImportError)
    design, counts = tables(seed, exposed=exposed, weighed=weighed, level=level)
    (found, residuals), (fast, quick) = (one(design, counts, trend=trend) for one in (fit, compiled.fit))
    assert (found.converged == fast.converged).all()
    assert fast.level == pytest.approx(found.level, rel=1e-8, abs=1e-8)
    assert fast.slope == pytest.approx(found.slope, rel=1e-8, abs=1e-10)
    assert fast.arrow.weight == pytest.approx(found.arrow.weight, rel=1e-6)
    assert quick.squares == pytest.approx(residuals.squares, rel=1e-6, abs=1e-9)


def test_a_trend_that_cannot_be_told_from_the_seasons_does_not_converge():
    design = Design.of(np.array([0.0, 1, 2]), np.arange(3), 3)
    found, _ = fit(design, Counts.of(np.array([[3.0, 5, 4]])), trend=True)
    assert not found.converged[0]


def test_compiled_the_numbers_are_the_same():
    pytest.importorskip("numba")
    counts = drawn(5, series=4, level=3)
    plain, fast = judged(counts, last=4), judged(counts, last=4, compiled=True)
    for one in fields(plain):
        assert getattr(fast, one.name) == pytest.approx(getattr(plain, one.name), rel=1e-9, nan_ok=True)
    assert (fast.alarm == plain.alarm).all()


def test_without_numba_the_compiled_form_says_what_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "maillage.methods.outbreak.compiled", None)
    monkeypatch.delattr(outbreak, "compiled", raising=False)
    with pytest.raises(ImportError, match=r"compiled: numba was expected .*`fast`.*, not found"):
        judged(drawn(5), compiled=True)
