"""The same fit as `quasipoisson.fit`, compiled (numba, the extra `fast`): one series after the other, nothing kept between.

Weeks follow each other in runs of one season; in a run the mean grows by the same factor each week, so that `exp` is asked once a run.
Imported only where it is asked for: numba takes a second to load, and five to compile the first time (it keeps what it compiled).
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator"
from __future__ import annotations

import numpy as np
from numba import njit

from maillage.methods.outbreak.quasipoisson import (
    ADDED,
    CHANGE,
    EXACT,
    SPREAD,
    STEPS,
    Arrow,
    Counts,
    Design,
    Fit,
    Residuals,
)

ABSENT = np.ones((0, 0))


def fit(design: Design, counts: Counts, *, trend: bool) -> tuple[Fit, Residuals]:
    """The fit of each series, and its residuals: see `quasipoisson.fit`."""
    series, p = len(counts.y), design.seasons
    level, level_before, weight, mean = (np.zeros((series, p)) for _ in range(4))
    slope, slope_before, spread = (np.zeros(series) for _ in range(3))
    converged = np.zeros(series, np.bool_)
    residuals = Residuals(*(np.empty(counts.y.shape) for _ in Residuals.__slots__))
    _fit_all(
        design.time,
        design.season,
        counts.y,
        counts.start,
        counts.working,
        counts.constant,
        ABSENT if counts.exposure is None else counts.exposure,
        ABSENT if counts.weight is None else counts.weight,
        trend,
        (level, slope, level_before, slope_before, weight, mean, spread, converged),
        (residuals.mean, residuals.before, residuals.squares),
    )
    return Fit(level, slope, level_before, slope_before, Arrow(weight, mean, spread), converged), residuals


@njit(cache=True, error_model="numpy")
def _fit_all(time, season, y, start, working, constant, exposure, weight, trend, out, residuals):  # pragma: no cover
    p = out[0].shape[1]
    moments, totals, right = np.zeros((3, p)), np.zeros((2, p)), np.zeros((2, p))
    factor = np.ones(time.size)
    for row in range(y.shape[0]):
        level, level_before = out[0][row], out[2][row]
        w, mean = out[4][row], out[5][row]
        moments[:], totals[:], right[:], whole = 0, 0, 0, 0.0
        for i in range(time.size):  # the first step: least squares on the logs of the counts
            g, t = season[i], time[i]
            known = weight[row, i] if weight.size else 1.0
            factor[i] = known * exposure[row, i] if exposure.size else known
            moments[0, g] += known * start[row, i]
            moments[1, g] += known * start[row, i] * t
            moments[2, g] += known * start[row, i] * t * t
            right[0, g] += known * working[row, i]
            right[1, g] += known * working[row, i] * t
            totals[0, g] += known * y[row, i]
            totals[1, g] += known * y[row, i] * t
            whole += known * constant[row, i]
        spread, slope = _solve(moments, right, trend, w, mean, level)
        deviance = _measure(time, season, factor, level, slope, moments, totals, whole, row, y, exposure, weight)
        before, converged = slope, False
        for _ in range(STEPS - 1):
            right[:] = totals - moments[:2]
            level_before[:], before, old = level, slope, deviance
            spread, turn = _solve(moments, right, trend, w, mean, level)
            for g in range(p):
                level[g] += level_before[g]
            slope = before + turn
            deviance = _measure(time, season, factor, level, slope, moments, totals, whole, row, y, exposure, weight)
            converged = abs(deviance - old) < CHANGE * (0.1 + abs(deviance))
            if converged or not np.isfinite(deviance):
                break
        _means(time, season, exposure, row, level, slope, residuals[0][row])
        _means(time, season, exposure, row, level_before, before, residuals[1][row])
        for i in range(time.size):
            fitted = residuals[0][row, i]
            residuals[2][row, i] = ((y[row, i] - fitted) / fitted) ** 2 * residuals[1][row, i]
        out[1][row], out[3][row], out[6][row], out[7][row] = slope, before, spread, converged


@njit(cache=True, error_model="numpy")
def _solve(moments, right, trend, weight, mean, level):  # pragma: no cover
    """Weight and mean time of each season and its level; returns what is left of time², and the slope."""
    squared, spread, slope = 0.0, 0.0, 0.0
    for g in range(level.size):
        weight[g] = moments[0, g] if moments[0, g] > 0 else 1.0
        mean[g] = moments[1, g] / weight[g]
        squared += moments[2, g]
        spread += moments[2, g] - mean[g] * moments[1, g]
        slope += right[1, g] - mean[g] * right[0, g]
    if not spread > SPREAD * squared:
        spread = np.nan
    slope = slope / spread if trend else 0.0
    for g in range(level.size):
        level[g] = right[0, g] / weight[g] - mean[g] * slope
    return spread, slope


@njit(cache=True, error_model="numpy")
def _measure(time, season, factor, level, slope, moments, totals, whole, row, y, exposure, weight):  # pragma: no cover
    """Moments of the fitted means, by season, and the deviance."""
    moments[:] = 0
    growth, each = 1.0, np.exp(slope)
    for i in range(time.size):
        g, t = season[i], time[i]
        run = i > 0 and season[i - 1] == g and t - time[i - 1] == 1
        growth = growth * each if run else np.exp(level[g] + slope * t)
        now = growth * factor[i]
        moments[0, g] += now
        moments[1, g] += now * t
        moments[2, g] += now * t * t
    means, fitted = 0.0, 0.0
    for g in range(level.size):
        means += moments[0, g]
        fitted += level[g] * totals[0, g] + slope * totals[1, g]
    deviance = 2 * (whole - fitted + means)
    if EXACT * (ADDED + abs(deviance)) < abs(whole) + means:
        deviance = 0.0
        for i in range(time.size):
            mean = np.exp(level[season[i]] + slope * time[i]) * (exposure[row, i] if exposure.size else 1.0)
            count = y[row, i]
            found = (count * np.log(count / mean) if count > 0 else 0.0) - (count - mean)
            deviance += 2 * found * (weight[row, i] if weight.size else 1.0)
    return deviance


@njit(cache=True, error_model="numpy")
def _means(time, season, exposure, row, level, slope, out):  # pragma: no cover
    growth, each = 1.0, np.exp(slope)
    for i in range(time.size):
        run = i > 0 and season[i - 1] == season[i] and time[i] - time[i - 1] == 1
        growth = growth * each if run else np.exp(level[season[i]] + slope * time[i])
        out[i] = growth * exposure[row, i] if exposure.size else growth
