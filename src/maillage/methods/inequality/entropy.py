"""Theil's index and the mean log deviation: inequality that can be split into what is within and what is between."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from maillage.methods.arguments import Floats, floats
from maillage.methods.inequality.ground import (
    Groups,
    Like,
    Measure,
    Reason,
    Truths,
    normal,
    read,
    reasons,
    theirs,
    told,
    unknown,
)

THOUSAND: Final = 1000.0
NEAR_ZERO: Final = 1e-6


def theil(
    estimates: ArrayLike,
    population: ArrayLike,
    *,
    standard_errors: ArrayLike | None = None,
    correct_noise: bool = False,
    floor: float = NEAR_ZERO,
    confidence: float = 0.95,
    like: Like = None,
) -> Measure:
    """Theil's index times 1000, sum of 1000 p_j r_j ln r_j with r = y / mean and p the shares of the population.

    Zero when all groups are equal, else above; a factor on the values (none of them zero), the order of groups and the merging of equal ones change
    nothing. A value of zero is read as `floor`, in the units of the indicator, as WHO reads it (or as the least of the other values, where
    that is less still). NaN where all values are zero.
    Standard error, by the delta method: 1000 sqrt(sum of p^2 s^2 (ln r - T)^2) / mean, T the index before the 1000.
    WHO's toolkit and healthequal forget the 1000 there: in a simulation of WHO's sample the true spread was 1066 times the error
    they print. like="healthequal" prints theirs. correct_noise: takes off what sampling adds on average, half of the sum of s^2
    times the second derivative (on that sample .44 of 3.14). Values are not below zero.
    Source: WHO, Health Equity Assessment Toolkit, technical notes; J. Ahn and others, JCO Clinical Cancer Informatics 2 (2018).
    """
    groups, nothing = _read(estimates, population, standard_errors, floor)
    share, times = groups.share, groups.value / groups.mean[..., None]
    found = (share * times * np.log(times)).sum(-1)
    step = share * (np.log(times) - found[..., None])
    bend = share * (1 / times - share - 2 * step)
    return _answer(groups, found, step, bend, nothing, correct_noise, confidence, like)


def mean_log_deviation(
    estimates: ArrayLike,
    population: ArrayLike,
    *,
    standard_errors: ArrayLike | None = None,
    correct_noise: bool = False,
    floor: float = NEAR_ZERO,
    confidence: float = 0.95,
    like: Like = None,
) -> Measure:
    """The mean log deviation times 1000, sum of 1000 p_j (-ln r_j) with r = y / mean and p the shares of the population.

    It looks at the lowest values where Theil's index looks at the highest: one value of zero, read as `floor`, decides it.
    Otherwise as `theil`, with the same defect in WHO's standard errors (true spread 1090 times what is printed).
    Standard error: 1000 sqrt(sum of p^2 s^2 (1 - 1/r)^2) / mean.
    """
    groups, nothing = _read(estimates, population, standard_errors, floor)
    share, times = groups.share, groups.value / groups.mean[..., None]
    found = -(share * np.log(times)).sum(-1)
    step = share * (1 - 1 / times)
    bend = share * (1 / times**2 - share)
    return _answer(groups, found, step, bend, nothing, correct_noise, confidence, like)


def _read(
    estimates: ArrayLike, population: ArrayLike, standard_errors: ArrayLike | None, floor: float
) -> tuple[Groups, Truths]:
    """Groups without zeros, and where all of an indicator was zero."""
    least = float(floats("floor", floor, ndim=0, above=0))
    groups = read(estimates, population, standard_errors, least=0)
    zero = groups.value == 0
    lowest = np.where(zero, least, groups.value).min(-1, keepdims=True)
    return Groups(np.where(zero, lowest, groups.value), groups.people, groups.error), zero.all(-1)


def _answer(
    groups: Groups,
    found: Floats,
    step: Floats,
    bend: Floats,
    nothing: Truths,
    correct_noise: bool,
    confidence: float,
    like: str | None,
) -> Measure:
    """From the index and its first and second derivatives, both times the mean (the second: its square)."""
    if told("correct_noise", correct_noise) and groups.error is None:
        raise ValueError("standard_errors: those of the groups were expected for the correction, not None")
    found, error, times = THOUSAND * found, unknown(groups.batch), 1 if theirs(like) else THOUSAND
    if groups.error is not None:
        relative = groups.error / groups.mean[..., None]
        error = np.sqrt(((step * relative) ** 2).sum(-1)) * times
        if correct_noise:
            found = found - THOUSAND / 2 * (bend * relative**2).sum(-1)
    why = reasons(groups.batch, (nothing, Reason.ZERO), (groups.error is None, Reason.NO_STANDARD_ERROR))
    return normal(np.where(nothing, np.nan, found), np.where(nothing, np.nan, error), confidence, why)
