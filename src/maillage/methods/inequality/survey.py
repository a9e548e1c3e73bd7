"""The same questions asked of individuals of a survey: weights, clusters and strata, and no group between them and the answer.

Variances are those of a sample of clusters, drawn with replacement within strata (linearisation; T. Lumley, Analysis of complex survey
samples, Journal of Statistical Software 9, 2004), what R's survey has: a stratum with one cluster counts that cluster around
zero ("adjust"). Individuals with the same `order` share the middle of the place that they take together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from maillage.methods.arguments import Floats, among, floats, same_shape
from maillage.methods.inequality.ground import Measure, Reason, logarithmic, normal, reasons
from maillage.methods.inequality.slope import Model, is_step, logistic_fit


@dataclass(frozen=True, slots=True)
class Individuals:
    value: Floats
    rank: Floats  # the middle of those with the same order, from 0 to 1
    weight: Floats
    clusters: NDArray[np.intp]
    strata: NDArray[np.intp]  # of each cluster


def survey_absolute_concentration_index(
    values: ArrayLike,
    order: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    clusters: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    confidence: float = 0.95,
) -> Measure:
    """The absolute concentration index of individuals, (n,): the slope of 2 var(X) y on X, weighted.

    values: of each individual (0 and 1 for yes or no); order: how advantaged, any numbers, ties together; weights: of the survey (None:
    all alike); clusters, strata: labels of the sampling design (None: each individual alone, one stratum).
    Without clusters and strata, the same as of groups that are as the individuals.
    """
    people = _read(values, order, weights, clusters, strata)
    found, error, _ = _concentration(people)
    return normal(found, error, confidence, reasons(()))


def survey_relative_concentration_index(
    values: ArrayLike,
    order: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    clusters: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    confidence: float = 0.95,
) -> Measure:
    """The absolute index of individuals divided by their mean, a fraction; its standard error takes the mean as known.

    Values are not below zero; NaN where all of them are zero.
    """
    people = _read(values, order, weights, clusters, strata, least=0)
    found, error, mean = _concentration(people)
    size = np.asarray(mean if mean > 0 else np.nan)
    return normal(found / size, error / size, confidence, reasons((), (mean <= 0, Reason.ZERO)))


def survey_slope_index(
    values: ArrayLike,
    order: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    clusters: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    model: Model = "logistic",
    scale: float = 1.0,
    confidence: float = 0.95,
) -> Measure:
    """The slope index of individuals, f(1) - f(0) in the units of the values.

    logistic: values from 0 to `scale`; linear: a straight line. healthequal prints the standard error before the scale; here
    it stands on the scale of the index. Zero without an interval where all values are 0, or all the scale; NaN where the curve is a step.
    """
    fit = _fit(_read(values, order, weights, clusters, strata), model, scale)
    (foot, top), (at_foot, at_top) = fit.ends, fit.turns
    error = scale * fit.error(at_top - at_foot, at_top)
    return normal(scale * (top - foot), error, confidence, reasons((), (True, fit.reason)))


def survey_relative_index(
    values: ArrayLike,
    order: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    clusters: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    model: Model = "logistic",
    scale: float = 1.0,
    confidence: float = 0.95,
) -> Measure:
    """The relative index of individuals, f(1) / f(0). Options as in `survey_slope_index`, the interval as in `relative_index`."""
    fit = _fit(_read(values, order, weights, clusters, strata), model, scale)
    (foot, top), (at_foot, at_top) = fit.ends, fit.turns
    if not (foot > 0 and top > 0):
        foot = top = np.asarray(np.nan)
    error = fit.error(at_top / top - at_foot / foot, at_top / top)
    lost = fit.reason == Reason.DIVERGED
    why = reasons((), (lost, Reason.DIVERGED), (np.isnan(foot), Reason.ZERO), (True, fit.reason))
    return logarithmic(top / foot, error, confidence, why)


@dataclass(frozen=True, slots=True)
class Fit:
    ends: tuple[Floats, Floats]
    turns: tuple[Floats, Floats]
    cover: Floats  # covariance of intercept and slope
    reason: Reason

    def error(self, by_base: Floats, by_slope: Floats) -> Floats:
        step = np.stack([by_base, by_slope])
        return np.sqrt(np.asarray(step @ self.cover @ step))


def _fit(people: Individuals, model: str, scale: float) -> Fit:
    among("model", model, ("logistic", "linear"))
    size = float(floats("scale", scale, ndim=0, above=0))
    value, rank, weight = people.value / size, people.rank, people.weight
    if model == "linear":
        base, slope = _line(value, people)
        cover = _covariance(people, weight, value - base - slope * rank)
        one = np.ones(())
        return Fit((base, base + slope), (one, one), cover, Reason.GIVEN)
    if (value < 0).any() or (value > 1).any():
        raise ValueError(
            f"values: from 0 to the scale, {size:g}, was expected, not {people.value[(value < 0) | (value > 1)][0]:g}"
        )
    bases, slopes, lost = logistic_fit(value[None], weight[None], rank[None])
    which = np.unique(rank, return_inverse=True)[1]
    means = np.bincount(which, weight * value) / np.bincount(which, weight)
    flat, lost = np.isinf(bases[0]), lost | is_step(means)
    if flat or lost[0]:
        end = np.asarray(expit(bases[0]) if flat else np.nan)
        why = Reason.AT_THE_LIMIT if flat else Reason.DIVERGED
        return Fit((end, end), (end, end), np.full((2, 2), np.nan), why)
    shown = expit(bases[0] + slopes[0] * rank)
    cover = _covariance(people, weight * shown * (1 - shown), value - shown, weight)
    foot, top = expit(bases[0]), expit(bases[0] + slopes[0])
    return Fit((np.asarray(foot), np.asarray(top)), (foot * (1 - foot), top * (1 - top)), cover, Reason.GIVEN)


def _concentration(people: Individuals) -> tuple[Floats, Floats, Floats]:
    """The absolute index, its standard error, and the mean."""
    share = people.weight / people.weight.sum()
    spread = 2 * (share * (people.rank - 0.5) ** 2).sum()
    ready = Individuals(spread * people.value, people.rank, people.weight, people.clusters, people.strata)
    base, slope = _line(ready.value, ready)
    cover = _covariance(ready, ready.weight, ready.value - base - slope * ready.rank)
    return slope, np.sqrt(cover[1, 1]), (share * people.value).sum()


def _line(value: Floats, people: Individuals) -> tuple[Floats, Floats]:
    share, centred = people.weight / people.weight.sum(), people.rank - 0.5
    slope = (share * centred * value).sum() / (share * centred**2).sum()
    return np.asarray((share * value).sum() - slope / 2), np.asarray(slope)


def _covariance(people: Individuals, curve: Floats, away: Floats, weight: Floats | None = None) -> Floats:
    """Of intercept and slope: what clusters do to them, around the mean of their stratum."""
    side = np.stack([np.ones_like(people.rank), people.rank], -1)
    bread = np.linalg.inv(side.T @ (curve[:, None] * side))
    pulls = (people.weight * away)[:, None] * side @ bread
    number = len(people.strata)
    each = np.stack([np.bincount(people.clusters, one, number) for one in pulls.T], -1)
    many = np.bincount(people.strata)
    alone = many == 1
    means = np.stack([np.bincount(people.strata, one) for one in each.T], -1) / many[:, None]
    means[alone] = 0
    factor = np.where(alone, 1.0, many / np.maximum(many - 1, 1))
    around = (each - means[people.strata]) * np.sqrt(factor)[people.strata][:, None]
    return np.asarray(around.T @ around)


def _read(
    values: ArrayLike,
    order: ArrayLike,
    weights: ArrayLike | None,
    clusters: ArrayLike | None,
    strata: ArrayLike | None,
    least: float | None = None,
) -> Individuals:
    value, place = floats("values", values, ndim=1, least=least), floats("order", order, ndim=1)
    weight = np.ones_like(value) if weights is None else floats("weights", weights, ndim=1, above=0)
    same_shape(values=value, order=place, weights=weight)
    kinds, which = np.unique(place, return_inverse=True)
    if len(kinds) < 2:
        raise ValueError(f"order: two places or more were expected, not {len(kinds)}")
    people = np.bincount(which, weight)
    middle = (np.cumsum(people) - people / 2) / people.sum()
    stratum = _labels("strata", strata, value) if strata is not None else np.zeros(len(value), np.intp)
    cluster = _labels("clusters", clusters, value) if clusters is not None else np.arange(len(value))
    pairs, within = np.unique(np.stack([stratum, cluster]), axis=1, return_inverse=True)
    if pairs.shape[1] < 2:
        raise ValueError("clusters: two or more were expected, not 1")
    return Individuals(value, middle[which], weight, within.reshape(-1), pairs[0])


def _labels(name: str, given: ArrayLike, value: Floats) -> NDArray[np.intp]:
    found: NDArray[Any] = np.asarray(given)
    if found.shape != value.shape:
        raise ValueError(f"{name}: the shape of values, {value.shape}, was expected, not {found.shape}")
    missing = [one for one in found.tolist() if one is None or one != one]
    if missing:
        raise ValueError(f"{name}: a label for each individual was expected, not {missing[0]}")
    ready = found.astype(str) if found.dtype.kind == "O" else found
    return np.unique(ready, return_inverse=True)[1]
