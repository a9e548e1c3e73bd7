"""Two groups compared: how much more, how many times more. What the groups between them live goes unseen."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from maillage.methods.arguments import Floats
from maillage.methods.inequality.ground import (
    Groups,
    Measure,
    Reason,
    Whole,
    at,
    best,
    chosen,
    logarithmic,
    normal,
    polarity,
    read,
    reasons,
    told,
    unknown,
)


def difference(
    estimates: ArrayLike,
    *,
    standard_errors: ArrayLike | None = None,
    ordered: bool = False,
    favourable: ArrayLike = True,
    reference: ArrayLike | None = None,
    confidence: float = 0.95,
) -> Measure:
    """The value of one group minus that of another, y1 - y2, in the units of the indicator.

    Which two: of `ordered` groups (the least advantaged first) the most and the least advantaged when the indicator is
    `favourable`, the least and the most advantaged when it is adverse. Of others the highest and the lowest; with a `reference` (its
    place) the reference and the lowest when favourable, the highest and the reference when adverse.
    So it is above zero where the disadvantaged fare worse, and its sign turns with the polarity of ordered groups.
    Standard error: sqrt(s1^2 + s2^2), groups being independent; NaN without `standard_errors`. Of several equal highest
    or lowest groups the one with the largest standard error counts, so that the order of groups is of no matter.
    Source: WHO, Health Equity Assessment Toolkit, technical notes.
    """
    groups = read(estimates, None, standard_errors)
    first, second = _pair(groups, ordered, favourable, reference)
    found = at(groups.value, first) - at(groups.value, second)
    if groups.error is None:
        return normal(found, unknown(groups.batch), confidence, reasons(groups.batch, (True, Reason.NO_STANDARD_ERROR)))
    error = np.hypot(at(groups.error, first), at(groups.error, second))
    return normal(found, error, confidence, reasons(groups.batch))


def ratio(
    estimates: ArrayLike,
    *,
    standard_errors: ArrayLike | None = None,
    ordered: bool = False,
    favourable: ArrayLike = True,
    reference: ArrayLike | None = None,
    confidence: float = 0.95,
) -> Measure:
    """The value of one group divided by that of another, y1 / y2: which two as in `difference`. Values are not below zero.

    Standard error: y1/y2 sqrt((s1/y1)^2 + (s2/y2)^2), by the delta method. The interval goes by the logarithm, whose standard error is that
    divided by the ratio: the ratio divided and multiplied by exp(z standard_error / ratio). WHO's technical notes have both;
    healthequal prints the standard error of the logarithm. NaN where y2 is zero; no interval where y1 is.
    A factor on all values changes nothing; turning the polarity of ordered groups inverts it.
    Source: WHO, Health Equity Assessment Toolkit, technical notes; J. Ahn and others, JCO Clinical Cancer Informatics 2 (2018).
    """
    groups = read(estimates, None, standard_errors, least=0)
    first, second = _pair(groups, ordered, favourable, reference)
    over, under = at(groups.value, first), at(groups.value, second)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.where(under > 0, over / under, np.nan)
        error = unknown(groups.batch)
        if groups.error is not None:
            error = np.hypot(at(groups.error, first) / over, at(groups.error, second) / under)
            error = np.where((over > 0) & (under > 0), error, np.nan)
    missing = groups.error is None
    why = reasons(
        groups.batch, (under <= 0, Reason.ZERO), (missing, Reason.NO_STANDARD_ERROR), (over <= 0, Reason.ZERO)
    )
    return logarithmic(found, error, confidence, why)


def _pair(groups: Groups, ordered: bool, favourable: ArrayLike, reference: ArrayLike | None) -> tuple[Whole, Whole]:
    """The places of y1 and y2."""
    more, value = polarity(favourable, groups.batch), groups.value
    if told("ordered", ordered):
        if reference is not None:
            raise ValueError(f"reference: None was expected for ordered groups, not {reference!r}")
        last = value.shape[-1] - 1
        return np.where(more, last, 0), np.where(more, 0, last)
    tie: Floats = np.zeros_like(value) if groups.error is None else groups.error
    high, low = (best(value, np.full(groups.batch, way), tie) for way in (True, False))
    if reference is None:
        return high, low
    given = chosen(reference, value)
    return np.where(more, given, high), np.where(more, low, given)
