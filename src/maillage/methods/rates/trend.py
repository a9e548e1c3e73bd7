"""Whether the last years really went one way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc

from maillage.methods.arguments import Floats, floats, same_shape, share, whole
from maillage.methods.quantiles import z_value
from maillage.methods.rates.measures import Reason, Reasons, reasons

ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class Trend:
    """One for each series: `direction` 1 (rising), -1 (falling) or 0 (no significant change); NaN where unknown, for the `reason`."""

    direction: Floats  # 1, 0, -1 or NaN
    slope: Floats  # per step, in units of the figure; for proportions of its log odds
    chi_square: Floats
    pvalue: Floats
    reason: Reasons


def recent_trend(
    estimate: ArrayLike, standard_error: ArrayLike, *, points: int = 5, confidence: float = 0.998
) -> Trend:
    """The trend of the last `points` (5) figures of each series, (..., years) oldest first, that are known with `standard_error`.

    A line through the points, each weighed by 1 / standard error^2; chi-square = (slope / its standard error)^2 with one degree of
    freedom. There is a trend when chi-square passes its quantile `confidence` (.998, chi-square 9.55) and when the slope keeps its
    sign whichever point is left out: one strange year makes no trend, nor does a year without which nothing moves.

    So is the recent trend of Fingertips, whose guidance prints no threshold; .998 and the sign rule are read from its open source
    (TrendMarkerCalculator of ukhsa-collaboration/fingertips-open and dhsc-govuk/FingertipsNext, ChiSquareConfidence
    = 9.54953570608324). It takes (upper - lower) / 3.92 of the 95 % interval as standard error, for crude and directly standardised
    rates of single years; years must not overlap. For proportions see `recent_trend_of_proportions`.

    A point among the last that is NaN, or too few points: no trend is known, for MISSING_YEARS. Turning the years round turns the
    direction; adding a constant changes nothing; nor does a factor, for both arguments.
    """
    value = floats("estimate", estimate, missing=True)
    error = floats("standard_error", standard_error, missing=True, above=0)
    same_shape(estimate=value, standard_error=error)
    value, error = _last("estimate", value, points), _last("standard_error", error, points)
    weight = 1 / error**2
    slope, precision = _slope(value, weight)
    chi_square = slope**2 * precision
    reason = _missing(value + error)
    return _trend(slope, chi_square, _steady(value, weight), reason, confidence)


def recent_trend_of_proportions(
    events: ArrayLike, population: ArrayLike, *, points: int = 5, confidence: float = 0.998
) -> Trend:
    """The trend of the last `points` (5) proportions of each series, (..., years) oldest first.

    Armitage's chi-square for a trend in proportions, N (N sum(x t) - X sum(n t))^2 / (X (N - X) (N sum(n t^2) - (sum(n t))^2)), with
    the rule of the sign on the unweighted line through the log odds (`slope`), as Fingertips has it; the rest as `recent_trend`.
    Nobody or everybody in one of the last years: no log odds, so no trend is known, for NO_ODDS. Counting those who do not have it
    turns the direction and keeps the chi-square.
    """
    seen = floats("events", events, least=0, missing=True)
    people = floats("population", population, above=0, missing=True)
    same_shape(events=seen, population=people)
    if (seen > people).any():
        raise ValueError("events: at most the population was expected, not more")
    seen, people = _last("events", seen, points), _last("population", people, points)
    with np.errstate(divide="ignore", invalid="ignore"):
        chi_square = _armitage(seen, people)
        odds = np.log(seen / (people - seen))
        slope, _ = _slope(odds, np.ones_like(odds))
        steady = _steady(odds, np.ones_like(odds))
    reason = _missing(seen + people)
    reason[((seen == 0) | (seen == people)).any(axis=-1) & (reason == Reason.KNOWN)] = Reason.NO_ODDS
    return _trend(slope, chi_square, steady, reason, confidence)


def _last(name: str, series: Floats, points: int) -> Floats:
    """The last points; with a NaN before a series that is shorter."""
    count = whole("points", points, least=3)
    if series.ndim == 0:
        raise ValueError(f"{name}: years on the last axis were expected, not a number")
    if series.shape[-1] >= count:
        return series[..., -count:]
    return np.concatenate([np.full((*series.shape[:-1], 1), np.nan), series], axis=-1)


def _slope(value: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """The slope of the weighted line, 0 when only rounding makes it differ, and its precision (1 / variance)."""
    time = np.arange(value.shape[-1], dtype=np.float64)
    whole_weight = weight.sum(axis=-1, keepdims=True)
    centred = time - (weight * time).sum(axis=-1, keepdims=True) / whole_weight
    precision = (weight * centred**2).sum(axis=-1)
    parts = weight * centred * value
    rise = parts.sum(axis=-1)
    return np.where(np.abs(rise) <= ROUNDING * np.abs(parts).sum(axis=-1), 0, rise) / precision, precision


def _steady(value: Floats, weight: Floats) -> NDArray[np.bool_]:
    """The slope has one sign, with all points and with each left out in turn."""
    signs = [np.sign(_slope(value, weight)[0])]
    for left_out in range(value.shape[-1]):
        kept = np.arange(value.shape[-1]) != left_out
        signs.append(np.sign(_slope(value, weight * kept)[0]))
    found: NDArray[np.bool_] = np.abs(np.sum(signs, axis=0)) == len(signs)
    return found


def _armitage(seen: Floats, people: Floats) -> Floats:
    time = np.arange(seen.shape[-1], dtype=np.float64)
    all_seen, all_people = seen.sum(axis=-1), people.sum(axis=-1)
    centred = time - ((people * time).sum(axis=-1) / all_people)[..., None]
    shared = all_seen / all_people
    found: Floats = (seen * centred).sum(axis=-1) ** 2 / (shared * (1 - shared) * (people * centred**2).sum(axis=-1))
    return found


def _missing(points: Floats) -> Reasons:
    found = reasons(points.shape[:-1])
    found[np.isnan(points).any(axis=-1)] = Reason.MISSING_YEARS
    return found


def _trend(slope: Floats, chi_square: Floats, steady: NDArray[np.bool_], reason: Reasons, confidence: float) -> Trend:
    unknown = reason != Reason.KNOWN
    passed = steady & (chi_square > z_value(share("confidence", confidence)) ** 2)
    direction = np.where(unknown, np.nan, np.where(passed, np.sign(slope), 0.0))
    slope, chi_square = np.where(unknown, np.nan, slope), np.where(unknown, np.nan, chi_square)
    return Trend(direction, slope, chi_square, np.asarray(chdtrc(1, chi_square), np.float64), reason)
