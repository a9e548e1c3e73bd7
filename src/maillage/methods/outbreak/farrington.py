"""A week against the same season of the years before.

What an epidemiologist asks every Monday of hundreds of series (a disease, a municipality, an age): is this count more than this time
of the year explains? The method is that of Farrington, Andrews, Beale and Catchpole, A statistical algorithm for the early detection
of outbreaks of infectious disease, Journal of the Royal Statistical Society A 159 (1996), improved by Noufaily, Enki, Farrington,
Garthwaite, Andrews and Charlett, An improved algorithm for outbreak detection in multiple surveillance systems, Statistics in
Medicine 32 (2013); as it is used: Salmon, Schumacher and Höhle, Monitoring count time series in R: aberration detection in public
health surveillance, Journal of Statistical Software 70 (2016).

Equal to `farringtonFlexible` of R's package surveillance (1.20.3), threshold by threshold, but for this, where we are right and R's
numbers are there by name, `variant="surveillance"`:

- Standard errors. R's package writes the weights of past outbreaks over those of the regression before it reads its standard errors
  (still in 1.26.0), which then lack the mean of each week. This moves what reads a standard error: `delta`, `muan`, and the test of
  the trend where `p_threshold_trend` is below 1. On R's own data (`momo`, the last 104 weeks, one period) a test at 0.05 keeps the
  trend in 593 forecasts where 257 are right. With that line taken out of R's package, its numbers are those of the default here.
  `nbPlugin` with its trend always kept reads no standard error.
- A baseline that begins with missing weeks. R's package counts the time of the baseline from its first week, that of the forecast
  from its first known week: the trend is carried on for too few weeks. It matters where long stretches of the past are masked.
- A season with a single week in the past, which is fitted exactly. R's package divides by zero there: it drops the week, or fails.
  Here the week stays as it is. `variant` changes nothing to that.

Where R's package has no threshold for want of cases it still gives a dispersion and a p-value; here nothing is given.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from maillage.methods import arguments
from maillage.methods.outbreak.baseline import WEEKS, Baseline, baseline
from maillage.methods.outbreak.flexible import Fitted, Forecast, Options, forecast
from maillage.methods.outbreak.limits import at_least, count_limit, normal_limit, upper_mean
from maillage.methods.outbreak.quasipoisson import Counts, Design, fit

Floats = NDArray[np.float64]
LEAST_YEARS = 3  # of a trend
TOGETHER = 250  # series at once: their arrays stay in the cache of the processor
Threshold = Literal["nbPlugin", "delta", "muan"]
Variant = Literal["published", "surveillance"]


class Reason(IntEnum):
    """Why a week has no threshold: the first of these that holds."""

    NONE = 0  # it has one
    SHORT_PAST = 1  # the series begins after the oldest week that it would be compared with
    MISSING = 2  # the count of the week, or one of those that `minimum_cases` adds up
    FEW_CASES = 3  # fewer than `minimum_cases`
    NO_CASES = 4  # a past without any case, from which no mean can be estimated: one case may be one too many
    NO_FIT = 5  # too few counts of the past are known
    UNBOUNDED = 6  # so little is known of the mean, or it is so large, that its limit is not finite


@dataclass(frozen=True, slots=True)
class Farrington:
    """Arrays of (series, last), or (last,) for one series; NaN and no alarm where `reason` is not 0."""

    expected: Floats  # mean count of the week, if nothing happens
    upperbound: Floats  # an alarm stands where the count is above
    alarm: NDArray[np.bool_]
    score: Floats  # above 1: an alarm
    pvalue: Floats  # chance of a count as high as that of the week, or higher
    dispersion: Floats  # variance over mean, at least 1
    trend: Floats  # 1 where a trend is part of the forecast, 0 where not
    reason: NDArray[np.int8]  # see `Reason`


def farrington_flexible(
    counts: ArrayLike,
    *,
    first_week: date,
    last: int = 52,
    alpha: float = 0.01,
    years_back: int = 5,
    window: int = 3,
    periods: int = 10,
    weeks_excluded: int = 26,
    reweight_threshold: float = 2.58,
    trend: bool = True,
    p_threshold_trend: float = 1.0,
    threshold: Threshold = "nbPlugin",
    minimum_cases: tuple[int, int] = (5, 4),
    population: ArrayLike | None = None,
    variant: Variant = "published",
    compiled: bool = False,
) -> Farrington:
    """Threshold and alarm of the `last` weeks of each series, each week judged by its own past only.

    `counts`: cases a week, (weeks,) or (series, weeks), oldest first, whole numbers; NaN is a week not known, which is not zero and
    takes no part. `first_week`: the Monday of the first. Weeks are dates: the week of a year before is the one whose Monday lies
    nearest to the same date, 52 or 53 weeks back.

    The past of a week: `years_back` years. Its own season are `window` weeks on both sides of its date in each year; the weeks
    between are cut in `periods` - 1 other seasons (`periods` 1: only the own season is read). The `weeks_excluded` weeks just
    before are left out, so that an outbreak that goes on does not raise its threshold (of those that are not, the last `window` are
    of the own season). On that past: log(mean) = season + slope x time (+ log `population`, of the shape of the counts), variance =
    dispersion x mean, dispersion at least 1. Weeks whose
    standardised Anscombe residual s is above `reweight_threshold` are weighed down by s ** -2 and the regression is made again
    (infinite: never). The trend stays in the forecast if `trend`, at least 3 years, a p-value below `p_threshold_trend` (1: any), and
    a forecast no higher than the highest count of the past: it is not followed further than it has been.

    Thresholds, by `threshold`, each exceeded with a chance of at most `alpha` if nothing happens:
    `nbPlugin`: the quantile of a negative binomial with the mean and the variance of the forecast (Poisson if the dispersion is 1);
    `muan`: the same, of the upper limit (1 - alpha) of the mean;
    `delta`: (mean^(2/3) + z sd)^(3/2), sd² = 4/9 mean^(1/3) (dispersion + variance of the mean / mean).

    `alarm` where the count is above `upperbound`. `score` is R's: (count - c) / (upperbound - c), c the expected count for `delta`
    and its logarithm for the two others. It is above 1 with an alarm and nowhere else, as long as the threshold is above c: for the
    usual `alpha` it is, unless the dispersion is in the hundreds. For an exceedance that compares weeks, put `expected` in the
    place of c. `minimum_cases` (cases, weeks): no threshold unless the last weeks, this one included, are all known and have as many
    cases; (0, 1) judges all that is known. A past without any case has the threshold 0 if the fit ends within its 25 steps, as it
    does on a short past, and none if not (`NO_CASES`).
    `variant`: see the module. `compiled`: with numba (the extra `fast`), the same numbers but for rounding, twice as fast.

    Thresholds grow when `alpha` shrinks; series do not see each other; a week after the judged one changes nothing; a population
    counted in other units changes nothing. No answer: NaN and its `Reason`. ValueError: what cannot be, with its name.
    """
    known = _counts(counts)
    exposure = _exposure(known, population)
    pasts = _pasts(known.shape[-1], last, first_week, years_back, window, periods, weeks_excluded)
    chance = arguments.share("alpha", alpha)
    arguments.among("threshold", threshold, ("nbPlugin", "delta", "muan"))
    options = _options(trend and years_back >= LEAST_YEARS, p_threshold_trend, reweight_threshold, variant, compiled)
    series = np.atleast_2d(known)
    reason = _before(series, pasts, minimum_cases)
    found = _forecasts(series, exposure, pasts, reason, options)
    return _judged(series[:, -last:], found, reason, threshold, chance, known.ndim == 1)


def _counts(counts: ArrayLike) -> Floats:
    found = arguments.floats("counts", counts, ndim=(1, 2), least=0, missing=True)
    parts = found % 1 > 0
    if parts.any():
        raise ValueError(f"counts: whole numbers were expected, not {found[parts][0]:g}")
    return found


def _exposure(counts: Floats, population: ArrayLike | None) -> Floats | None:
    """The population, (series, weeks)."""
    if population is None:
        return None
    found = arguments.floats("population", population, ndim=(1, 2), above=0)
    arguments.same_shape(counts=counts, population=found)
    return np.atleast_2d(found)


def _options(trend: bool, p_threshold: float, reweight: float, variant: Variant, compiled: bool) -> Options:
    arguments.among("variant", variant, ("published", "surveillance"))
    p_threshold = float(arguments.floats("p_threshold_trend", p_threshold, ndim=0, least=0, most=1))
    reweight = float(arguments.floats("reweight_threshold", reweight, ndim=0, above=0, infinite=True))
    used = _compiled() if compiled else fit
    return Options(trend, p_threshold, reweight, variant == "surveillance", used)


def _compiled() -> Fitted:
    """Imported only where it is asked for: numba takes a second to load."""
    try:
        from maillage.methods.outbreak import compiled
    except ImportError as missing:
        raise ImportError(
            "compiled: numba was expected (the extra `fast`: pip install maillage[fast]), not found"
        ) from missing
    return compiled.fit


def _pasts(
    weeks: int, last: int, first_week: date, years_back: int, window: int, periods: int, weeks_excluded: int
) -> list[Baseline | None]:
    """The baselines of the last weeks."""
    if arguments.whole("last", last, least=1) > weeks:
        raise ValueError(f"last: at most {weeks}, the weeks of counts, were expected, not {last}")
    arguments.monday("first_week", first_week)
    years_back = arguments.whole("years_back", years_back, least=1)
    window, periods = arguments.whole("window", window), arguments.whole("periods", periods, least=1)
    weeks_excluded = arguments.whole("weeks_excluded", weeks_excluded)
    between = WEEKS - (2 * window + 1)
    if between < 0:
        raise ValueError(f"window: at most {(WEEKS - 1) // 2} weeks on each side were expected, not {window}")
    if periods - 1 > between:
        raise ValueError(f"periods: at most {between + 1} with this window were expected, not {periods}")
    return [
        baseline(week, first_week, years_back=years_back, window=window, periods=periods, weeks_excluded=weeks_excluded)
        for week in range(weeks - last, weeks)
    ]


def _before(series: Floats, pasts: list[Baseline | None], minimum_cases: tuple[int, int]) -> NDArray[np.int8]:
    """What already stands against a threshold before anything is fitted, (series, last)."""
    pair = np.asarray(minimum_cases, dtype=object)  # a set has no order: not a pair
    if pair.shape != (2,):
        raise ValueError(f"minimum_cases: (cases, weeks) was expected, not {minimum_cases!r}")
    least, weeks = arguments.whole("minimum_cases", pair[0]), arguments.whole("minimum_cases", pair[1], least=1)
    end = np.arange(series.shape[1] - len(pasts), series.shape[1]) + 1
    begin = np.maximum(end - min(weeks, series.shape[1]), 0)

    def recent(values: Floats) -> Floats:
        total = np.cumsum(np.pad(values, ((0, 0), (1, 0))), axis=1)
        return total[:, end] - total[:, begin]

    missing = np.isnan(series)
    found = np.where(recent(np.where(missing, 0, series)) < least, Reason.FEW_CASES, Reason.NONE)
    found = np.where(recent(missing.astype(np.float64)) > 0, Reason.MISSING, found)
    found[:, [past is None for past in pasts]] = Reason.SHORT_PAST
    return found.astype(np.int8)


def _forecasts(
    series: Floats, exposure: Floats | None, pasts: list[Baseline | None], reason: NDArray[np.int8], options: Options
) -> Forecast:
    """The forecasts, (series, last); those that cannot be made are NaN and noted in `reason`."""
    missing = np.isnan(series)
    weight = (~missing).astype(np.float64) if missing.any() else None
    table = Counts.of(np.where(missing, 0, series), exposure, weight)
    found = Forecast(*(np.full(reason.shape, np.nan) for _ in Forecast.__slots__))
    for place, past in enumerate(pasts):
        if past is None:
            continue
        rows = np.flatnonzero(reason[:, place] == Reason.NONE)
        for begin in range(0, rows.size, TOGETHER):
            part = rows[begin : begin + TOGETHER]
            one, why = _forecast(past, table, part, options)
            for name in Forecast.__slots__:
                getattr(found, name)[part, place] = getattr(one, name)
            reason[part, place] = np.where(np.isnan(one.log_mean), why, Reason.NONE)
    return found


def _forecast(
    past: Baseline, table: Counts, rows: NDArray[np.intp], options: Options
) -> tuple[Forecast, NDArray[np.int8]]:
    """The forecasts of one week for some series, and why there is none, where there is none."""
    middle = float(past.time[-1] // 2)
    counts = table[:, past.span][rows]
    now = np.full(rows.size, past.now - middle)
    if options.surveillance and counts.weight is not None:
        now -= past.time[(counts.weight > 0).argmax(axis=1)]
    offset = np.zeros(rows.size) if table.exposure is None else np.log(table.exposure[rows, past.week])
    design = Design.of(past.time - middle, past.season, past.seasons)
    known = True if counts.weight is None else counts.weight.any(axis=1)
    why = np.where(known & ~counts.y.any(axis=1), Reason.NO_CASES, Reason.NO_FIT).astype(np.int8)
    return forecast(design, counts, now, offset, options), why


def _judged(
    counts: Floats, found: Forecast, reason: NDArray[np.int8], threshold: Threshold, alpha: float, single: bool
) -> Farrington:
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        mean, centre = np.exp(found.log_mean), found.log_mean
        if threshold == "delta":
            upperbound, pvalue = normal_limit(counts, mean, found.error * mean, found.dispersion, alpha)
            centre = mean
        else:
            limit = mean if threshold == "nbPlugin" else upper_mean(found.log_mean, found.error, alpha)
            upperbound, pvalue = count_limit(limit, found.dispersion, alpha), at_least(counts, limit, found.dispersion)
        score = (counts - centre) / (upperbound - centre)
    reason = np.where((reason == Reason.NONE) & ~np.isfinite(upperbound), Reason.UNBOUNDED, reason).astype(np.int8)
    alarm: NDArray[Any] = counts > upperbound
    columns = (mean, upperbound, score, pvalue, found.dispersion, found.trend)
    expected, upperbound, score, pvalue, dispersion, trend = (np.where(reason == 0, one, np.nan) for one in columns)
    arrays: tuple[NDArray[Any], ...] = (expected, upperbound, alarm, score, pvalue, dispersion, trend, reason)
    return Farrington(*(one[0] if single else one for one in arrays))
