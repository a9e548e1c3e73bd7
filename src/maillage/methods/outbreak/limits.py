"""The count above which a week alarms, and the chance of a count as high as that of the week."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, gammainc, ndtr, ndtri

Floats = NDArray[np.float64]
FUZZ = 64 * np.finfo(np.float64).eps  # a chance that reaches its level but for rounding reaches it
ENDLESS = 2.0**53  # no count above is looked at: the limit is infinite
HUGE = 1e12  # means above: counts one apart can no longer be told from each other


def at_least(count: Floats, mean: Floats, dispersion: Floats) -> Floats:
    """The chance of `count` or more: negative binomial of that mean and variance; Poisson where the dispersion is 1. NaN stays."""
    with np.errstate(invalid="ignore", divide="ignore"):
        extra, some = dispersion - 1, np.maximum(count, 1)
        found = np.where(extra > 0, betainc(some, mean / extra, extra / dispersion), gammainc(some, mean))
    return np.where(count > 0, found, np.where(np.isnan(count + mean + dispersion), np.nan, 1.0))


def upper_mean(log_mean: Floats, error: Floats, alpha: float) -> Floats:
    """The mean that the true one exceeds with a chance of `alpha`; NaN where it is not finite."""
    found = np.exp(log_mean - ndtri(alpha) * error)
    return np.where(np.isfinite(found), found, np.nan)


def normal_limit(count: Floats, mean: Floats, error: Floats, dispersion: Floats, alpha: float) -> tuple[Floats, Floats]:
    """The limit of a count whose power 2/3 is normal, which takes its skewness away, and the chance of `count` or more."""
    centre = mean ** (2 / 3)
    sd = np.sqrt(4 / 9 * mean ** (1 / 3) * (dispersion + error**2 / mean))
    return (centre - ndtri(alpha) * sd) ** 1.5, ndtr((centre - count ** (2 / 3)) / sd)


def count_limit(mean: Floats, dispersion: Floats, alpha: float) -> Floats:
    """The smallest count that is exceeded with a chance of at most `alpha`; infinite if none is found. NaN without a mean."""
    found = np.full_like(mean, np.nan)
    known = np.isfinite(mean) & np.isfinite(dispersion)
    guess = _guess(mean[known], dispersion[known], -ndtri(alpha))
    found[known] = np.where(guess < HUGE, _smallest(guess, mean[known], dispersion[known], alpha), guess)
    return found


def _guess(mean: Floats, dispersion: Floats, z: float) -> Floats:
    """The quantile from mean, variance, skewness and kurtosis (Cornish and Fisher 1938)."""
    sd = np.sqrt(mean * dispersion)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        skewness = (2 * dispersion - 1) / sd
        kurtosis = (6 * (dispersion - 1) + 1 / dispersion) / mean
        shift = skewness * (z**2 - 1) / 6 + kurtosis * (z**3 - 3 * z) / 24 - skewness**2 * (2 * z**3 - 5 * z) / 36
        found = np.ceil(mean + sd * (z + shift) - 0.5)
    return np.where(np.abs(shift) < 3, np.maximum(found, 0), np.ceil(mean))


def _smallest(guess: Floats, mean: Floats, dispersion: Floats, alpha: float) -> Floats:
    """From the guess outward until a count that is enough stands just above one that is not."""
    most = 1 - (1 - alpha) * (1 - FUZZ)
    found = guess.copy()
    rows = np.flatnonzero(guess < HUGE)
    probe, step = guess[rows], np.ones(rows.size)
    low, high = np.full(rows.size, -1.0), np.full(rows.size, np.inf)
    while rows.size:
        enough = at_least(probe + 1, mean[rows], dispersion[rows]) <= most
        high, low = np.where(enough, probe, high), np.where(enough, low, probe)
        probe = np.where(np.isinf(high), low + step, np.maximum(high - step, np.floor((low + high) / 2)))
        step = step * 2
        done = (high - low <= 1) | (low > ENDLESS)
        found[rows[done]] = high[done]
        rows, probe, step, low, high = (one[~done] for one in (rows, probe, step, low, high))
    return found
