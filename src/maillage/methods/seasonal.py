"""When the season of an infection begins, and how severe it is: thresholds learned from the seasons before (moving epidemic method).

Influenza and bronchiolitis come every winter, earlier or later, so that "more than last year in this week" says little. The moving
epidemic method first finds in each past season the weeks that were the epidemic, wherever they fell. The weeks before tell how much
is usual outside an epidemic: above their threshold the season has begun. The epidemic weeks tell what is a medium, high and very high
intensity; the weeks after, when it is over.

Sources: Vega, Lozano, Meerhoff and others, Influenza surveillance in Europe: establishing epidemic thresholds by the moving epidemic
method, Influenza and Other Respiratory Viruses 7 (2013); the same, comparing intensity levels, 9 (2015). Defaults are those of R's
package mem 2.19; the smoothing is that of R's sm (local linear, Gaussian kernel; for gaps, six degrees of freedom: Bowman and
Azzalini, Applied Smoothing Techniques for Data Analysis, 1997).

Compared with R: starts, lengths and smoothing are those of mem's formulas run on R's sm, to the last digit, for a hundred invented seasons;
thresholds and goodness are those of epimem 0.2.0 (PyPI) on its example and on 300 invented sets, unless two stretches of weeks
hold the same: there its rounding decides, here the earlier one is taken, as in R.

Departures from mem: a gap is filled with a bandwidth found to the last digit, where R stops its search at the fourth. A season in
which no week adds `delta` has no epidemic and all its weeks are usual ones, where mem's positions start at 0 and epimem takes one
week. A level is reached above its threshold, not at it. With Student's t the interval of a mean is not widened by sqrt(1 + 1 / n),
which belongs to a single value. The typical length and start are medians without an interval. Intervals of medians and the
bootstrap are not offered.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri, stdtrit

from maillage.methods.arguments import among, floats, share, whole

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Codes = NDArray[np.int8]
Bools = NDArray[np.bool_]
Kind = Literal["arithmetic-point", "geometric-point", "arithmetic-mean", "geometric-mean"]
KINDS = ("arithmetic-point", "geometric-point", "arithmetic-mean", "geometric-mean")
DELTA = 2.8  # per cent of the season that one more week has to add
POOLED = 30  # highest values outside the epidemic, over all seasons
FREEDOM = 6  # degrees of the curve that fills a gap
DETECTION = tuple(round(1 + step / 10, 1) for step in range(41))


class Reason(IntEnum):
    """Why a season was left out, or a threshold is NaN."""

    NONE = 0
    EMPTY = 1  # a season without a case, or without a count
    OLDER = 2  # a season before the newest `seasons`
    TOO_FEW = 3  # fewer than two values to learn from


class Period(IntEnum):
    """The part of its season that a week is in."""

    BEFORE = 0
    EPIDEMIC = 1
    AFTER = 2


class Level(IntEnum):
    """How severe a week is."""

    UNKNOWN = -1  # no count, or no threshold
    BASELINE = 0  # not above the pre-epidemic threshold
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    VERY_HIGH = 4


@dataclass(frozen=True, slots=True)
class Timing:
    """When the epidemic of each season was, arrays of the shape of the seasons; weeks are counted from 0, -1: no epidemic."""

    start: Ints
    end: Ints  # its last week
    length: Ints  # weeks; 0: no epidemic
    percent: Floats  # of the season's cases that fell in it
    curve: Floats  # (..., weeks + 1): the highest per cent that 0, 1, 2 ... weeks in a row hold
    slope: Floats  # (..., weeks): what the 1st, 2nd ... week adds to the smoothed curve

    @property
    def period(self) -> Codes:
        """(..., weeks): the `Period` of each week."""
        week = np.arange(self.slope.shape[-1])
        none = (self.length == 0)[..., None]
        began, over = (week >= self.start[..., None]) & ~none, (week > self.end[..., None]) & ~none
        found: Codes = began.astype(np.int8) + over
        return found


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Of one series numbers, of a batch arrays (series,). NaN where `reason` says why."""

    pre_epidemic: Floats  # the epidemic has begun when a week is above
    post_epidemic: Floats  # it is over when a week is below
    medium: Floats
    high: Floats
    very_high: Floats
    reason: Codes  # (..., 5): a `Reason` for each threshold, in this order
    timing: Timing  # of every season, also of those left out
    season_reason: Codes  # (..., seasons): a `Reason` for each season that was left out
    values: Ints  # how many of each season's highest values are pooled
    typical_start: Floats  # median over the seasons that had an epidemic, rounded
    typical_length: Floats


