"""Is it the rich who have it, or the poor? Groups in their order, each with its share of the people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from maillage.methods.arguments import Floats, among, floats
from maillage.methods.inequality.ground import Codes, Groups, Measure, Reason, normal, read, reasons, unknown

FORMS = ("plain", "wagstaff", "erreygers")


@dataclass(frozen=True, slots=True)
class Curve:
    """Points from (0, 0) to (1, 1), (..., groups + 1), the least advantaged first."""

    people: Floats  # cumulative share of the population
    indicator: Floats  # cumulative share of the indicator; NaN where all of it is zero


def absolute_concentration_index(
    estimates: ArrayLike,
    population: ArrayLike,
    *,
    standard_errors: ArrayLike | None = None,
    limits: tuple[float, float] | None = None,
    confidence: float = 0.95,
) -> Measure:
    """How much an indicator is concentrated among the advantaged, sum of p_j (2 X_j - 1) y_j, in its units.

    Groups on the last axis, the least advantaged first; p: shares of the population; X: middle of each group on the scale from 0
    to 1. Above zero: the advantaged have more of it (good or bad, the indicator says); zero when all groups are equal.
    It doubles with the values, ignores a constant added to all, and changes its sign when the order is turned round.
    `limits`: the least and the most that the indicator can be; values are first put on the scale from 0 to 1 between them.
    Standard error: from the standard errors of the groups, sqrt(sum of p^2 s^2 (2 X - 1)^2) (WHO, Health Equity Assessment Toolkit);
    without them from how far the groups lie from a straight line, the regression of Kakwani, Wagstaff and van Doorslaer
    (Journal of Econometrics 77, 1997) as healthequal computes it: on WHO's sample 0.28 and 1.28, two different questions.
    The second needs three groups. Neighbours that are equal may be merged: the index stays.
    """
    groups = _within(read(estimates, population, standard_errors), limits)
    error, why = _error(groups)
    return normal(_absolute(groups), error, confidence, why)


def relative_concentration_index(
    estimates: ArrayLike,
    population: ArrayLike,
    *,
    standard_errors: ArrayLike | None = None,
    form: Literal["plain", "wagstaff", "erreygers"] = "plain",
    limits: tuple[float, float] | None = None,
    confidence: float = 0.95,
) -> Measure:
    """The absolute concentration index divided by the mean, from -1 to 1 (a fraction: WHO's toolkit shows 100 times this).

    plain: ACI / mean. For indicators that cannot pass `limits`, both needed, y first put on 0 to 1: wagstaff: ACI / (mean (1 - mean))
    (Health Economics 14, 2005); erreygers: 4 ACI (Journal of Health Economics 28, 2009), which speaks of health and of its
    lack alike, with the sign turned; so does wagstaff.
    Standard error: by the delta method from the standard errors of the groups; without them that of the regression, the mean taken
    as known. NaN where the mean is zero (wagstaff: or at its upper limit). Values are not below zero.
    """
    among("form", form, FORMS)
    if form != "plain" and limits is None:
        raise ValueError(f"limits: the least and the most were expected for the form {form}, not None")
    groups = _within(read(estimates, population, standard_errors, least=0 if limits is None else None), limits)
    mean, absolute = groups.mean, _absolute(groups)
    size = {"plain": mean, "wagstaff": mean * (1 - mean), "erreygers": np.full(groups.batch, 0.25)}[form]
    slope = {"plain": np.ones(groups.batch), "wagstaff": 1 - 2 * mean, "erreygers": np.zeros(groups.batch)}[form]
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.where(size > 0, absolute / size, np.nan)
        if groups.error is None:
            error, why = _error(groups)
            error = error / size
        else:
            each = groups.share * ((2 * groups.rank - 1) - (found * slope)[..., None]) * groups.error
            error, why = np.sqrt((each**2).sum(-1)) / size, reasons(groups.batch)
    zero = ~(size > 0)
    return normal(found, np.where(zero, np.nan, error), confidence, np.where(zero, Reason.ZERO, why).astype(np.int8))


def concentration_curve(estimates: ArrayLike, population: ArrayLike) -> Curve:
    """Which share of an indicator falls to which share of the people, the least advantaged first.

    Under the diagonal: the advantaged have more than their share. The plain relative concentration index is twice the area
    between the diagonal and the curve, above zero where the curve runs under it.
    """
    groups = read(estimates, population, None, least=0)
    parts = groups.share * groups.value
    with np.errstate(invalid="ignore"):
        parts = parts / parts.sum(-1, keepdims=True)
    begin = np.zeros((*groups.batch, 1))
    return Curve(*(np.concatenate([begin, np.cumsum(one, -1)], -1) for one in (groups.share, parts)))


def _absolute(groups: Groups) -> Floats:
    found: Floats = (groups.share * (2 * groups.rank - 1) * groups.value).sum(-1)
    return found


def _error(groups: Groups) -> tuple[Floats, Codes]:
    """Of the absolute index: from the standard errors of groups, else of the slope of 2 var(X) y on X, weighted by people."""
    share, centred = groups.share, groups.rank - 0.5
    if groups.error is not None:
        return np.sqrt(((2 * share * centred * groups.error) ** 2).sum(-1)), reasons(groups.batch)
    left = groups.value.shape[-1] - 2
    if left == 0:
        return unknown(groups.batch), reasons(groups.batch, (True, Reason.TOO_FEW_GROUPS))
    spread = (share * centred**2).sum(-1, keepdims=True)
    away = 2 * spread * (groups.value - groups.mean[..., None]) - _absolute(groups)[..., None] * centred
    return np.sqrt((share * away**2).sum(-1) / (left * spread[..., 0])), reasons(groups.batch)


def _within(groups: Groups, limits: tuple[float, float] | None) -> Groups:
    if limits is None:
        return groups
    pair = floats("limits", limits, ndim=1)
    if len(pair) != 2 or not pair[0] < pair[1]:
        raise ValueError(f"limits: the least and the most, the least below, were expected, not {limits}")
    least, most = (float(one) for one in pair)
    outside = (groups.value < least) | (groups.value > most)
    if outside.any():
        raise ValueError(
            f"estimates: from {least:g} to {most:g} (limits) was expected, not {groups.value[outside][0]:g}"
        )
    size = most - least
    return Groups((groups.value - least) / size, groups.people, None if groups.error is None else groups.error / size)
