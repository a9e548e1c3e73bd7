"""A line through all groups, from the foot to the top of the social scale: how far apart are its two ends?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logit

from maillage.methods.arguments import Floats, among
from maillage.methods.inequality.ground import (
    Codes,
    Groups,
    Like,
    Measure,
    Reason,
    Truths,
    logarithmic,
    normal,
    read,
    reasons,
    scaled,
    theirs,
)

Model = Literal["logistic", "linear"]
Transform = Literal["none", "log", "logit"]

ROUNDS: Final = 80
GUESSES: Final = np.array([1, 1e2, 1e3, 1e4, 1e5, 1e6])
STEP: Final = 2.0  # at most, of the logit at either end in one round: Newton's method alone may run away
CLOSE: Final = 1e-7  # the last step of Newton's method leaves about its square


@dataclass(frozen=True, slots=True)
class Line:
    """The two ends of the fitted line and how they move: what both indices are made of."""

    ends: tuple[Floats, Floats]  # at rank 0, at rank 1, on the scale of the indicator
    turns: tuple[Floats, Floats]  # derivative of each end with respect to its linear predictor
    pulls: Floats  # (2, ..., groups): what the error of each group does to the middle of the line and to its slope
    factor: float  # of the variance: n / (n - 2) where it comes from residuals; NaN with two groups
    flat: Truths  # every group at 0 or at the scale
    diverged: Truths
    zoom: Floats  # what brings the ends to the units of the indicator
    like: bool  # as healthequal

    def error(self, by_middle: Floats, by_slope: Floats) -> Floats:
        """Standard error of what moves so much with the middle and so much with the slope."""
        each = by_middle[..., None] * self.pulls[0] + by_slope[..., None] * self.pulls[1]
        found: Floats = np.sqrt(self.factor * (each**2).sum(-1))
        return found

    @property
    def reason(self) -> Codes:
        few = bool(np.isnan(self.factor))
        return reasons(
            self.flat.shape,
            (self.diverged, Reason.DIVERGED),
            (self.flat, Reason.AT_THE_LIMIT),
            (few, Reason.TOO_FEW_GROUPS),
        )


def slope_index(
    estimates: ArrayLike,
    population: ArrayLike,
    *,
    model: Model = "logistic",
    scale: ArrayLike | None = None,
    transform: Transform = "none",
    standard_errors: ArrayLike | None = None,
    confidence: float = 0.95,
    like: Like = None,
) -> Measure:
    """The slope index of inequality: the fitted value at the top of the social scale minus that at its foot, f(1) - f(0).

    Groups on the last axis, the least advantaged first; each stands at X, the middle of its people on the scale from 0 to 1.
    logistic: y / scale follows a logistic curve of X, groups weighted by their people (`scale`: what the indicator is a share
    of, 100 for a percentage, 1000 for a rate per 1,000: it is asked for, not guessed); fitted by Newton's method over the batch.
    linear: a straight line weighted by people, which is least squares on sqrt(people), as England has it (Low and Low, Journal of
    Public Health 26, 2004); with a `transform` (log for rates, logit for proportions between 0 and 1) it is fitted to the
    transformed values and its ends are brought back.
    Standard error, by the delta method: from the standard errors of groups, what they do to the line; without them the robust one
    of the regression (HC1 sandwich, n / (n - 2)), which needs three groups. Zero when all groups are equal; its sign turns with the
    order. A factor on values (and scale) is a factor on the index, unless they are transformed by the logit.
    No logistic curve settles (`Reason.DIVERGED`) where ordered groups go from 0 to the scale with one group between at most,
    such as 80, 100, 100, 100 %: R stops at whatever slope it had then; the linear model has an answer.

    like="healthequal": WHO's R package as it is. It gives the binomial regression counts and then the people again as weights:
    people squared. Equal groups hide it (31.6 and 31.7 on WHO's sample); five groups of 100, 200, 400, 800 and 1,600 people
    with 20, 50, 60, 65 and 70 % do not (18.0 where 27.1 is right). It rounds people up and counts to whole numbers, prints the
    standard error of the slope before the scale (0.03 next to 31.6), and without a `scale` it takes the first of 1, 100, 1000 and so on that
    no estimate passes: deaths per 1,000 births are read as percentages.
    """
    return slope_of(line_of(estimates, population, model, scale, transform, standard_errors, like), confidence)


def relative_index(
    estimates: ArrayLike,
    population: ArrayLike,
    *,
    model: Model = "logistic",
    scale: ArrayLike | None = None,
    transform: Transform = "none",
    standard_errors: ArrayLike | None = None,
    confidence: float = 0.95,
    like: Like = None,
) -> Measure:
    """The relative index of inequality: the fitted value at the top divided by that at the foot, f(1) / f(0).

    Models and options as in `slope_index`. One when all groups are equal; above one where the advantaged have more; turning
    the order inverts it. The interval goes by the logarithm: the index divided and multiplied by exp(z standard_error / index).
    like="healthequal" prints the standard error of the logarithm. NaN where the line is not above zero at both ends.
    """
    return ratio_of(line_of(estimates, population, model, scale, transform, standard_errors, like), confidence)


def slope_of(line: Line, confidence: float) -> Measure:
    (foot, top), (at_foot, at_top) = line.ends, line.turns
    found = normal(
        (top - foot) * line.zoom,
        line.error(at_top - at_foot, (at_top + at_foot) / 2) * line.zoom,
        confidence,
        line.reason,
    )
    return _masked(found, line.zoom if line.like else None)


def ratio_of(line: Line, confidence: float) -> Measure:
    (foot, top), (at_foot, at_top) = line.ends, line.turns
    positive = (foot > 0) & (top > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.where(positive, top / foot, np.nan)
        error = np.where(
            positive, line.error(at_top / top - at_foot / foot, (at_top / top + at_foot / foot) / 2), np.nan
        )
    why = np.where(positive | line.diverged, line.reason, Reason.ZERO).astype(np.int8)
    return _masked(logarithmic(found, error, confidence, why), found if line.like else None)


def logistic_fit(value: Floats, weight: Floats, rank: Floats) -> tuple[Floats, Floats, Truths]:
    """Intercepts and slopes of (rows, groups), values from 0 to 1, by Newton's method; True where it did not settle."""
    mean = (weight * value).sum(-1) / weight.sum(-1)
    base, slope = logit(mean), np.zeros_like(mean)
    live = np.flatnonzero(np.isfinite(base))
    for _ in range(ROUNDS):
        if not live.size:
            break
        shown = expit(base[live, None] + slope[live, None] * rank[live])
        pull = weight[live] * (value[live] - shown)
        curve = weight[live] * shown * (1 - shown)
        with np.errstate(invalid="ignore"):  # of those that run away
            more, steeper = _solved(_moments(curve, rank[live]), pull.sum(-1), (pull * rank[live]).sum(-1))
            size = np.maximum(np.abs(more), np.abs(more + steeper))
            brake = np.minimum(1, STEP / np.maximum(size, STEP))
            base[live] += brake * more
            slope[live] += brake * steeper
        live = live[~(size < CLOSE)]
    ran_away = np.zeros(base.shape, bool)
    ran_away[live] = True
    return base, slope, ran_away


def is_step(value: Floats) -> Truths:
    """Ordered values from 0 to 1, (..., groups), that a curve follows best as a step: 0 up to some group, 1 beyond it, or turned round.

    The group itself may have any value. Groups that are all 0, or all 1, are no step.
    """
    never, always = value == 0, value == 1
    found = np.zeros(value.shape[:-1], bool)
    for below, beyond in ((never, always), (always, never)):
        before = np.logical_and.accumulate(below, -1)
        after = np.logical_and.accumulate(beyond[..., ::-1], -1)[..., ::-1]
        found |= after[..., 1] | before[..., -2] | (before[..., :-2] & after[..., 2:]).any(-1)
    found &= ~(never.all(-1) | always.all(-1))
    return found


def line_of(
    estimates: ArrayLike,
    population: ArrayLike,
    model: str,
    scale: ArrayLike | None,
    transform: str,
    standard_errors: ArrayLike | None,
    like: str | None,
) -> Line:
    """The line of each indicator; arguments as in `slope_index`."""
    among("model", model, ("logistic", "linear"))
    among("transform", transform, ("none", "log", "logit"))
    as_who = theirs(like)
    if transform != "none" and (model == "logistic" or as_who):
        raise ValueError(f"transform: none was expected but with a linear model of our own, not {transform!r}")
    groups = read(estimates, population, standard_errors, least=0 if model == "logistic" else None)
    zoom = np.ones(groups.batch)
    if model == "logistic" or as_who:
        if scale is None and not as_who:
            raise ValueError("scale: what the indicator is a share of (100 for a percentage) was expected, not None")
        zoom = scaled(_guessed(groups) if scale is None else scale, groups)
    value = groups.value / zoom[..., None]
    error = None if groups.error is None else groups.error / zoom[..., None]
    ready = Groups(value, groups.people, error)
    return _logistic(ready, zoom, as_who) if model == "logistic" else _linear(ready, transform, zoom, as_who)


def _guessed(groups: Groups) -> Floats:
    """The scale that healthequal would read from the highest estimate."""
    found: Floats = GUESSES[np.minimum(np.searchsorted(GUESSES, groups.value.max(-1)), len(GUESSES) - 1)]
    return found


def _logistic(groups: Groups, zoom: Floats, like: bool) -> Line:
    """Rows side by side; what has no curve is given its own value at both ends."""
    weight = groups.share
    if like:
        assert groups.people is not None
        whole = np.ceil(groups.people)
        groups = Groups(np.round(groups.value * whole) / whole, whole, groups.error)
        weight = whole**2
    width = groups.value.shape[-1]
    rank = groups.rank - 0.5
    rows = [one.reshape(-1, width) for one in (groups.value, weight, rank)]
    fitted = logistic_fit(*rows)
    base, slope = (one.reshape(groups.batch) for one in fitted[:2])
    ran_away = fitted[2].reshape(groups.batch) | is_step(groups.value)
    ends = expit(base - slope / 2), expit(base + slope / 2)
    with np.errstate(invalid="ignore"):
        shown = expit(base[..., None] + slope[..., None] * rank)
    turns = ends[0] * (1 - ends[0]), ends[1] * (1 - ends[1])
    pulls = _pulls(groups, weight, weight * shown * (1 - shown), rank, groups.value - shown)
    return Line(ends, turns, pulls, _factor(groups), np.isinf(base), ran_away, zoom, like)


def _linear(groups: Groups, transform: str, zoom: Floats, like: bool) -> Line:
    value, error = groups.value, groups.error
    if transform != "none":
        upper = np.inf if transform == "log" else 1.0
        bad = (value <= 0) | (value >= upper)
        if bad.any():
            said = "above 0" if transform == "log" else "between 0 and 1"
            raise ValueError(f"estimates: values {said} were expected for {transform}, not {value[bad][0]:g}")
        error = None if error is None else error / (value if transform == "log" else value * (1 - value))
        value = np.log(value) if transform == "log" else logit(value)
    people = groups.people if not like or groups.people is None else np.ceil(groups.people)
    ready = Groups(value, people, error)
    share, rank = ready.share, ready.rank - 0.5
    centred = value - ready.mean[..., None]
    slope = (share * rank * centred).sum(-1) / (share * rank**2).sum(-1)
    away = centred - slope[..., None] * rank
    pulls = _pulls(ready, share, share, rank, away)
    foot, top = ready.mean - slope / 2, ready.mean + slope / 2
    turns = np.ones_like(foot), np.ones_like(top)
    if transform == "log":
        foot, top = np.exp(foot), np.exp(top)
        turns = foot, top
    elif transform == "logit":
        foot, top = expit(foot), expit(top)
        turns = foot * (1 - foot), top * (1 - top)
    never = np.zeros(groups.batch, bool)
    return Line((foot, top), turns, pulls, _factor(ready), never, never, zoom, like)


def _pulls(groups: Groups, weight: Floats, curve: Floats, rank: Floats, away: Floats) -> Floats:
    """What the error of each group, known or as far as it lies from the line, does to the middle of the line and to its slope."""
    each = weight * (away if groups.error is None else groups.error)
    moments = tuple(one[..., None] for one in _moments(curve, rank))
    return np.stack(_solved(moments, each, each * rank))


def _moments(curve: Floats, rank: Floats) -> tuple[Floats, ...]:
    """Of the information matrix: sums of the weights, of weights times rank, of weights times its square."""
    times = curve * rank
    return curve.sum(-1), times.sum(-1), (times * rank).sum(-1)


def _solved(moments: tuple[Floats, ...], one: Floats, two: Floats) -> tuple[Floats, Floats]:
    """Of two equations with two unknowns, for each indicator."""
    zeroth, first, second = moments
    with np.errstate(divide="ignore", invalid="ignore"):
        size = zeroth * second - first**2
        return (second * one - first * two) / size, (zeroth * two - first * one) / size


def _factor(groups: Groups) -> float:
    size = groups.value.shape[-1]
    if groups.error is not None:
        return 1.0
    return size / (size - 2) if size > 2 else float("nan")


def _masked(measure: Measure, unscaled: Floats | None) -> Measure:
    """Nothing where the curve ran away; no interval where there was none to fit."""
    gone = measure.reason == Reason.DIVERGED
    bare = gone | (measure.reason == Reason.AT_THE_LIMIT)
    error, lower, upper = (
        np.where(bare, np.nan, one) for one in (measure.standard_error, measure.lower, measure.upper)
    )
    if unscaled is not None:
        error = np.asarray(error / unscaled)
    return Measure(np.where(gone, np.nan, measure.estimate), error, lower, upper, measure.reason)