@dataclass(frozen=True, slots=True)
class Goodness:
    """How well thresholds learned without a season tell its epidemic weeks. Counts: (seasons,), over all values of detection."""

    true_positives: Ints
    false_positives: Ints
    true_negatives: Ints
    false_negatives: Ints
    sensitivity: float
    specificity: float
    positive_predictive_value: float
    negative_predictive_value: float
    agreement: float
    matthews: float  # correlation coefficient
    youden: float


def epidemic_timing(rates: ArrayLike, *, delta: float = DELTA) -> Timing:
    """When the epidemic of each season was. `rates`: (..., weeks), counts or rates by week, NaN where a week is missing.

    The curve gives for every number of weeks in a row the highest per cent of the season's cases that they hold (the earliest of
    equals). Smoothed (bandwidth 1), its slope is what one week more adds; the epidemic is as long as weeks add at least `delta`.
    A missing week between two that are known is filled by smoothing; at the ends it is nothing, and pooled nowhere.
    A factor on the rates changes nothing. A smaller `delta` makes no epidemic shorter.
    """
    known = _weeks(floats("rates", rates, least=0, missing=True, ndim=(1, 2, 3)))
    return _timing(_filled(known), floats("delta", delta, ndim=0, above=0))


def moving_epidemic_threshold(
    rates: ArrayLike,
    *,
    delta: float = DELTA,
    seasons: int = 10,
    values: int | None = None,
    threshold: Kind = "arithmetic-point",
    level: float = 0.95,
    intensity: Kind = "geometric-point",
    levels: tuple[float, float, float] = (0.40, 0.90, 0.975),
    tails: int = 1,
    student: bool = False,
) -> Thresholds:
    """Thresholds of the next season from past ones. `rates`: (seasons, weeks) or (series, seasons, weeks), oldest season first,
    every season from the same week of the year on, in any unit; a missing week is NaN, never 0, and filled as for the timing.

    Of each season the `values` highest weeks before, in and after its epidemic (`epidemic_timing`) are pooled; usual: 30 / seasons,
    rounded half to even, at least 1. A threshold is the upper limit of an interval of its pool: `threshold` and `level` for the
    weeks before and after, `intensity` and `levels` (medium, high, very high) for the epidemic ones. Kinds: "arithmetic-point"
    mean + z sd; "arithmetic-mean" mean + z sd / sqrt(n); "geometric-..." the same on logarithms (of 1 + value when a value is 0).
    z: normal quantile, with `student` that of Student's t with n - 1 degrees (for points times sqrt(1 + 1 / n)); `tails`: 1 or 2.

    The newest `seasons` with a case are used, the others have a `season_reason`. Thresholds grow with their level, and scale with
    the rates (geometric ones when no value is 0). Series do not see each other. The order of seasons changes nothing.
    """
    found = _weeks(floats("rates", rates, least=0, missing=True, ndim=(2, 3)))
    among("threshold", threshold, KINDS)
    among("intensity", intensity, KINDS)
    share("level", level)
    growing = _growing(levels)
    if whole("tails", tails, least=1) > 2:
        raise ValueError(f"tails: 1 or 2 was expected, not {tails}")
    filled = _filled(found)
    timing = _timing(filled, floats("delta", delta, ndim=0, above=0))
    some = np.nansum(found, axis=-1) > 0
    newest = some & (some[..., ::-1].cumsum(axis=-1)[..., ::-1] <= whole("seasons", seasons, least=2))
    many = newest.sum(axis=-1)
    if (many < 2).any():
        raise ValueError(f"rates: at least two seasons with a case were expected, not {int(many.min())}")
    usual = np.maximum(1, np.round(POOLED / many)).astype(np.int64)
    pooled = usual if values is None else np.full_like(usual, whole("values", values, least=1))
    before, during, after = (_highest(filled, (timing.period == part) & newest[..., None], pooled) for part in Period)
    limits = np.stack(
        [_limit(pool, threshold, level, tails, student=student) for pool in (before, after)]
        + [_limit(during, intensity, one, tails, student=student) for one in growing]
    )
    return Thresholds(
        pre_epidemic=limits[0],
        post_epidemic=limits[1],
        medium=limits[2],
        high=limits[3],
        very_high=limits[4],
        reason=np.moveaxis(np.where(np.isnan(limits), Reason.TOO_FEW, Reason.NONE), 0, -1).astype(np.int8),
        timing=timing,
        season_reason=np.select([~some, ~newest], [Reason.EMPTY, Reason.OLDER], Reason.NONE).astype(np.int8),
        values=pooled,
        typical_start=_median(timing.start, newest & (timing.length > 0)),
        typical_length=_median(timing.length, newest & (timing.length > 0)),
    )


