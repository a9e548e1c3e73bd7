"""The regression of Farrington's method on one baseline: fitted, past outbreaks weighed down, fitted again, its trend kept or not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from maillage.methods.outbreak.quasipoisson import Counts, Design, Fit, Residuals, Rows

Floats = NDArray[np.float64]
Whole = NDArray[np.intp]
Fitted = Callable[..., tuple[Fit, Residuals]]  # `quasipoisson.fit`, or `compiled.fit`
EXACT = 1e-9  # rounding; a week that is fitted exactly (its leverage is 1 but for it) cannot be judged
NEAR = 0.9  # the weights of the last step stand for those after it, but for this


@dataclass(frozen=True, slots=True)
class Options:
    """Those of `farrington_flexible` that the regression reads."""

    trend: bool
    p_threshold_trend: float
    reweight_threshold: float
    surveillance: bool  # standard errors as R's surveillance reads them
    fit: Fitted


@dataclass(frozen=True, slots=True)
class Forecast(Rows):
    """Of one week: log of its mean, standard error of that, dispersion (at least 1), 1 where a trend is in it. NaN: no fit."""

    log_mean: Floats
    error: Floats
    dispersion: Floats
    trend: Floats


@dataclass(frozen=True, slots=True)
class _Regression(Rows):
    fit: Fit
    dispersion: Floats  # Pearson's statistic over its degrees of freedom
    quirk: Floats  # what R's surveillance has in its place in standard errors
    freedom: Floats


def forecast(design: Design, counts: Counts, now: Floats, offset: Floats, options: Options) -> Forecast:
    """The forecast of each series at the time `now` (series,), where the log of its exposure is `offset` (series,)."""
    if not options.trend:
        return _forecast(design, _regression(design, counts, options, trend=False), now, offset, options, trend=False)
    with_trend = _regression(design, counts, options, trend=True)
    found = _forecast(design, with_trend, now, offset, options, trend=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        kept = with_trend.fit.converged & (np.exp(found.log_mean) <= counts.y.max(axis=1) * (1 + EXACT))
        if options.p_threshold_trend < 1:
            kept &= _p_trend(with_trend, options) < options.p_threshold_trend
    if kept.all():
        return found
    other = ~kept
    plain = _regression(design, counts[other], options, trend=False)
    without = _forecast(design, plain, now[other], offset[other], options, trend=False)
    return Forecast.join([found[kept], without], [np.flatnonzero(kept), np.flatnonzero(other)])


def _regression(design: Design, counts: Counts, options: Options, *, trend: bool) -> _Regression:
    """Fitted; and fitted again, with the weeks that stood far above weighed down, where there are such weeks."""
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        freedom = _freedom(design, counts, trend)
        first, residuals = _fitted(design, counts, freedom, trend, options)
        rows, weight = _reweighted(design, counts, first, residuals, trend, options.reweight_threshold)
        if not rows.size:
            return first
        second, _ = _fitted(design, replace(counts[rows], weight=weight), freedom[rows], trend, options)
    # that the second converges is not asked by the method
    second = replace(second, fit=replace(second.fit, converged=np.isfinite(second.fit.slope)))
    rest = np.setdiff1d(np.arange(len(counts.y)), rows, assume_unique=True)
    return _Regression.join([first[rest], second], [rest, rows])


def _freedom(design: Design, counts: Counts, trend: bool) -> Floats:
    """Known weeks less what is estimated from them; NaN where nothing is left, or nothing is known of the last season."""
    known = np.ones((1, design.time.size)) if counts.weight is None else (counts.weight > 0).astype(np.float64)
    members = known @ design.moments[:, : design.seasons]
    found = members.sum(axis=1) - (members > 0).sum(axis=1) - trend
    return np.broadcast_to(np.where((found > 0) & (members[:, -1] > 0), found, np.nan), len(counts.y))


def _fitted(
    design: Design, counts: Counts, freedom: Floats, trend: bool, options: Options
) -> tuple[_Regression, Residuals]:
    found, residuals = options.fit(design, counts, trend=trend)
    dispersion = counts.weighed(residuals.squares).sum(axis=1) / freedom
    quirk = dispersion
    if options.surveillance:
        quirk = counts.weighed((counts.y / residuals.mean - 1) ** 2).sum(axis=1) / freedom
    return _Regression(found, dispersion, quirk, freedom), residuals


def _reweighted(
    design: Design, counts: Counts, first: _Regression, residuals: Residuals, trend: bool, threshold: float
) -> tuple[Whole, Floats]:
    """Series with weeks above `threshold`, and the weights of their weeks: residual ** -2 there, 1 elsewhere, of mean 1 together.

    Standardised Anscombe residuals, 3/2 (y^(2/3) m^(-1/6) - m^(1/2)) / sqrt(dispersion (1 - leverage)): they stay below Pearson's
    where the count is above the mean, so that only weeks whose Pearson residual is large are looked at.
    """
    arrow, dispersion = first.fit.arrow, np.maximum(first.dispersion, 1)
    least = NEAR * threshold**2 * dispersion * (1 - _leverage_bound(design, counts, first.fit, trend))
    row, week = np.nonzero((residuals.squares > least[:, None]) & (counts.y > residuals.mean))
    season, mean = design.season[week], residuals.mean[row, week]
    leverage = 1 / arrow.weight[row, season]
    if trend:
        leverage += (design.time[week] - arrow.mean[row, season]) ** 2 / arrow.spread[row]
    free = 1 - residuals.before[row, week] * leverage
    anscombe = 1.5 * (counts.y[row, week] ** (2 / 3) / mean ** (1 / 6) - np.sqrt(mean))
    anscombe /= np.sqrt(dispersion[row] * np.where(free > EXACT, free, np.inf))
    above = (anscombe > threshold) & first.fit.converged[row]
    row, week, down = row[above], week[above], anscombe[above] ** -2
    rows, place = np.unique(row, return_inverse=True)
    known = np.ones((rows.size, counts.y.shape[1])) if counts.weight is None else counts.weight[rows]
    known[place, week] = down
    known *= ((known > 0).sum(axis=1) / known.sum(axis=1))[:, None]
    return rows, known


def _leverage_bound(design: Design, counts: Counts, fitted: Fit, trend: bool) -> Floats:
    """No leverage of the series is above."""
    arrow, longest = fitted.arrow, np.abs(design.time).max()
    largest = np.exp(fitted.level_before + (np.abs(fitted.slope_before) * longest)[:, None])
    if counts.exposure is not None:
        largest *= counts.exposure.max(axis=1, keepdims=True)
    each = 1 / arrow.weight
    if trend:
        each = each + (2 * longest) ** 2 / arrow.spread[:, None]
    found: Floats = np.minimum(1, (largest * each).max(axis=1))
    return found


def _p_trend(regression: _Regression, options: Options) -> Floats:
    """The p-value of the slope, two-sided, by Student's t; NaN where there is neither slope nor variation."""
    dispersion = regression.quirk if options.surveillance else regression.dispersion
    slope = np.where(np.abs(regression.fit.slope) > EXACT, regression.fit.slope, 0)
    t = slope / np.sqrt(dispersion / regression.fit.arrow.spread)
    found: Floats = 2 * stdtr(regression.freedom, -np.abs(t))
    return found


def _forecast(
    design: Design, regression: _Regression, now: Floats, offset: Floats, options: Options, *, trend: bool
) -> Forecast:
    fitted, dispersion = regression.fit, np.maximum(regression.dispersion, 1)
    variance = 1 / fitted.arrow.weight[:, -1]
    if trend:
        variance = variance + (now - fitted.arrow.mean[:, -1]) ** 2 / fitted.arrow.spread
    with np.errstate(invalid="ignore"):
        error = np.sqrt(variance * (regression.quirk if options.surveillance else regression.dispersion))
    log_mean = fitted.level[:, -1] + fitted.slope * now + offset
    known = fitted.converged & ~np.isnan(dispersion)
    columns = (log_mean, error, dispersion, np.full_like(log_mean, trend))
    return Forecast(*(np.where(known, one, np.nan) for one in columns))
