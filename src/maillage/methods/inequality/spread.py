"""How far groups without an order lie from their mean, from the best of them, from one that was chosen.

Estimates are exact formulas. The intervals of all but `between_group_variance` are simulated: see `methods.inequality.draws`,
and the options `draws`, `seed` and `scale` (the most that a draw can be; 100 for a percentage).
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike

from maillage.methods.arguments import Floats, among
from maillage.methods.inequality.draws import Sample, Statistic, answers, question, variance_noise
from maillage.methods.inequality.ground import (
    Groups,
    Measure,
    Reason,
    chosen,
    normal,
    polarity,
    read,
    reasons,
    told,
    unknown,
)

Point = Literal["best", "mean", "reference"]
DRAWS: Final = 1000


def between_group_variance(
    estimates: ArrayLike,
    population: ArrayLike,
    *,
    standard_errors: ArrayLike | None = None,
    correct_noise: bool = False,
    confidence: float = 0.95,
) -> Measure:
    """The variance between groups, sum of p_j (y_j - mean)^2, in squared units; p: shares of the population.

    Zero when all groups are equal; equal groups may be merged, the order is of no matter, a constant added to all changes nothing
    and a factor counts squared. Standard error (J. Ahn and others, JCO Clinical Cancer Informatics 2, 2018): variance
    4 sum p^2 s^2 (y - mean)^2 + 2 ((sum p^2 s^2)^2 - sum p^4 s^4 + sum p^2 (1 - p)^2 s^4).
    correct_noise: groups that are only sampled differ by chance as well, and that adds sum p (1 - p) s^2 on average (on WHO's
    sample of 34 regions 6.6 of 50.4); it is taken off. Below zero, chance alone would have made more.
    """
    groups = read(estimates, population, standard_errors)
    share, away = groups.share, groups.value - groups.mean[..., None]
    found = (share * away**2).sum(-1)
    if told("correct_noise", correct_noise):
        found = found - variance_noise(groups)
    if groups.error is None:
        return normal(found, unknown(groups.batch), confidence, reasons(groups.batch, (True, Reason.NO_STANDARD_ERROR)))
    each = (share * groups.error) ** 2
    square = 4 * (each * away**2).sum(-1)
    crossed = 2 * (each[..., 1:] * np.cumsum(each, -1)[..., :-1]).sum(
        -1
    )  # (sum p^2 s^2)^2 - sum p^4 s^4, never below 0
    fourth = crossed + (each * ((1 - share) * groups.error) ** 2).sum(-1)
    return normal(found, np.sqrt(square + 2 * fourth), confidence, reasons(groups.batch))


def between_group_sd(
    estimates: ArrayLike,
    population: ArrayLike,
    *,
    standard_errors: ArrayLike | None = None,
    correct_noise: bool = False,
    scale: ArrayLike | None = None,
    draws: int = DRAWS,
    seed: int = 0,
    confidence: float = 0.95,
) -> Measure:
    """The standard deviation between groups, the square root of `between_group_variance`, in the units of the indicator.

    Interval by simulation. correct_noise: the square root of the corrected variance, 0 where that is below zero; the draws hold the noise
    twice and are corrected twice.
    """
    groups = read(estimates, population, standard_errors)
    asked = question(groups, correct_noise=correct_noise, scale=scale, draws=draws, seed=seed, confidence=confidence)
    return answers(asked, [deviation])[0]


def coefficient_of_variation(
    estimates: ArrayLike,
    population: ArrayLike,
    *,
    standard_errors: ArrayLike | None = None,
    correct_noise: bool = False,
    scale: ArrayLike | None = None,
    draws: int = DRAWS,
    seed: int = 0,
    confidence: float = 0.95,
) -> Measure:
    """The standard deviation between groups as a percentage of the mean. NaN where the mean is zero; values are not below zero.

    A factor on all values changes nothing (nor the interval, when the scale follows). Options as in `between_group_sd`.
    """
    groups = read(estimates, population, standard_errors, least=0)
    asked = question(groups, correct_noise=correct_noise, scale=scale, draws=draws, seed=seed, confidence=confidence)
    return answers(asked, [variation])[0]


def mean_difference(
    estimates: ArrayLike,
    population: ArrayLike | None = None,
    *,
    point: Point = "mean",
    weighted: bool = True,
    favourable: ArrayLike = True,
    reference: ArrayLike | None = None,
    average: ArrayLike | None = None,
    standard_errors: ArrayLike | None = None,
    scale: ArrayLike | None = None,
    draws: int = DRAWS,
    seed: int = 0,
    confidence: float = 0.95,
) -> Measure:
    """The mean absolute difference of the groups from a point, in the units of the indicator; never below zero.

    point: mean (of the groups, or the `average` that is given in its place), best (the highest when `favourable`, the lowest when
    adverse), reference (the group at the place `reference`). weighted: sum of p |y - point|; else the mean of
    |y - point|, every group alike: then only the mean needs a population. Interval by simulation; best and mean are taken anew in each draw,
    a given `average` stays. Not corrected for noise: near zero, an absolute difference has no correction that is exact.
    """
    among("point", point, ("best", "mean", "reference"))
    if (reference is not None) != (point == "reference"):
        raise ValueError(f"reference: the place of a group was expected with the point reference, not {reference!r}")
    groups = _with_mean(estimates, population, standard_errors, weighted, average, needs_mean=point == "mean")
    more = polarity(favourable, groups.batch)
    place = None if reference is None else chosen(reference, groups.value)
    asked = question(
        groups, average=average, more=more, reference=place, scale=scale, draws=draws, seed=seed, confidence=confidence
    )
    return answers(asked, [DIFFERENCES[point, weighted]])[0]


def index_of_disparity(
    estimates: ArrayLike,
    population: ArrayLike | None = None,
    *,
    weighted: bool = True,
    average: ArrayLike | None = None,
    standard_errors: ArrayLike | None = None,
    scale: ArrayLike | None = None,
    draws: int = DRAWS,
    seed: int = 0,
    confidence: float = 0.95,
) -> Measure:
    """The mean absolute difference of the groups from their mean, as a percentage of it. NaN where the mean is zero.

    Options as in `mean_difference`; values are not below zero. In every draw both the differences and the mean are those of the draw:
    healthequal's weighted index keeps the mean of the estimates, and so loses part of the spread.
    """
    groups = _with_mean(estimates, population, standard_errors, weighted, average, needs_mean=True, least=0)
    asked = question(groups, average=average, least=0, scale=scale, draws=draws, seed=seed, confidence=confidence)
    return answers(asked, [disparity_weighted if weighted else disparity])[0]


def deviation(sample: Sample) -> Floats:
    return sample.deviation


def variation(sample: Sample) -> Floats:
    return sample.deviation * sample.percent


def disparity(sample: Sample) -> Floats:
    return sample.mean_away * sample.percent


def disparity_weighted(sample: Sample) -> Floats:
    return sample.weighted_away * sample.percent


DIFFERENCES: Final[dict[tuple[str, bool], Statistic]] = {
    ("mean", False): lambda sample: sample.mean_away,
    ("mean", True): lambda sample: sample.weighted_away,
    ("best", False): lambda sample: np.abs(sample.best - sample.value.mean(0)),  # they all lie on one side of it
    ("best", True): lambda sample: np.abs(sample.best - sample.mean),
    ("reference", False): lambda sample: sample.from_reference.mean(0),
    ("reference", True): lambda sample: sample.weighted(sample.from_reference),
}


def _with_mean(
    estimates: ArrayLike,
    population: ArrayLike | None,
    standard_errors: ArrayLike | None,
    weighted: bool,
    average: ArrayLike | None,
    *,
    needs_mean: bool,
    least: float | None = None,
) -> Groups:
    by_people = told("weighted", weighted)
    if population is None and (by_people or (needs_mean and average is None)):
        raise ValueError("population: the people of each group were expected, not None")
    if average is not None and not needs_mean:
        raise ValueError(f"average: None was expected where nothing is compared with the mean, not {average!r}")
    return read(estimates, population, standard_errors, least=least)
