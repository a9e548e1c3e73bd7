"""Demand of the coming days: a damped drift, and a band that learns from its own misses.

The drift: Gardner and McKenzie, Forecasting trends in time series, Management Science 31 (1985), with the mean change of the last
weeks as its slope. The band: Gibbs and Candès, Adaptive conformal inference under distribution shift, NeurIPS 2021, with errors
that are known only when the day they are about has come. A band is worth what it held: `coverage` is measured, never assumed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

from maillage.methods.arguments import floats, share, whole

Floats = NDArray[np.float64]
WINDOW, DAMPING = 28, 0.95  # four weeks: every day of the week weighs the same
ERRORS, GAMMA = 52, 0.03


@dataclass(frozen=True, slots=True)
class Band:
    """`half`: the half-width around each forecast, one for each origin and a last one for the origin that is now; NaN while
    too few errors were known. `coverage`: share of the `measured` origins whose band held what came; NaN without any."""

    half: Floats  # (origins + delay,)
    coverage: float
    measured: int

    @property
    def now(self) -> float:
        return float(self.half[-1])


def damped_drift(history: ArrayLike, *, horizon: int, window: int = WINDOW, damping: float = DAMPING) -> Floats:
    """The values of the next `horizon` days, (..., horizon), from those of the past days, (..., n), oldest first.

    Last value + slope x (d + d^2 + ... + d^h); slope: mean daily change over `window` days; d: `damping`, 0..1 (0: the last value
    goes on; 1: so does the slope). A constant that is added to the history is added to the forecast; a factor multiplies it.
    """
    known, window = _history(history, window)
    horizon = whole("horizon", horizon, least=1)
    slope = (known[..., -1] - known[..., -1 - window]) / window
    found: Floats = known[..., -1:] + slope[..., None] * _steps(horizon, damping)
    return found


def backtest(history: ArrayLike, *, ahead: int, window: int = WINDOW, damping: float = DAMPING) -> Floats:
    """What came minus what `damped_drift` had said `ahead` days before, (n - window - ahead,): one error for each day from
    which it could have been said, oldest first. No forecast ever saw the day it is about."""
    known, window = _history(history, window)
    if known.ndim != 1:
        raise ValueError(f"history: one series (n,) was expected, not {known.shape}")
    ahead = whole("ahead", ahead, least=1)
    slope = (known[window:] - known[:-window]) / window
    said = known[window:] + slope * _steps(ahead, damping)[-1]
    errors: Floats = known[window + ahead :] - said[: max(len(said) - ahead, 0)]
    return errors


def adaptive_conformal(
    errors: ArrayLike, *, delay: int, level: float = 0.9, window: int = ERRORS, gamma: float = GAMMA
) -> Band:
    """Bands around forecasts whose `errors` (n,) came in, oldest first, each known `delay` origins after it was made.

    The half-width at an origin is the quantile 1 - a of the last `window` absolute errors known there; after each error that
    becomes known, a grows by gamma x (1 - level), and shrinks by gamma when the band had missed it. Below 0, where the paper has
    an endless band, it is the largest of those errors, once more for each 1 - level below. Scaling the errors scales the bands.
    """
    made = np.abs(floats("errors", errors, ndim=1))
    delay, window, level = whole("delay", delay, least=1), whole("window", window, least=1), share("level", level)
    gamma = float(floats("gamma", gamma, ndim=0, least=0))
    count = len(made)
    half = np.full(count + delay, np.nan)
    ordered = np.sort(sliding_window_view(made, window), axis=1) if count >= window else np.empty((0, window))
    allowed, held = 1 - level, []
    for origin in range(delay, count + delay):
        last = origin - delay  # the error that has just become known
        if not np.isnan(half[last]):
            held.append(made[last] <= half[last])
            allowed += gamma * ((1 - level) - (not held[-1]))
        if last >= window - 1:
            row = ordered[last - window + 1]
            beyond = 1 + max(-allowed, 0.0) / (1 - level)
            half[origin] = _quantile(row, 1 - min(max(allowed, 0.0), 1.0)) * beyond
    return Band(half, float(np.mean(held)) if held else float("nan"), len(held))


def carried_forward(history: ArrayLike) -> Floats:
    """A series (n,) in which each missing day (NaN) repeats the last one known; what is missing before any stays NaN."""
    known = floats("history", history, ndim=1, missing=True)
    last = np.where(np.isnan(known), 0, np.arange(known.size))
    found: Floats = known[np.maximum.accumulate(last)] if known.size else known
    return found


def _history(history: ArrayLike, window: int) -> tuple[Floats, int]:
    known, window = floats("history", history, missing=True), whole("window", window, least=1)
    if known.ndim < 1 or known.shape[-1] <= window:
        raise ValueError(f"history: more than {window} days were expected, not {known.shape[-1] if known.ndim else 0}")
    if missing := int(np.isnan(known).sum()):
        raise ValueError(f"history: no missing day was expected, not {missing} (NaN); `carried_forward` fills them")
    return known, window


def _steps(horizon: int, damping: float) -> Floats:
    if not 0 <= floats("damping", damping, ndim=0, missing=True, infinite=True) <= 1:
        raise ValueError(f"damping: between 0 and 1 was expected, not {damping}")
    found: Floats = np.cumsum(damping ** np.arange(1.0, horizon + 1))
    return found


def _quantile(ordered: Floats, share: float) -> float:
    """Linear between order statistics, as numpy.quantile; the row is sorted already."""
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return float(ordered[below] + (ordered[above] - ordered[below]) * (place - below))