def intensity_level(rates: ArrayLike, found: Thresholds) -> Codes:
    """The `Level` of each week: the highest threshold that it is above; the baseline unless above the pre-epidemic one.

    `rates`: (..., weeks) with thresholds of one series; (series, weeks), or (series, seasons, weeks), with those of a batch.
    Unknown where the week or the pre-epidemic threshold is; a higher threshold that is unknown is not reached.
    """
    known = floats("rates", rates, least=0, missing=True)
    batch = np.shape(found.pre_epidemic)
    if not known.ndim or (batch and (known.ndim < 2 or known.shape[:1] != batch)):
        axes = f"({batch[0]}, ..., weeks)" if batch else "(..., weeks)"
        raise ValueError(f"rates: the shape {axes} of the thresholds was expected, not {known.shape}")
    limits = [
        np.reshape(one, (*batch, *[1] * (known.ndim - len(batch))))
        for one in (found.pre_epidemic, found.medium, found.high, found.very_high)
    ]
    above = [known > one for one in limits]
    level = np.select([above[3], above[2], above[1]], [Level.VERY_HIGH, Level.HIGH, Level.MEDIUM], Level.LOW)
    nothing = np.isnan(known) | np.isnan(limits[0])
    return np.select([nothing, ~above[0]], [Level.UNKNOWN, Level.BASELINE], level).astype(np.int8)


def goodness(
    rates: ArrayLike,
    *,
    method: Literal["cross", "sequential"] = "cross",
    detection: ArrayLike = DETECTION,
    minimum_seasons: int = 6,
    seasons: int = 10,
    delta: float = DELTA,
    values: int | None = None,
    threshold: Kind = "arithmetic-point",
    level: float = 0.95,
    tails: int = 1,
    student: bool = False,
) -> Goodness:
    """How well the thresholds would have told the epidemic weeks of each season. `rates`: (seasons, weeks), oldest first.

    Thresholds come from the `seasons` nearest other ones ("cross"; of equals the older) or from those just before ("sequential",
    from the season number `minimum_seasons` on). A week is called epidemic when it is above the pre-epidemic threshold, up to the
    season's highest week, and not below the post-epidemic one from then on; without the first threshold none is, without the other
    one the first serves for both. What it really was says `epidemic_timing` of that
    season with each value of `detection` as its delta (1.0, 1.1 ... 5.0), all added. Missing weeks are not counted.
    A share of nothing is NaN. The other options are those of `moving_epidemic_threshold`. Seasons without a case are refused.
    """
    found = floats("rates", rates, least=0, missing=True, ndim=2)
    among("method", method, ("cross", "sequential"))
    deltas = floats("detection", detection, ndim=1, above=0)
    if not deltas.size:
        raise ValueError("detection: at least one number was expected")
    whole("seasons", seasons, least=2)
    if len(found) < max(whole("minimum_seasons", minimum_seasons, least=3), 3):
        raise ValueError(f"rates: at least {minimum_seasons} seasons were expected, not {len(found)}")
    if not (np.nansum(found, axis=-1) > 0).all():
        raise ValueError("rates: a case in every season was expected")
    told = np.zeros((4, len(found)), np.int64)
    number = np.arange(len(found))
    for one in range(0 if method == "cross" else minimum_seasons - 1, len(found)):
        others = number[np.lexsort((number - one, abs(number - one)))][1 : seasons + 1]
        past = np.sort(others) if method == "cross" else number[max(0, one - seasons) : one]
        learned = moving_epidemic_threshold(
            found[past],
            delta=delta,
            seasons=seasons,
            values=values,
            threshold=threshold,
            level=level,
            tails=tails,
            student=student,
        )
        told[:, one] = _told(found[one], float(learned.pre_epidemic), float(learned.post_epidemic), deltas)
    return _goodness(told)


