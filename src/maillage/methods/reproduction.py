"""How many people one case infects, day after day: above 1 an epidemic grows, below 1 it goes out.

Only two things are needed: the number of new cases of each day, and the serial interval, the days between the first symptoms of
a case and of the person who infected it. Cases infected elsewhere infect people here and are not infected here: say which they are.

Sources: Cori, Ferguson, Fraser and Cauchemez, A new framework and software to estimate time-varying reproduction numbers during
epidemics, American Journal of Epidemiology 178 (2013), with the discretised serial interval of its web appendix 11; Thompson and
others, Improved inference of time-varying reproduction numbers during infectious disease outbreaks, Epidemics 29 (2019), for
imported cases and the uncertain serial interval.

The reference is EpiEstim 2.2-4 for R: the same windows, the same windows without an answer, the same numbers to 1e-9. Departures:

- NaN in the incidence is refused. EpiEstim means to read a missing day as a day without cases, which is not the same.
- Too few cases: EpiEstim looks at the first window only and counts imported cases too. They say nothing about who infects here:
  `FEW_CASES` looks at the coefficient of variation itself, in each window.
- A window that ends on the very day of a mean serial interval of whole days: EpiEstim's own sums decide by their last digit, which
  is not always ours. `NEARLY_EARLY` then says that the number, if there is one, stands on the edge.
- With an uncertain serial interval the mean and the standard deviation of the mixture are computed and not drawn. EpiEstim draws
  both, so it differs from one seed to the next; the two agree when there are many draws.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from math import fsum
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammainc, ndtr, ndtri

from maillage.methods.arguments import Floats, floats, same_shape, whole
from maillage.methods.quantiles import gamma_quantile

Days = NDArray[np.int64]
Mask = NDArray[np.bool_]
QUANTILES = (0.025, 0.5, 0.975)
WIDEST = 0.3  # Cori 2013: a posterior whose coefficient of variation is more says little


class Reason(IntEnum):
    """What a reader must know about a window; the first that holds.

    `KNOWN`: nothing. `TOO_EARLY`: the window ends before one mean serial interval has passed, all numbers are NaN. `NO_SOURCE`: no
    earlier case can have infected those of the window, the prior alone speaks. `NEARLY_EARLY`: too early by the mean that was given,
    not by the mean of what fits into the series, which decides, as in EpiEstim: the number may be too high. `FEW_CASES`: the standard
    deviation is more than 0.3 times the estimate (with the usual prior and a certain interval: less than 11 cases infected here).
    """

    KNOWN = 0
    TOO_EARLY = 1
    NO_SOURCE = 2
    NEARLY_EARLY = 3
    FEW_CASES = 4


@dataclass(frozen=True, slots=True)
class UncertainInterval:
    """A serial interval that is itself an estimate: its mean and standard deviation, in days, are drawn from normal distributions.

    `mean` is drawn with the standard deviation `mean_error`, between the two numbers of `mean_range`; `deviation` with
    `deviation_error` and `deviation_range` likewise. `samples` intervals are drawn.
    """

    mean: float
    mean_error: float
    mean_range: tuple[float, float]
    deviation: float
    deviation_error: float
    deviation_range: tuple[float, float]
    samples: int = 500


@dataclass(frozen=True, slots=True)
class Reproduction:
    """Reproduction numbers of the windows of one series, (windows,), or of many, (series, windows).

    `start` and `end`, (windows,): first and last day of each window, both included; the first day of the series is day 1.
    `estimate` and `standard_error`: mean and standard deviation of the posterior. `quantiles`, (..., windows, quantiles).
    `reason`: a `Reason`. `shape` and `scale`: of the gamma posterior; of a pooled result, (..., rows, windows), those it was pooled of.
    """

    start: Days
    end: Days
    estimate: Floats
    standard_error: Floats
    quantiles: Floats
    reason: NDArray[np.int8]
    shape: Floats
    scale: Floats

    @property
    def lower(self) -> Floats:
        """The lowest of the quantiles."""
        found: Floats = self.quantiles[..., 0]
        return found

    @property
    def upper(self) -> Floats:
        """The highest of the quantiles."""
        found: Floats = self.quantiles[..., -1]
        return found


def reproduction_number(
    incidence: ArrayLike,
    *,
    serial_interval: ArrayLike | UncertainInterval,
    window: int | tuple[ArrayLike, ArrayLike] = 7,
    prior: tuple[float, float] = (5.0, 5.0),
    imported: ArrayLike | None = None,
    quantiles: ArrayLike = QUANTILES,
    draws: int = 50,
    seed: int = 0,
) -> Reproduction:
    """The reproduction number of each window, from the new cases of each day, (days,) or (series, days).

    The infectivity of a day is the sum of the cases of the days before, each weighted by the probability of a serial interval of
    as many days. The cases infected here in a window are Poisson; their mean is R times the infectivity of the window. With a
    gamma prior of shape a and scale b the posterior is a gamma of shape a + cases and scale 1 / (1 / b + infectivity). The cases
    of day 1 have no known source: they count as imported. A window that ends before one mean serial interval has passed is NaN.

    `incidence`: all cases of a day, at least 0, those infected elsewhere included. `imported`: how many of them those are.
    `serial_interval`: its mean (more than 1) and standard deviation in days, which `interval_distribution` makes discrete; or the
    probabilities of 0, 1, 2 ... days, of which the first is 0 and the sum 1 (to 0.01); or several such distributions,
    (samples, days), equally likely, or an `UncertainInterval`: then the posteriors of each series are `pooled`.
    `window`: a number of days, for every window of as many days from day 2 on; or the first days and the last days of windows.
    `prior`: mean and standard deviation of R before any data. `quantiles`: of the posterior, increasing, between 0 and 1.
    `draws` and `seed`: for an uncertain interval only, see `pooled`. Cori and others (2013), Thompson and others (2019).
    """
    given = floats("incidence", incidence, ndim=(1, 2), least=0)
    cases = np.atleast_2d(given)
    if cases.size == 0:
        raise ValueError(f"incidence: a series with days was expected, not the shape {given.shape}")
    local = np.atleast_2d(_infected_here(given, imported))
    windows = _windows(window, cases.shape[1])
    believed, wanted = _prior(prior), _probabilities(quantiles)
    start, count = whole("seed", seed), whole("draws", draws, least=1)
    intervals = _intervals(serial_interval, cases.shape[1], np.random.default_rng(start))
    if len(intervals[0]) == 1:
        found = _posteriors(cases, local, windows, intervals, believed, wanted)
        return found if given.ndim == 2 else _row(found)
    rows = [
        _posteriors(one, here, windows, intervals, believed, wanted)
        for one, here in zip(cases[:, None], local[:, None], strict=True)
    ]
    each = [_pooled(one, wanted, count, np.random.default_rng((start, 1))) for one in rows]
    return _stacked(each) if given.ndim == 2 else each[0]


def pooled(found: Reproduction, *, quantiles: ArrayLike = QUANTILES, draws: int = 50, seed: int = 0) -> Reproduction:
    """One reproduction number for each window, from rows that are equally likely: samples of a serial interval, draws of a nowcast.

    The estimate and the standard error are those of the mixture of the rows: the mean of their means; the root of the mean of
    their variances plus the variance of their means. The quantiles are those of `draws` numbers drawn from each row. A row
    without an answer for a window is left aside for that window; where no row has one, there is none.
    """
    if found.shape.ndim != 2:
        raise ValueError(f"found: rows (samples, windows) were expected, not the shape {found.shape.shape}")
    rng = np.random.default_rng(whole("seed", seed))
    return _pooled(found, _probabilities(quantiles), whole("draws", draws, least=1), rng)


def interval_distribution(mean: float, deviation: float, days: int) -> Floats:
    """The probabilities of a serial interval of 0, 1, ... `days` - 1 days, (days,), from its mean and standard deviation.

    A gamma distribution shifted by one day, so that nobody infects on the day of the own first symptoms, of which each day takes
    the part that a triangle of two days around it holds: the mean stays what it was. What lies beyond the last day is left out:
    the sum is then less than 1. `mean`: more than 1 day. Cori and others (2013), web appendix 11.
    """
    floats("mean", mean, ndim=0, above=1)
    floats("deviation", deviation, ndim=0, above=0)
    shape, scale = ((mean - 1) / deviation) ** 2, deviation**2 / (mean - 1)
    day = np.arange(-2.0, whole("days", days, least=1))
    below = gammainc(shape, np.maximum(day, 0) / scale)
    longer = gammainc(shape + 1, np.maximum(day, 0) / scale)
    mass = day[2:] * below[2:] + (day[2:] - 2) * below[:-2] - 2 * (day[2:] - 1) * below[1:-1]
    mass += shape * scale * (2 * longer[1:-1] - longer[:-2] - longer[2:])
    found: Floats = np.maximum(mass, 0)
    return found


def _prior(prior: tuple[float, float]) -> tuple[float, float]:
    found = floats("prior", prior, above=0)
    if found.shape != (2,):
        raise ValueError(f"prior: a mean and a standard deviation were expected, not the shape {found.shape}")
    return float(found[0]), float(found[1])


def _infected_here(cases: Floats, imported: ArrayLike | None) -> Floats:
    elsewhere = np.zeros_like(cases) if imported is None else floats("imported", imported, least=0)
    same_shape(incidence=cases, imported=elsewhere)
    if (elsewhere > cases).any():
        raise ValueError("imported: at most the incidence of each day was expected, of which they are a part")
    local = cases - elsewhere
    local[..., 0] = 0
    return local


def _windows(window: int | tuple[ArrayLike, ArrayLike], days: int) -> tuple[Days, Days]:
    if isinstance(window, tuple | list):
        if len(window) != 2:
            raise ValueError(f"window: first days and last days were expected, not {len(window)} rows of days")
        first, last = (floats("window", one, ndim=1, least=2, most=days) for one in window)
        if first.shape != last.shape or (first > last).any() or (first % 1).any() or (last % 1).any():
            raise ValueError("window: as many last days as first days were expected, whole, none before its first")
        return first.astype(np.int64), last.astype(np.int64)
    length = whole("window", window, least=1)
    if length >= days:
        raise ValueError(f"window: less than the {days} days of the incidence was expected, not {window}")
    start = np.arange(2, days - length + 2)
    return start, start + length - 1


def _probabilities(quantiles: ArrayLike) -> Floats:
    found = floats("quantiles", quantiles, ndim=1, above=0)
    if not len(found) or (found >= 1).any() or (np.diff(found) <= 0).any():
        raise ValueError(f"quantiles: increasing numbers between 0 and 1 were expected, not {found.tolist()}")
    return found


def _intervals(
    given: ArrayLike | UncertainInterval, days: int, rng: np.random.Generator
) -> tuple[Floats, Floats, Floats]:
    """Distributions (samples, days), the mean of each, in days, and the mean that was given."""
    if isinstance(given, UncertainInterval):
        means, deviations = _drawn(given, rng)
        several = np.array([interval_distribution(*one, days) for one in zip(means, deviations, strict=True)])
        return several, np.maximum(means, [_mean_days(one) for one in several]), means
    known = floats("serial_interval", given, ndim=(1, 2), least=0)
    if known.shape == (2,) and known[0] > 0:
        if known[0] <= 1 or known[1] <= 0:
            raise ValueError(f"serial_interval: a mean above 1 day and a deviation above 0 were expected, not {given}")
        fits = interval_distribution(known[0], known[1], days)
        return fits[None], np.array([_mean_days(fits)]), known[:1]
    if known.size == 0 or (known[..., 0] != 0).any() or (np.abs(known.sum(axis=-1) - 1) > 0.01).any():
        raise ValueError("serial_interval: probabilities of 0, 1, 2 ... days were expected, the first 0, their sum 1")
    rows = np.atleast_2d(known)
    means = np.array([_mean_days(one) for one in rows])
    return rows, means, means


def _mean_days(distribution: Floats) -> float:
    """Summed exactly: a window may end on the very day of the mean."""
    return fsum((distribution * np.arange(len(distribution))).tolist())


def _drawn(given: UncertainInterval, rng: np.random.Generator) -> tuple[Floats, Floats]:
    samples = whole("samples", given.samples, least=2)
    means = _truncated("mean", given.mean, given.mean_error, given.mean_range, 1, samples, rng)
    return means, _truncated(
        "deviation", given.deviation, given.deviation_error, given.deviation_range, 0, samples, rng
    )


def _truncated(
    name: str,
    middle: float,
    error: float,
    limits: tuple[float, float],
    above: float,
    samples: int,
    rng: np.random.Generator,
) -> Floats:
    """Normal numbers between two limits, the lower one left out."""
    floats(name, middle, ndim=0)
    floats(f"{name}_error", error, ndim=0, above=0)
    bounds = floats(f"{name}_range", limits, infinite=True)
    if bounds.shape != (2,) or not (above <= bounds[0] <= middle <= bounds[1] and bounds[0] < bounds[1]):
        raise ValueError(f"{name}_range: limits around {middle}, from {above} on, were expected, not {limits}")
    low, high = ndtr((bounds - middle) / error)
    found = middle + error * ndtri(low + (high - low) * rng.random(samples))
    return np.asarray(np.clip(found, np.nextafter(bounds[0], bounds[1]), bounds[1]), np.float64)


def _posteriors(
    cases: Floats,
    local: Floats,
    windows: tuple[Days, Days],
    intervals: tuple[Floats, Floats, Floats],
    prior: tuple[float, float],
    wanted: Floats,
) -> Reproduction:
    """Of many series and one interval, or of one series and many intervals."""
    start, end = windows
    distributions, mean_days, given_days = intervals
    mean, deviation = prior
    infectivity = _summed(_infectivity(cases, distributions), start, end)
    early, edge = (end <= days[:, None] for days in (mean_days, given_days))
    shape = np.where(early, np.nan, (mean / deviation) ** 2 + _summed(local, start, end))
    scale = np.where(early, np.nan, 1 / (mean / deviation**2 + infectivity))
    return _gammas(start, end, shape, scale, infectivity == 0, edge, wanted)


def _infectivity(cases: Floats, intervals: Floats) -> Floats:
    """Of each day: one interval for many series, or many intervals for one series."""
    days = cases.shape[1]
    found = np.zeros((max(len(cases), len(intervals)), days))
    for lag in np.flatnonzero(intervals[:, :days].any(axis=0)):  # long before the last day, nothing is left
        found[:, lag:] += intervals[:, lag, None] * cases[:, : days - lag]
    return found


def _summed(values: Floats, start: Days, end: Days) -> Floats:
    """Of each window. Summed afresh: differences of running sums lose what is small after what was large."""
    padded = np.pad(values, ((0, 0), (0, 1)))
    return np.add.reduceat(padded, np.ravel((start - 1, end), "F"), axis=1)[:, ::2]


def _gammas(
    start: Days, end: Days, shape: Floats, scale: Floats, alone: Mask, edge: Mask, wanted: Floats
) -> Reproduction:
    """Windows of equal shape share their quantiles: they differ by the scale alone, and cases are whole numbers."""
    shape, scale = np.broadcast_arrays(shape, scale)
    distinct, place = np.unique(shape, return_inverse=True)
    limits = gamma_quantile(distinct[:, None], wanted)[place.reshape(shape.shape)] * scale[..., None]
    estimate, error = shape * scale, np.sqrt(shape) * scale
    return Reproduction(start, end, estimate, error, limits, _reasons(estimate, error, alone, edge), shape, scale)


def _pooled(found: Reproduction, wanted: Floats, draws: int, rng: np.random.Generator) -> Reproduction:
    estimate, error = np.full((2, len(found.start)), np.nan)
    limits = np.full((len(found.start), len(wanted)), np.nan)
    for number, (shape, scale) in enumerate(zip(found.shape.T, found.scale.T, strict=True)):
        known = ~np.isnan(shape)
        if known.any():
            a, b = shape[known], scale[known]
            estimate[number] = np.mean(a * b)
            error[number] = np.sqrt(np.mean(a * b**2) + np.var(a * b))
            limits[number] = np.quantile(rng.standard_gamma(a, (draws, len(a))) * b, wanted)
    alone = np.all((found.reason == Reason.NO_SOURCE) | (found.reason == Reason.TOO_EARLY), axis=0)
    reason = _reasons(estimate, error, alone, (found.reason == Reason.NEARLY_EARLY).any(axis=0))
    return Reproduction(found.start, found.end, estimate, error, limits, reason, found.shape, found.scale)


def _reasons(estimate: Floats, error: Floats, alone: Mask, edge: Mask) -> NDArray[np.int8]:
    reasons = (Reason.TOO_EARLY, Reason.NO_SOURCE, Reason.NEARLY_EARLY, Reason.FEW_CASES)
    holds = np.isnan(estimate), alone, np.broadcast_to(edge, estimate.shape), error > WIDEST * estimate
    return np.select(holds, reasons, Reason.KNOWN).astype(np.int8)


def _row(found: Reproduction) -> Reproduction:
    """The only row."""
    return Reproduction(found.start, found.end, *(one[0] for one in _arrays(found)))


def _stacked(each: list[Reproduction]) -> Reproduction:
    columns = zip(*map(_arrays, each), strict=True)
    return Reproduction(each[0].start, each[0].end, *map(np.stack, columns))


def _arrays(found: Reproduction) -> tuple[NDArray[Any], ...]:
    """All but the windows, in their order."""
    return (
        found.estimate, found.standard_error, found.quantiles, found.reason, found.shape, found.scale,
    )  # fmt: skip
