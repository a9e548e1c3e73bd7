"""What the whole would gain if everybody fared as well as the best: from 0 upwards when favourable, downwards when adverse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from maillage.methods.arguments import Floats
from maillage.methods.inequality.ground import (
    Groups,
    Like,
    Measure,
    Reason,
    at,
    best,
    normal,
    over,
    polarity,
    read,
    reasons,
    scaled,
    theirs,
    told,
)

HUNDRED: Final = 100.0


@dataclass(frozen=True, slots=True)
class Impact:
    mean: Floats
    gain: Floats  # to be had, in the units of the indicator; zero on the wrong side
    error: Floats  # of the gain as a part of the mean; NaN without people or scale
    known: bool  # there are people and a scale


def population_attributable_risk(
    estimates: ArrayLike,
    population: ArrayLike | None = None,
    *,
    ordered: bool = False,
    favourable: ArrayLike = True,
    average: ArrayLike | None = None,
    scale: ArrayLike | None = None,
    confidence: float = 0.95,
) -> Measure:
    """What the mean would change if every group were as the reference, y_ref - mean, in the units of the indicator.

    Reference: the most advantaged (last) of `ordered` groups, else the best: the highest when `favourable`, the lowest when adverse
    (of several, the one with the most people). Above zero when favourable, below when adverse; 0, never on the other side, where the mean is
    better than the reference. `average`: the mean of the whole where there is no `population`; one of the two is needed.
    Standard error: mean times that of the fraction (S. D. Walter, International Journal of Epidemiology 7, 1978), from the counts that
    people and `scale` (100 for a percentage) give: N people, n in the reference; c = y_ref n, d = n - c, a = mean N - c,
    b = N - a - n; variance c N (a d (N - c) + b c^2) / ((a + c)^3 (c + d)^3). It takes `population` for the people who were asked.
    NaN without them or without a scale, and where the mean is zero.
    Source: WHO, Health Equity Assessment Toolkit, technical notes.
    """
    found = _impact(estimates, population, ordered, favourable, average, scale)
    why = reasons(found.gain.shape, (not found.known, Reason.NO_STANDARD_ERROR), (np.isnan(found.error), Reason.ZERO))
    return normal(found.gain, found.mean * found.error, confidence, why)


def population_attributable_fraction(
    estimates: ArrayLike,
    population: ArrayLike | None = None,
    *,
    ordered: bool = False,
    favourable: ArrayLike = True,
    average: ArrayLike | None = None,
    scale: ArrayLike | None = None,
    confidence: float = 0.95,
    like: Like = None,
) -> Measure:
    """The attributable risk as a percentage of the mean, 100 (y_ref - mean) / mean. NaN where the mean is zero.

    Options as in `population_attributable_risk`. A factor on values and scale changes nothing.
    WHO's toolkit and healthequal multiply the fraction by 100 but not its standard error: in a simulation the true spread was 96 times
    what they print; ours is multiplied. like="healthequal" prints theirs.
    """
    times = 1 if theirs(like) else HUNDRED
    found = _impact(estimates, population, ordered, favourable, average, scale)
    zero = ~(found.mean > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.where(zero, np.nan, HUNDRED * found.gain / found.mean)
    error = times * found.error
    lost = np.isnan(found.error)
    why = reasons(part.shape, (zero, Reason.ZERO), (not found.known, Reason.NO_STANDARD_ERROR), (lost, Reason.ZERO))
    return normal(part, np.where(zero, np.nan, error), confidence, why)


def _impact(
    estimates: ArrayLike,
    population: ArrayLike | None,
    ordered: bool,
    favourable: ArrayLike,
    average: ArrayLike | None,
    scale: ArrayLike | None,
) -> Impact:
    if (population is None) == (average is None):
        came = "neither" if population is None else "both"
        raise ValueError(f"population: the people of each group, or the average, was expected, not {came}")
    groups = read(estimates, population, None, least=0)
    known = None if average is None else over("average", average, groups.batch, least=0)
    size = None if scale is None else scaled(scale, groups, known)
    more = polarity(favourable, groups.batch)
    people = np.ones_like(groups.value) if groups.people is None else groups.people
    last = np.full(groups.batch, groups.value.shape[-1] - 1)
    place = last if told("ordered", ordered) else best(groups.value, more, people)
    mean = groups.mean if known is None else known
    target = at(groups.value, place)
    gain = np.where(more, np.maximum(target - mean, 0), np.minimum(target - mean, 0))
    error = np.full(groups.batch, np.nan)
    if size is not None and groups.people is not None:
        error = _walter(groups, target / size, at(groups.people, place), mean / size)
    return Impact(mean, gain, error, size is not None and population is not None)


def _walter(groups: Groups, share: Floats, inside: Floats, mean: Floats) -> Floats:
    """Standard error of the fraction, from a table of two by two: inside or outside the reference, with or without.

    The table is of parts of all people, N = 1, so that no number of people is too large for it; the error shrinks with their root.
    """
    assert groups.people is not None
    everyone = groups.people.sum(-1)
    inside = inside / everyone
    c = share * inside
    d = inside - c
    a = np.maximum(mean - c, 0)  # of rounding: nobody else has it
    b = np.maximum(1 - a - inside, 0)
    both = (a + c) * inside
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Floats = np.sqrt(c * (a * d * (1 - c) + b * c * c) / (both * both * both * everyone))
    return found