def _goodness(told: Ints) -> Goodness:
    """From true positives, false positives, true negatives, false negatives, (4, seasons)."""
    tp, fp, tn, fn = (float(one.sum()) for one in told)
    sensitivity, specificity = _part(tp, tp + fn), _part(tn, tn + fp)
    margins = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
    return Goodness(
        true_positives=told[0],
        false_positives=told[1],
        true_negatives=told[2],
        false_negatives=told[3],
        sensitivity=sensitivity,
        specificity=specificity,
        positive_predictive_value=_part(tp, tp + fp),
        negative_predictive_value=_part(tn, tn + fn),
        agreement=_part(tp + tn, tp + fp + tn + fn),
        matthews=_part(tp * tn - fp * fn, margins**0.5),
        youden=sensitivity + specificity - 1,
    )


def _told(season: Floats, pre: float, post: float, deltas: Floats) -> Ints:
    """True positives, false positives, true negatives, false negatives, over all deltas."""
    pre = np.inf if np.isnan(pre) else pre
    post = pre if np.isnan(post) else post
    rising = np.arange(len(season)) <= np.nanargmax(season)
    called = np.where(rising, season > pre, season >= post)
    was = _timing(np.tile(season, (len(deltas), 1)), deltas[:, None]).period == Period.EPIDEMIC  # gaps as they are
    known = ~np.isnan(season)
    return np.array([(known & one).sum() for one in (called & was, called & ~was, ~called & ~was, ~called & was)])


def _part(some: float, whole: float) -> float:
    return some / whole if whole else float("nan")


def _weeks(known: Floats) -> Floats:
    if 0 in known.shape:
        raise ValueError(f"rates: at least one week, season and series was expected, not the shape {known.shape}")
    return known


def _growing(levels: ArrayLike) -> list[float]:
    found: list[float] = floats("levels", levels, ndim=1).tolist()
    if len(found) != 3 or found != sorted(share("levels", one) for one in found):
        raise ValueError(f"levels: three growing numbers were expected, not {found}")
    return found


def _timing(known: Floats, delta: Floats) -> Timing:
    curve, first = _curve(np.nan_to_num(known))
    points = np.arange(curve.shape[-1], dtype=np.float64)
    slope = np.diff(np.maximum(curve @ _smoother(points, points, 1.0).T, 0), axis=-1)
    flat = slope < delta
    length = np.where(flat.any(axis=-1), flat.argmax(axis=-1), slope.shape[-1])
    start = np.take_along_axis(first, length[..., None], axis=-1)[..., 0]
    percent = np.take_along_axis(curve, length[..., None], axis=-1)[..., 0]
    return Timing(start, np.where(length > 0, start + length - 1, -1), length, percent, curve, slope)


def _curve(known: Floats) -> tuple[Floats, Ints]:
    """For 0, 1, 2 ... weeks in a row: the highest per cent that they hold, and where they start (-1 for none)."""
    weeks = known.shape[-1]
    before = np.concatenate([np.zeros((*known.shape[:-1], 1)), known], axis=-1).cumsum(axis=-1)
    highest, first = np.zeros((*known.shape[:-1], weeks + 1)), np.full((*known.shape[:-1], weeks + 1), -1)
    for size in range(1, weeks + 1):
        held = before[..., size:] - before[..., :-size]
        highest[..., size] = held.max(axis=-1)
        # What holds as much but for the last digits of a sum holds as much.
        first[..., size] = (held >= highest[..., size, None] * (1 - 1e-12)).argmax(axis=-1)
    total = highest[..., -1:]
    return np.divide(100 * highest, total, out=np.zeros_like(highest), where=total > 0), first


