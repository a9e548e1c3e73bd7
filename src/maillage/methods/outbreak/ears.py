"""Counts that rise above their own past.

EARS C1, C2, C3: Hutwagner and others, The bioterrorism preparedness and response Early Aberration Reporting System, Journal of
Urban Health 80 (2003); thresholds as quantiles of a normal distribution: Salmon, Schumacher and Höhle, Monitoring count time
series in R, Journal of Statistical Software 70 (2016). For series with less than two years of past: on weekly counts that vary
more than chance it alarms in 3 to 6 quiet weeks of 100, so that whoever asks adds a smallest count, or a `minimum_sd`.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

from maillage.methods import arguments

Floats = NDArray[np.float64]
LAG = 2  # of C2 and C3: a rise that lasts does not raise its own threshold
USUAL_ALPHA = {"C1": 0.001, "C2": 0.001, "C3": 0.025}


@dataclass(frozen=True, slots=True)
class Ears:
    """Arrays of the shape of the counts. NaN (no alarm): the past is too short there, or holds a missing count."""

    expected: Floats  # the mean of the baseline
    upperbound: Floats  # an alarm stands where the count is above
    alarm: NDArray[np.bool_]
    score: Floats  # (count - expected) / sd; without variation: infinite above, NaN at the mean


def ears(
    counts: ArrayLike,
    *,
    method: Literal["C1", "C2", "C3"] = "C1",
    baseline: int = 7,
    alpha: float | None = None,
    minimum_sd: ArrayLike = 0,
) -> Ears:
    """Each count, (n,) or (series, n) oldest first, against the `baseline` counts before it (C2, C3: those before the last two).

    C1, C2: mean + z sd, z the quantile 1 - alpha of the normal distribution (alpha: .001). sd: of the sample, at least
    `minimum_sd` (a number, or one for each series). C3 (.025) alarms when what C2 was above 1 in the two steps before adds up to
    more than z: count + sd (z - sum), never below 0, as R's surveillance has it. Its threshold stands on the count itself: it
    tells that a rise of the last steps goes on, whatever comes now; to judge the newest count ask C1 or C2.
    A missing count (NaN) is not zero: what needs it has no threshold, nor has C3 two steps after a past without variation.
    Thresholds of C1 and C2 grow when alpha shrinks; adding a constant to a series adds it to them; series do not see each other.
    """
    known = arguments.floats("counts", counts, ndim=(1, 2), least=0, missing=True)
    arguments.among("method", method, tuple(USUAL_ALPHA))
    baseline = arguments.whole("baseline", baseline, least=3)
    chance = arguments.share("alpha", USUAL_ALPHA[method] if alpha is None else alpha)
    least = arguments.floats("minimum_sd", minimum_sd, ndim=(0, 1), least=0)
    if least.ndim and least.shape != known.shape[:-1]:
        raise ValueError(
            f"minimum_sd: a number, or one for each of the series {known.shape[:-1]}, was expected, not {least.shape}"
        )
    z = NormalDist().inv_cdf(1 - chance)
    mean, sd = _baseline(known, baseline, 0 if method == "C1" else LAG)
    sd = np.maximum(sd, least[..., None] if least.ndim else least)
    with np.errstate(divide="ignore", invalid="ignore"):
        score = (known - mean) / sd
        upperbound = np.maximum(known + sd * (z - _recent(score)), 0) if method == "C3" else mean + z * sd
    return Ears(mean, upperbound, known > upperbound, score)


def _baseline(known: Floats, baseline: int, lag: int) -> tuple[Floats, Floats]:
    """Mean and standard deviation of the counts before each, `lag` of them left out."""
    mean, sd = np.full_like(known, np.nan), np.full_like(known, np.nan)
    first = baseline + lag
    if known.shape[-1] > first:
        past = sliding_window_view(known, baseline, axis=-1)[..., : known.shape[-1] - first, :]
        mean[..., first:] = past.mean(axis=-1)
        sd[..., first:] = past.std(axis=-1, ddof=1)
    return mean, sd


def _recent(score: Floats) -> Floats:
    """What the two scores before each were above 1, added; NaN where one is not known."""
    above = np.maximum(score - 1, 0)
    found = np.full_like(score, np.nan)
    if score.shape[-1] > LAG:
        found[..., LAG:] = above[..., 1:-1] + above[..., :-2]
    return found