def _smoother(at: Floats, known: Floats, bandwidth: float) -> Floats:
    """(at, known): the weights of a local linear regression with a Gaussian kernel."""
    off = at[:, None] - known
    kernel = np.exp(-0.5 * (off / bandwidth) ** 2)
    zero, one, two = (np.sum(kernel * off**power, axis=1, keepdims=True) for power in range(3))
    with np.errstate(invalid="ignore", divide="ignore"):
        weights = kernel * (two - off * one) / (two * zero - one**2)
    return np.where(np.isfinite(weights), weights, np.nan)  # nothing near enough to tell


def _filled(known: Floats) -> Floats:
    """A week that is missing between two that are known gets a smoothed value, where the known ones are near enough."""
    found = known.copy()
    week = np.arange(known.shape[-1], dtype=np.float64)
    for season in found.reshape(-1, known.shape[-1]):
        there = np.flatnonzero(~np.isnan(season))
        if len(there) < 2 or len(there) == there[-1] - there[0] + 1:
            continue
        gaps = np.flatnonzero(np.isnan(season[there[0] : there[-1]])) + there[0]
        weights = _smoother(week[gaps], week[there], _bandwidth(week[there]))
        season[gaps] = np.maximum(weights @ season[there], 0)
    return found


def _bandwidth(known: Floats) -> float:
    """The one that gives the curve `FREEDOM` degrees; with too few weeks for so many, the narrowest that is tried."""

    def degrees(bandwidth: float) -> float:
        own = np.diagonal(_smoother(known, known, bandwidth))
        return float(np.where(np.isnan(own), 1.0, own).sum())  # a week without neighbours is told by itself alone

    narrow, wide = 0.3, 3 * float(known[-1] - known[0])
    if degrees(narrow) <= FREEDOM:
        return narrow
    while wide - narrow > 1e-9 * wide:  # degrees fall when the curve is smoothed more
        middle = (narrow + wide) / 2
        narrow, wide = (middle, wide) if degrees(middle) > FREEDOM else (narrow, middle)
    return wide


def _highest(known: Floats, which: Bools, many: Ints) -> Floats:
    """(..., seasons x weeks): of each season the highest `many` values of the weeks in question, NaN elsewhere."""
    falling = -np.sort(np.where(which, -known, np.nan), axis=-1)  # NaN last
    kept = np.where(np.arange(known.shape[-1]) < many[..., None, None], falling, np.nan)
    return kept.reshape(*known.shape[:-2], -1)


def _limit(pool: Floats, kind: Kind, level: float, tails: int, *, student: bool) -> Floats:
    """The upper limit of the interval of each pool (its last axis); NaN with fewer than two values."""
    there = ~np.isnan(pool)
    n = there.sum(axis=-1)
    scale, of = kind.split("-")
    shift = (np.any(pool == 0, axis=-1) & (scale == "geometric")).astype(np.float64)
    values = np.where(there, pool, 1.0) + shift[..., None]
    values = np.where(there, np.log(values) if scale == "geometric" else values, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = values.sum(axis=-1) / n
        sd = np.sqrt((np.where(there, values - mean[..., None], 0.0) ** 2).sum(axis=-1) / (n - 1))
        chance = 1 - (1 - level) / tails
        z = stdtrit(np.maximum(n - 1, 1), chance) if student else ndtri(chance)
        if of == "mean":
            sd = sd / np.sqrt(n)
        elif student:
            sd = sd * np.sqrt(1 + 1 / n)
        limit = mean + z * sd
    limit = np.exp(limit) - shift if scale == "geometric" else limit
    return np.where(n > 1, limit, np.nan)


def _median(values: Ints, which: Bools) -> Floats:
    """Over the seasons in question, rounded half to even; NaN without any."""
    ordered = np.sort(np.where(which, values, np.iinfo(np.int64).max), axis=-1)
    many = which.sum(axis=-1)
    low, high = (
        np.take_along_axis(ordered, np.maximum(at, 0)[..., None], axis=-1)[..., 0]
        for at in ((many - 1) // 2, many // 2)
    )
    return np.where(many > 0, np.round((low + np.where(many > 0, high, 0)) / 2), np.nan)
